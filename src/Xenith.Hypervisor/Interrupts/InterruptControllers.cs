using System.Runtime;
using Xenith.Hypervisor.Console;
using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>Local APIC, IO-APICs and the physical interrupts: where hardware interrupts enter the hypervisor.</summary>
public sealed class InterruptControllers
{
    /// <summary>Global system interrupts that are supported. Numbers of messages start here.</summary>
    public const uint MaxGsi = 256;

    /// <summary>Messages of PCI functions that can be in use at once.</summary>
    public const uint MaxMessages = 512;

    private readonly IoApic?[] _ioApics = new IoApic?[8];
    private readonly LineIrq?[] _lines = new LineIrq?[MaxGsi];
    private readonly MessageIrq[] _messages = new MessageIrq[MaxMessages];
    private readonly ulong[] _unknownSeen = new ulong[256 / 64];
    private int _ioApicCount;

    private readonly bool[] _isOwn = new bool[MaxGsi];

    /// <summary>Starts with the local APIC of the boot CPU.</summary>
    public InterruptControllers(LocalApic localApic)
    {
        LocalApic = localApic;
        for (uint i = 0; i < MaxMessages; i++)
            _messages[(int)i] = new MessageIrq(this, MaxGsi + i);
    }

    /// <summary>The local APIC.</summary>
    public LocalApic LocalApic { get; }

    /// <summary>One more than the highest global system interrupt that an IO-APIC serves.</summary>
    public uint GsiCount { get; private set; } = 16;

    /// <summary>Gives out vectors.</summary>
    internal VectorAllocator Allocator { get; } = new();

    /// <summary>Domains bound to interrupts.</summary>
    internal IrqGuests Guests { get; } = new();

    /// <summary>Adds an IO-APIC.</summary>
    public void Add(IoApic ioApic)
    {
        if (_ioApicCount == _ioApics.Length)
            return;
        _ioApics[_ioApicCount++] = ioApic;
        uint end = ioApic.FirstGsi + ioApic.PinCount;
        if (end > GsiCount)
            GsiCount = end < MaxGsi ? end : MaxGsi;
        for (uint gsi = ioApic.FirstGsi; gsi < end && gsi < MaxGsi; gsi++)
            _lines[(int)gsi] = new LineIrq(this, ioApic, gsi);
    }

    /// <summary>The IO-APIC whose registers lie at a machine address, or null.</summary>
    public IoApic? FindByAddress(ulong address)
    {
        for (int i = 0; i < _ioApicCount; i++)
        {
            if (_ioApics[i] is IoApic found && found.Address == address)
                return found;
        }
        return null;
    }

    /// <summary>The IO-APIC that serves a global system interrupt, or null.</summary>
    public IoApic? FindByGsi(uint gsi)
    {
        for (int i = 0; i < _ioApicCount; i++)
        {
            if (_ioApics[i] is IoApic found && found.Has(gsi))
                return found;
        }
        return null;
    }

    /// <summary>The interrupt of a pin, or null for a line that no IO-APIC has.</summary>
    public LineIrq? Line(uint gsi) => gsi < MaxGsi ? _lines[(int)gsi] : null;

    /// <summary>An interrupt by number, or null.</summary>
    public Irq? Find(uint number) => number < MaxGsi ? _lines[(int)number] : number - MaxGsi < MaxMessages ? _messages[(int)(number - MaxGsi)] : null;

    /// <summary>A message by its place.</summary>
    internal MessageIrq Message(uint index) => _messages[(int)index];

    /// <summary>Sets trigger and polarity of a line. Says <see cref="XenError.Invalid"/> for a line that no IO-APIC has, <see cref="XenError.Exists"/> for the hypervisor's own.</summary>
    public XenError Configure(uint gsi, bool level, bool activeLow)
    {
        if (Line(gsi) is not LineIrq line)
            return XenError.Invalid;
        if (IsOwn(gsi))
            return XenError.Exists;
        line.Configure(level, activeLow);
        return XenError.None;
    }

    /// <summary>Gives the hypervisor's own serial line its interrupt. False if no IO-APIC has it.</summary>
    public bool TryRouteConsole(uint gsi)
    {
        if (gsi >= MaxGsi || FindByGsi(gsi) is not IoApic ioApic)
            return false;
        _isOwn[(int)gsi] = true;
        ioApic.Route(gsi, Vectors.Console, LocalApic.Id, false, false, false);
        return true;
    }

    /// <summary>True for a line that the hypervisor's own device interrupts by. dom0 finds it in its firmware's tables like any other, and must not have it.</summary>
    public bool IsOwn(uint gsi) => gsi < MaxGsi && _isOwn[(int)gsi];

    /// <summary>
    /// Sends all interrupts of a CPU that goes offline elsewhere: to a CPU of their choice that is online, or to any. The CPU itself calls this, after it has been taken out of the set of those
    /// that are online, with interrupts off and nothing locked; interrupts are on for a moment, so that what waits is still taken.
    /// </summary>
    public void EvacuateCpu(Pcpu cpu)
    {
        if (!SendAway(cpu, false))
        {
            Cpu.EnableInterrupts();
            ulong until = cpu.Host.Time.Now + 1_000_000;
            while (cpu.Host.Time.Now < until)
                Cpu.Pause();
            Cpu.DisableInterrupts();
        }
        if (!SendAway(cpu, true))
            cpu.Host.Log.Warning($"CPU{cpu.Id} goes offline with interrupts that no other CPU has a vector for");
        // What its timer was to do falls to another.
        if (FirstReachable(cpu.Host, cpu.Host.Pcpus.Online) is Pcpu heir && heir != cpu)
        {
            heir.Vectors.RequestSweep();
            heir.Raise(PendingWork.Deferred);
        }
    }

    /// <summary>Work that handlers put off until interrupts may be on again.</summary>
    internal void DoDeferred(Host host)
    {
        NonMaskable.Report(Pcpu.Current);
        host.ConsoleInput.Serve(host);
        if (host.Log.TakeNews())
            host.EventBindings.Raise(host, (uint)Xenith.Abi.Virq.ConsoleRing);
        Pcpu cpu = Pcpu.Current;
        if (cpu.Vectors.TakeSweep() && LookAfter(cpu, host.Time.Now))
            cpu.InterruptTimer.SetBy(host.Time.Now + 1_000_000);
    }

    /// <summary>Ends silences and moves whose time has come. True if there is something left for another round.</summary>
    internal bool LookAfter(Pcpu cpu, ulong now)
    {
        bool again = false;
        for (uint number = 0; number < MaxGsi + MaxMessages; number++)
        {
            if (Find(number) is Irq irq)
                again |= irq.EndThrottle(now) | irq.Sweep(cpu, now);
        }
        return again;
    }

    [RuntimeExport("hv_interrupt")]
    internal static void Interrupt(ref GuestFrame frame)
    {
        Pcpu cpu = Pcpu.Current;
        cpu.IsInHandler = true;
        Handle(ref frame);
        cpu.IsInHandler = false;
    }

    private static void Handle(ref GuestFrame frame)
    {
        InterruptControllers controllers = Host.Current.Interrupts;
        byte vector = (byte)frame.Vector;
        switch (vector)
        {
            case Vectors.LocalTimer:
                Pcpu.Current.Timers.NeedsProgramming = true;
                PerCpu.RaiseWork(PendingWork.Timer);
                break;
            case Vectors.Console:
                PerCpu.RaiseWork(PendingWork.Deferred);
                break;
            case Vectors.EventCheck:
                break;
            case Vectors.InvalidateTlb:
                Host.Current.Memory.Tlb.Answer();
                break;
            case Vectors.CallFunction:
                Host.Current.CpuCalls.Answer(Pcpu.Current, ref frame);
                break;
            case Vectors.ApicError:
                Host.Current.Log.Warning($"APIC error on CPU{PerCpu.Id}: {controllers.LocalApic.TakeErrors():x2}");
                break;
            case Vectors.Spurious:
                return;
            default:
                controllers.Device(vector);
                break;
        }
        controllers.LocalApic.EndOfInterrupt();
    }

    private void Device(byte vector)
    {
        Pcpu cpu = Pcpu.Current;
        if (cpu.Vectors.TryGet(vector, out uint number) && Find(number) is Irq irq)
            irq.Take(cpu);
        else
            LogUnknown(cpu, vector);
    }

    /// <summary>Nobody waits for this vector. Said once for each: whatever sends it may send many.</summary>
    private void LogUnknown(Pcpu cpu, byte vector)
    {
        ulong bit = 1UL << (vector & 63);
        if ((System.Threading.Interlocked.Or(ref _unknownSeen[vector / 64], bit) & bit) == 0)
            cpu.Host.Log.Warning($"CPU{cpu.Id}: No irq handler for vector {vector:x2}");
    }

    private bool SendAway(Pcpu cpu, bool force)
    {
        bool all = true;
        Host host = cpu.Host;
        for (uint number = 0; number < MaxGsi + MaxMessages; number++)
        {
            if (Find(number) is not Irq irq || (irq.Cpu != cpu && !irq.HasOldVectors))
                continue;
            if (ChooseFor(irq, host, cpu) is not Pcpu target)
                return false;
            all &= irq.Leave(cpu, target, force, out bool broken);
            if (broken)
                host.Log.Always($"Broke affinity for IRQ{number}, new: {{{target.Id}}}");
        }
        return all;
    }

    /// <summary>A CPU for an interrupt whose own goes: one that was asked for, or any that it can reach. Null if there is none.</summary>
    private static Pcpu? ChooseFor(Irq irq, Host host, Pcpu leaving)
    {
        CpuSet rest = host.Pcpus.Online.Without(CpuSet.Of(leaving.Id));
        return FirstReachable(host, irq.Affinity.And(rest)) ?? FirstReachable(host, rest);
    }

    private static Pcpu? FirstReachable(Host host, CpuSet cpus)
    {
        for (uint id = cpus.Next(0); id < CpuSet.Capacity; id = cpus.Next(id + 1))
        {
            if (host.Pcpus.Find(id) is Pcpu cpu && CpuChoice.IsReachable(cpu))
                return cpu;
        }
        return null;
    }
}
