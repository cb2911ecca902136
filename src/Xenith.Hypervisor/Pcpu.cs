using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Hypervisor.Scheduling;
using Xenith.Hypervisor.Time;
using Xenith.Machine;

namespace Xenith.Hypervisor;

/// <summary>One physical CPU: what it runs and its timers. Only the CPU itself changes its fields, unless they say otherwise.</summary>
public sealed class Pcpu
{
    /// <summary>Makes the object of a CPU and enters it into the host's table; the CPU's record must then be pointed at it with <see cref="PerCpu.SetContext"/>.</summary>
    public Pcpu(Host host, uint id)
    {
        Host = host;
        Id = id;
        Timers = new TimerQueue(this);
        _choice = new ChoiceTimer();
        InterruptTimer = new InterruptTimer(this);
        _link = CpuLink.Of(id);
        host.Pcpus.Add(this);
        host.Scheduler.CreateCpu(id);
    }

    private readonly CpuLink _link;

    /// <summary>How many NMIs the CPU has taken. Only its NMI handler changes it.</summary>
    internal uint Nmis;

    /// <summary>Set by an NMI that nobody sent on purpose, until it has been reported.</summary>
    internal bool HasUnknownNmi;

    /// <summary>The CPU is to go offline as soon as it has nothing to run (<see cref="Power.CpuHotplug"/>).</summary>
    internal bool IsLeaving;

    /// <summary>Set by a CPU that calls this one (<see cref="CpuCalls"/>), until it answers.</summary>
    internal int IsAskedToCall;

    /// <summary>What the CPU's TSC_AUX holds; no value of the register while that is not known.</summary>
    internal ulong TscAux = UnknownTscAux;

    private const ulong UnknownTscAux = ulong.MaxValue;

    /// <summary>The CPU that executes this.</summary>
    public static Pcpu Current => PerCpu.Context<Pcpu>();

    /// <summary>The host.</summary>
    public Host Host { get; }

    /// <summary>Number of the CPU.</summary>
    public uint Id { get; }

    /// <summary>Id of its local APIC: where interrupts for it are sent.</summary>
    public uint ApicId { get; set; }

    /// <summary>Its NUMA node.</summary>
    public int Node => Host.Memory.Allocator.Topology.NodeOfApic(ApicId);

    /// <summary>Number that the firmware's ACPI tables give it.</summary>
    public uint AcpiId { get; set; }

    /// <summary>What CPUID says of its vendor and version.</summary>
    public CpuIdentity Identity { get; private set; }

    /// <summary>What watches it, if anything does.</summary>
    internal Interrupts.NmiWatchdog? Watchdog { get; set; }

    /// <summary>Timers that this CPU's local APIC drives.</summary>
    public TimerQueue Timers { get; }

    /// <summary>Which physical interrupts its vectors belong to.</summary>
    public CpuVectors Vectors { get; } = new();

    /// <summary>Its timer for what is left to do about physical interrupts.</summary>
    public InterruptTimer InterruptTimer { get; }

    /// <summary>The vCPU whose registers and address space are loaded, or null before the first. It stays loaded while the CPU idles.</summary>
    public Vcpu? Loaded { get; set; }

    /// <summary>True while the CPU idles: <see cref="Loaded"/> is then not running.</summary>
    public bool IsIdle { get; set; }

    /// <summary>Set when the vCPU that runs lets others go first, until the next choice.</summary>
    internal bool Yields { get; set; }

    /// <summary>True in an interrupt handler: whatever vCPU is loaded has nothing to do with it.</summary>
    public bool IsInHandler { get; internal set; }

    /// <summary>True while the CPU does what handlers have put off, with interrupts on and for nobody in particular.</summary>
    public bool IsInDeferredWork { get; internal set; }

    /// <summary>The vCPU on whose behalf the CPU works, whose domain a trap may end. Null in handlers, deferred work and idle: a trap there is nobody's fault but ours.</summary>
    public Vcpu? Served => IsIdle || IsInHandler || IsInDeferredWork ? null : Loaded;

    /// <summary>How many points are left until a trap on purpose (<see cref="FaultInjection.Point"/>), and whether the CPU is on its way out meanwhile. Only in an image with its own checks.</summary>
    internal ulong PointsToTrap;
    internal bool IsOnWayOut;

    /// <summary>How often it has gone to sleep for want of work.</summary>
    public ulong IdlePeriods { get; internal set; }

    /// <summary>True if a long operation should stop at its next legal state: something waits for the way out.</summary>
    public bool ShouldPreempt => (PerCpu.Work & Interruptions) != 0;

    /// <summary>
    /// Adds reasons for the slow way out (<see cref="PendingWork"/>) to this CPU, whichever CPU asks. A CPU that is in a guest or idle takes notice at once. Safe in interrupt
    /// handlers and under locks.
    /// </summary>
    public void Raise(uint work)
    {
        // Who set a bit before has sent the interrupt, or is the CPU itself; and whoever clears one then looks at what it stands for.
        if ((_link.RaiseWork(work) & work) != work && Id != PerCpu.Id)
            Kick();
    }

    /// <summary>Notes who this CPU is; it runs this.</summary>
    internal void Identify() => Identity = CpuIdentity.Read();

    /// <summary>A CPU that starts, for the first time or again, knows nothing of what it did before.</summary>
    internal void ResetForStart()
    {
        PerCpu.TakeWork(uint.MaxValue);
        PerCpu.WayOut = 0;
        TscAux = UnknownTscAux;
        IsAskedToCall = 0;
        Loaded = null;
        IsIdle = true;
    }

    /// <summary>
    /// Makes the CPU pass the way out, if it is in a guest or idle: for what it sees there without a bit of its own, an event for the vCPU that it runs. Nothing to do for the CPU that asks: it comes there
    /// by itself.
    /// </summary>
    public void Kick()
    {
        if (Id != PerCpu.Id)
            Host.Interrupts.LocalApic.Send(ApicId, Interrupts.Vectors.EventCheck);
    }

    /// <summary>From now on the CPU runs vCPUs. Called by the CPU itself; nothing happens if it does already.</summary>
    internal void JoinScheduler()
    {
        if (_isInScheduler || IsLeaving)
            return;
        _isInScheduler = true;
        Host.Scheduler.AddCpu(Id, Host.Time.Now);
    }

    /// <summary>From now on no vCPU is given to the CPU. Called by the CPU itself; nothing happens if that is so already.</summary>
    internal void LeaveScheduler()
    {
        if (!_isInScheduler)
            return;
        _isInScheduler = false;
        Host.Scheduler.RemoveCpu(Id);
    }

    /// <summary>
    /// Makes this CPU choose a vCPU anew at a moment, or before. The timer is left alone if it fires early enough: one choice too many costs less than to set it each time.
    /// </summary>
    internal void ChooseAgainAt(ulong moment)
    {
        if (moment != ulong.MaxValue && (!_choice.IsSet || _choice.Deadline > moment))
            Timers.Set(_choice, moment);
    }

    /// <summary>Cancels the timers that only this CPU can serve: it goes offline. The others wait for <see cref="TimerQueue.TakeOver"/>.</summary>
    internal void StopOwnTimers()
    {
        Watchdog?.Stop();
        Timers.Cancel(_choice);
        Timers.Cancel(InterruptTimer);
    }

    /// <summary>The work that a long operation stops for.</summary>
    internal const uint Interruptions = PendingWork.Schedule | PendingWork.Timer | PendingWork.Deferred;

    private readonly ChoiceTimer _choice;
    private bool _isInScheduler;

    /// <summary>Ends a vCPU's time.</summary>
    private sealed class ChoiceTimer : Timer
    {
        public override void Expire(ulong now) => PerCpu.RaiseWork(PendingWork.Schedule);
    }
}

/// <summary>The vCPU that the hypervisor serves now. Valid in hypercalls and guest traps, where there always is one.</summary>
public static class Serving
{
    /// <summary>The vCPU; traps (and so crashes nobody else) if none is being served.</summary>
    public static Vcpu Vcpu
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            FaultInjection.Point();
            return Pcpu.Current.Loaded ?? Nobody();
        }
    }

    /// <summary>Its domain.</summary>
    public static Domain Domain => Vcpu.Domain;

    private static Vcpu Nobody()
    {
        Cpu.Stop();
        return Nobody();
    }
}
