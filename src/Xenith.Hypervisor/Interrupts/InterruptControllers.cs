using System.Runtime;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>Local APIC, IO-APICs and the physical IRQs that they bring: where hardware interrupts enter the hypervisor.</summary>
public sealed class InterruptControllers
{
    /// <summary>Global system interrupts that are supported.</summary>
    public const uint MaxGsi = 256;

    private readonly IoApic?[] _ioApics = new IoApic?[8];
    private readonly PhysicalIrq[] _irqs = new PhysicalIrq[MaxGsi];
    private readonly byte[] _gsiOfVector = new byte[256];
    private byte _nextVector = Vectors.FirstDevice;
    private int _ioApicCount;

    /// <summary>Starts with the local APIC of the boot CPU.</summary>
    public InterruptControllers(LocalApic localApic) => LocalApic = localApic;

    /// <summary>The local APIC.</summary>
    public LocalApic LocalApic { get; }

    /// <summary>One more than the highest global system interrupt that an IO-APIC serves.</summary>
    public uint GsiCount { get; private set; } = 16;

    /// <summary>Adds an IO-APIC.</summary>
    public void Add(IoApic ioApic)
    {
        if (_ioApicCount == _ioApics.Length)
            return;
        _ioApics[_ioApicCount++] = ioApic;
        uint end = ioApic.FirstGsi + ioApic.PinCount;
        if (end > GsiCount)
            GsiCount = end < MaxGsi ? end : MaxGsi;
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

    /// <summary>State of a global system interrupt below <see cref="MaxGsi"/>.</summary>
    public ref PhysicalIrq Irq(uint gsi) => ref _irqs[(int)gsi];

    /// <summary>Sets trigger and polarity of a line, and gives it a vector. Says <see cref="XenError.Invalid"/> for a line that no IO-APIC has.</summary>
    public XenError Configure(uint gsi, bool level, bool activeLow)
    {
        if (gsi >= MaxGsi || FindByGsi(gsi) is not IoApic ioApic)
            return XenError.Invalid;
        ref PhysicalIrq irq = ref _irqs[(int)gsi];
        if (irq.Vector == 0)
        {
            if (_nextVector > Vectors.LastDevice)
                return XenError.NoSpace;
            irq.Vector = _nextVector++;
            _gsiOfVector[irq.Vector] = (byte)gsi;
        }
        irq.IsLevel = level;
        irq.IsActiveLow = activeLow;
        irq.IsConfigured = true;
        ioApic.Route(gsi, irq.Vector, LocalApic.Id, level, activeLow, !irq.IsBound);
        return XenError.None;
    }

    /// <summary>Lets a line's interrupts through to its owner's event channel, or stops them.</summary>
    public XenError SetBound(uint gsi, bool bound)
    {
        if (gsi >= MaxGsi || FindByGsi(gsi) is not IoApic ioApic)
            return XenError.Invalid;
        ref PhysicalIrq irq = ref _irqs[(int)gsi];
        if (!irq.IsConfigured)
        {
            // ISA lines are edge-triggered and active high unless the firmware says otherwise; the rest are PCI lines.
            XenError error = Configure(gsi, gsi >= 16, gsi >= 16);
            if (error != XenError.None)
                return error;
        }
        irq.IsBound = bound;
        irq.AwaitsGuest = false;
        ioApic.SetMask(gsi, !bound);
        return XenError.None;
    }

    /// <summary>The guest has dealt with the device: a level-triggered line may interrupt again.</summary>
    public void EndOfGuestInterrupt(uint gsi)
    {
        if (gsi >= MaxGsi || FindByGsi(gsi) is not IoApic ioApic)
            return;
        ref PhysicalIrq irq = ref _irqs[(int)gsi];
        if (!irq.AwaitsGuest)
            return;
        irq.AwaitsGuest = false;
        ioApic.SetMask(gsi, !irq.IsBound);
    }

    /// <summary>Gives the hypervisor's own serial line its interrupt. False if no IO-APIC has it.</summary>
    public bool TryRouteConsole(uint gsi)
    {
        if (gsi >= MaxGsi || FindByGsi(gsi) is not IoApic ioApic)
            return false;
        ioApic.Route(gsi, Vectors.Console, LocalApic.Id, false, false, false);
        return true;
    }

    /// <summary>Work that handlers put off until interrupts may be on again.</summary>
    internal void DoDeferred(Host host)
    {
        NonMaskable.Report(Pcpu.Current);
        host.ConsoleInput.Serve(host);
        if (host.Log.TakeNews())
            host.EventBindings.Raise(host, (uint)Xenith.Abi.Virq.ConsoleRing);
    }

    [RuntimeExport("hv_interrupt")]
    private static void Interrupt(ref GuestFrame frame)
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
                Host.Current.CpuCalls.Answer(Pcpu.Current);
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
        uint gsi = _gsiOfVector[vector];
        ref PhysicalIrq irq = ref _irqs[(int)gsi];
        if (irq.Vector != vector)
            return;
        irq.Count++;
        if (!irq.IsBound || irq.Owner == 0 || Host.Current.Domains.Find(irq.Owner - 1) is not Domain owner)
            return;
        if (irq.IsLevel && FindByGsi(gsi) is IoApic ioApic)
        {
            irq.AwaitsGuest = true;
            ioApic.SetMask(gsi, true);
        }
        owner.Events.RaisePirq(gsi);
    }
}
