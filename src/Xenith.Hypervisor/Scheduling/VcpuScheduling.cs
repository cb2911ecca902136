using System.Runtime.CompilerServices;
using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>
/// Whether a vCPU may run, where it does, and the ways in which others wake and stop it: from any CPU, and waking from interrupt handlers too.
/// </summary>
/// <remarks>
/// The reasons not to run change by atomic operations. Whoever takes one away then tells the scheduler under the lock of the vCPU's queue, where all is looked at again; so of several at
/// once, the last one sees the truth. Who makes an event pending and looks here afterwards, and who blocks and looks for events afterwards, cannot both miss the other: there
/// is a full barrier between the two steps on both sides.
/// </remarks>
public sealed class VcpuScheduling
{
    private const int Up_ = 1, Blocked = 2;

    private readonly Vcpu _vcpu;
    private readonly RunStateAccount _account = new();
    private Scheduler? _scheduler;
    private SchedulingUnit? _unit;
    private CpuSet _before;
    private bool _isOverridden;
    private int _flags;
    private int _pauses;

    /// <summary>One more than the number of the CPU that has chosen it, and of the one that holds its registers; 0 if none.</summary>
    private int _runningOn, _loadedOn;

    /// <summary>A vCPU that is down and that no scheduler knows.</summary>
    public VcpuScheduling(Vcpu vcpu) => _vcpu = vcpu;

    /// <summary>True once VCPUOP_up has been called (or by the domain builder), until VCPUOP_down.</summary>
    public bool IsUp => (Volatile.Read(ref _flags) & Up_) != 0;

    /// <summary>True while the vCPU waits for an event.</summary>
    public bool IsBlocked => (Volatile.Read(ref _flags) & Blocked) != 0;

    /// <summary>How many pauses are in force.</summary>
    public int PauseCount => Volatile.Read(ref _pauses);

    /// <summary>The state that guests see.</summary>
    public RunState RunState => _account.State;

    /// <summary>The state and the time spent in each.</summary>
    public RunStateTimes Times => _account.Now;

    /// <summary>True if the vCPU could run now.</summary>
    public bool IsRunnable => Volatile.Read(ref _flags) == Up_ && PauseCount == 0 && !_vcpu.Domain.IsShutDown;

    /// <summary>What the scheduler knows the vCPU by; null before <see cref="Join"/>.</summary>
    public SchedulingUnit? Unit => _unit;

    /// <summary>True while a CPU runs it or serves it.</summary>
    public bool IsOnCpu => Volatile.Read(ref _runningOn) != 0;

    /// <summary>Number of the CPU that holds its registers, or -1 if they are in <see cref="Vcpu.Registers"/>.</summary>
    internal int LoadedOn
    {
        get => Volatile.Read(ref _loadedOn) - 1;
        set => Volatile.Write(ref _loadedOn, value + 1);
    }

    /// <summary>Makes the vCPU known to a scheduler.</summary>
    internal void Join(Scheduler scheduler, SchedulingUnit unit)
    {
        unit.Vcpu = _vcpu;
        _scheduler = scheduler;
        _unit = unit;
        _account.Enter(RunState.Offline, Host.Current.Time.Now);
    }

    /// <summary>Forgets the scheduler, which has forgotten the vCPU.</summary>
    internal void Part()
    {
        _scheduler = null;
        _unit = null;
    }

    /// <summary>Ends a wait for an event; if the vCPU runs, makes it look for events soon.</summary>
    public void Wake()
    {
        Pcpu here = Pcpu.Current;
        if (here.Loaded != _vcpu)
            Interlocked.MemoryBarrier();
        if ((Volatile.Read(ref _flags) & Blocked) == 0)
            // Who does not wait runs, is queued, or may not run at all.
            There(here)?.Kick();
        else if ((Interlocked.And(ref _flags, ~Blocked) & Blocked) != 0)
            MakeRunnable(here);
    }

    /// <summary>If another CPU runs the vCPU, makes that CPU take the way out with some work.</summary>
    internal void Kick(uint work) => There(Pcpu.Current)?.Raise(work);

    /// <summary>Starts a wait for an event. The caller looks for pending ones afterwards.</summary>
    public void Block()
    {
        Interlocked.Or(ref _flags, Blocked);
        PerCpu.RaiseWork(PendingWork.Schedule);
    }

    /// <summary>The vCPU, which runs here, lets others run first, if there are any.</summary>
    public void Yield()
    {
        Pcpu here = Pcpu.Current;
        if (_scheduler is null || !_scheduler.HasWaiting(here.Id))
            return;
        here.Yields = true;
        PerCpu.RaiseWork(PendingWork.Schedule);
    }

    /// <summary>Starts the vCPU at its registers.</summary>
    public void Up()
    {
        Interlocked.Exchange(ref _flags, Up_);
        MakeRunnable(Pcpu.Current);
    }

    /// <summary>Stops the vCPU until it is brought up again.</summary>
    public void Down()
    {
        Interlocked.And(ref _flags, ~Up_);
        Stop();
    }

    /// <summary>Keeps the vCPU from running until <see cref="Unpause"/> has been called as often. It may still be on its CPU for a moment: see <see cref="Settle"/>.</summary>
    public void Pause()
    {
        Interlocked.Increment(ref _pauses);
        Stop();
    }

    /// <summary>Undoes one <see cref="Pause"/>.</summary>
    public void Unpause()
    {
        if (PauseCount > 0 && Interlocked.Decrement(ref _pauses) == 0)
            MakeRunnable(Pcpu.Current);
    }

    /// <summary>
    /// Waits until a vCPU that may not run has left its CPU and its state is in <see cref="Vcpu.Registers"/> and its like. Interrupts are on; the caller holds no lock that a handler
    /// takes, and is not the vCPU itself.
    /// </summary>
    internal void Settle()
    {
        LockOrder.CheckWait();
        while (IsOnCpu)
            Host.Current.CpuCalls.Wait();
        ContextSwitch.AwaitState(_vcpu);
    }

    /// <summary>After a reason not to run has come up: takes the vCPU out of its queue, or makes its CPU let go of it.</summary>
    internal void Stop()
    {
        if (_scheduler is not Scheduler scheduler || _unit is not SchedulingUnit unit || IsRunningOn(Pcpu.Current))
        {
            PerCpu.RaiseWork(PendingWork.Schedule);
            return;
        }
        using (scheduler.LockUnit(unit))
        {
            if (IsRunnable)
                return;
            scheduler.Sleep(unit);
            if (!IsOnCpu)
                _account.Enter(StateAtRest, Host.Current.Time.Now);
        }
    }

    /// <summary>After the last reason not to run may have gone.</summary>
    internal void Resume() => MakeRunnable(Pcpu.Current);

    /// <summary>Sets where the vCPU may run and where it likes to.</summary>
    internal void SetAffinity(in CpuSet hard, in CpuSet soft)
    {
        if (_scheduler is Scheduler scheduler && _unit is SchedulingUnit unit)
            scheduler.SetAffinity(unit, hard, soft, Host.Current.Time.Now);
    }

    /// <summary>True if the vCPU is tied to one of the CPUs below <paramref name="end"/>: which.</summary>
    internal bool IsTied(uint end, out uint cpu)
    {
        cpu = 0;
        if (_unit is not SchedulingUnit unit)
            return false;
        CpuSet affinity = unit.HardAffinity;
        cpu = affinity.Next(0);
        return cpu < end && affinity.Next(cpu + 1) >= end;
    }

    /// <summary>
    /// Makes the vCPU run on one CPU until <see cref="EndOverride"/>, whatever its affinity. <see cref="XenError.Busy"/> if it does so already, <see cref="XenError.Invalid"/> if there is no such CPU.
    /// </summary>
    internal XenError Override(uint cpu)
    {
        if (_unit is not SchedulingUnit unit || !Host.Current.Pcpus.Online.Contains(cpu))
            return XenError.Invalid;
        if (_isOverridden)
            return XenError.Busy;
        _isOverridden = true;
        _before = unit.HardAffinity;
        SetAffinity(CpuSet.Of(cpu), unit.SoftAffinity);
        return XenError.None;
    }

    /// <summary>Gives the vCPU its affinity back. <see cref="XenError.Invalid"/> if it has it.</summary>
    internal XenError EndOverride()
    {
        if (_unit is not SchedulingUnit unit || !_isOverridden)
            return XenError.Invalid;
        _isOverridden = false;
        SetAffinity(_before, unit.SoftAffinity);
        return XenError.None;
    }

    /// <summary>A CPU has chosen it. The lock of the CPU's queue is held.</summary>
    internal void OnChosen(Pcpu cpu, ulong now)
    {
        Volatile.Write(ref _runningOn, (int)cpu.Id + 1);
        // The event that comes after this finds it running; one that came before is found on the way out.
        Interlocked.MemoryBarrier();
        _account.Enter(RunState.Running, now);
    }

    /// <summary>Its CPU has chosen another. The lock of the CPU's queue is held.</summary>
    internal void OnLeft(ulong now, bool runnable)
    {
        Volatile.Write(ref _runningOn, 0);
        _account.Enter(runnable ? RunState.Runnable : StateAtRest, now);
    }

    private RunState StateAtRest => IsUp && IsBlocked ? RunState.Blocked : RunState.Offline;

    private bool IsRunningOn(Pcpu cpu) => Volatile.Read(ref _runningOn) == (int)cpu.Id + 1;

    /// <summary>The other CPU that runs it, if one does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Pcpu? There(Pcpu here)
    {
        int on = Volatile.Read(ref _runningOn) - 1;
        return on >= 0 && on != (int)here.Id ? here.Host.Pcpus.Find((uint)on) : null;
    }

    private void MakeRunnable(Pcpu here)
    {
        // Its CPU has not chosen another yet, and finds it runnable when it does.
        if (IsRunningOn(here) || _scheduler is not Scheduler scheduler || _unit is not SchedulingUnit unit)
            return;
        bool placed;
        ulong now = here.Host.Time.Now;
        using (scheduler.LockUnit(unit))
        {
            if (!IsRunnable)
                return;
            if (!IsOnCpu && RunState != RunState.Runnable)
                _account.Enter(RunState.Runnable, now);
            placed = scheduler.Wake(unit, now);
        }
        if (!placed)
            scheduler.Place(unit, now);
    }
}
