using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>What a vCPU is doing, as guests see it (public/vcpu.h, RUNSTATE_*).</summary>
public enum RunState
{
    Running = 0,
    Runnable = 1,
    Blocked = 2,
    Offline = 3,
}

/// <summary>Whether a vCPU may run, and how long it has been in each state.</summary>
public sealed class VcpuScheduling
{
    private readonly Vcpu _vcpu;
    private readonly ulong[] _times = new ulong[4];
    private ulong _since;

    /// <summary>A vCPU that is down.</summary>
    public VcpuScheduling(Vcpu vcpu)
    {
        _vcpu = vcpu;
        RunState = RunState.Offline;
    }

    internal Vcpu? NextInQueue;
    internal bool IsQueued;

    /// <summary>True once VCPUOP_up has been called (or by the domain builder), until VCPUOP_down.</summary>
    public bool IsUp { get; private set; }

    /// <summary>True while the vCPU waits for an event.</summary>
    public bool IsBlocked { get; private set; }

    /// <summary>How many pauses are in force.</summary>
    public int PauseCount { get; private set; }

    /// <summary>The state that guests see.</summary>
    public RunState RunState { get; private set; }

    /// <summary>System time at which the present state began.</summary>
    public ulong StateSince => _since;

    /// <summary>True if the vCPU could run now.</summary>
    public bool IsRunnable => IsUp && !IsBlocked && PauseCount == 0 && !_vcpu.Domain.IsShutDown;

    /// <summary>Nanoseconds spent in a state until the last change.</summary>
    public ulong TimeIn(RunState state) => _times[(int)state];

    /// <summary>Ends a wait for an event.</summary>
    public void Wake()
    {
        // Who does not wait runs, is queued, or may not run at all.
        if (!IsBlocked)
            return;
        IsBlocked = false;
        MakeRunnable();
    }

    /// <summary>Starts a wait for an event. The caller has seen that none is pending.</summary>
    public void Block()
    {
        IsBlocked = true;
        PerCpu.RaiseWork(PendingWork.Schedule);
    }

    /// <summary>Lets others run first.</summary>
    public void Yield() => PerCpu.RaiseWork(PendingWork.Schedule);

    /// <summary>Starts the vCPU at its registers.</summary>
    public void Up()
    {
        IsUp = true;
        IsBlocked = false;
        MakeRunnable();
    }

    /// <summary>Stops the vCPU until it is brought up again.</summary>
    public void Down()
    {
        IsUp = false;
        PerCpu.RaiseWork(PendingWork.Schedule);
    }

    /// <summary>Keeps the vCPU from running until <see cref="Unpause"/> has been called as often.</summary>
    public void Pause()
    {
        PauseCount++;
        PerCpu.RaiseWork(PendingWork.Schedule);
    }

    /// <summary>Undoes one <see cref="Pause"/>.</summary>
    public void Unpause()
    {
        if (PauseCount > 0)
            PauseCount--;
        MakeRunnable();
    }

    /// <summary>Notes a change of state for the accounting.</summary>
    internal void Enter(RunState state, ulong now)
    {
        if (now > _since)
            _times[(int)RunState] += now - _since;
        _since = now;
        RunState = state;
    }

    private void MakeRunnable()
    {
        Pcpu here = Pcpu.Current;
        if (!IsRunnable || IsQueued || (here.Loaded == _vcpu && !here.IsIdle))
            return;
        here.RunQueue.Add(_vcpu);
        PerCpu.RaiseWork(PendingWork.Schedule);
    }
}

/// <summary>vCPUs that are ready for one CPU, first come, first served.</summary>
public sealed class RunQueue
{
    private Vcpu? _first;
    private Vcpu? _last;

    /// <summary>True if nobody waits.</summary>
    public bool IsEmpty => _first is null;

    /// <summary>Puts a vCPU at the end.</summary>
    public void Add(Vcpu vcpu)
    {
        vcpu.Scheduling.IsQueued = true;
        vcpu.Scheduling.NextInQueue = null;
        if (_last is null)
            _first = vcpu;
        else
            _last.Scheduling.NextInQueue = vcpu;
        _last = vcpu;
    }

    /// <summary>Takes the first vCPU that may still run, or null.</summary>
    public Vcpu? Take()
    {
        while (_first is not null)
        {
            Vcpu taken = _first;
            _first = taken.Scheduling.NextInQueue;
            if (_first is null)
                _last = null;
            taken.Scheduling.NextInQueue = null;
            taken.Scheduling.IsQueued = false;
            if (taken.Scheduling.IsRunnable)
                return taken;
        }
        return null;
    }
}
