using System.Runtime.CompilerServices;
using System.Threading;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>What a vCPU is doing, as guests see it (public/vcpu.h, RUNSTATE_*).</summary>
public enum RunState
{
    Running = 0,
    Runnable = 1,
    Blocked = 2,
    Offline = 3,
}

/// <summary>A vCPU's state, since when, and how long it has been in each.</summary>
public struct RunStateTimes
{
    /// <summary>The present state.</summary>
    public RunState State;

    /// <summary>System time at which it began.</summary>
    public ulong Since;

    private StateTimes _times;

    /// <summary>Nanoseconds spent in a state until the last change.</summary>
    public readonly ulong TimeIn(RunState state) => _times[(int)state];

    internal void Enter(RunState state, ulong now)
    {
        if (now > Since)
        {
            _times[(int)State] += now - Since;
            Since = now;
        }
        State = state;
    }

    [InlineArray(4)]
    private struct StateTimes
    {
        private ulong _first;
    }
}

/// <summary>
/// The account of a vCPU's states. Whoever changes it holds the lock of the queue that the vCPU belongs to; whoever reads needs no lock, and gets what belongs together.
/// </summary>
internal sealed class RunStateAccount
{
    private RunStateTimes _times = new() { State = RunState.Offline };
    private uint _version;

    /// <summary>The present state.</summary>
    internal RunState State => _times.State;

    /// <summary>All of it as it stood at one moment.</summary>
    internal RunStateTimes Now
    {
        get
        {
            while (true)
            {
                uint before = Volatile.Read(ref _version);
                RunStateTimes times = _times;
                if ((before & 1) == 0 && Volatile.Read(ref _version) == before)
                    return times;
                Machine.Cpu.Pause();
            }
        }
    }

    /// <summary>Notes a change. The version is odd meanwhile.</summary>
    internal void Enter(RunState state, ulong now)
    {
        Volatile.Write(ref _version, unchecked(_version + 1));
        _times.Enter(state, now);
        Volatile.Write(ref _version, unchecked(_version + 1));
    }
}
