using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Time;
using Xenith.Machine;
using Timer = Xenith.Hypervisor.Time.Timer;

namespace Xenith.Hypervisor.Events;

/// <summary>
/// A vCPU that waits for particular event channels, masked or not, until a moment at the latest: SCHEDOP_poll, with which Linux waits for spin locks.
/// Any other wake-up ends the wait as well.
/// </summary>
public sealed class VcpuPolling
{
    private readonly Vcpu _vcpu;
    private readonly Timeout _timeout;

    /// <summary>The only port waited for, or 0 for any.</summary>
    private uint _port;
    private int _isPolling;

    /// <summary>A vCPU that does not poll.</summary>
    public VcpuPolling(Vcpu vcpu)
    {
        _vcpu = vcpu;
        _timeout = new Timeout(this);
    }

    /// <summary>True until an event, the end of the time, or <see cref="End"/>.</summary>
    public bool IsPolling => Volatile.Read(ref _isPolling) != 0;

    /// <summary>From now on events end the wait. The caller then looks at its ports, and blocks the vCPU if none is pending.</summary>
    internal void Begin()
    {
        End();
        _port = 0;
        Volatile.Write(ref _isPolling, 1);
        _vcpu.Domain.Events.AddPollers(1);
    }

    /// <summary>Narrows the wait to one port (0: any) and limits it to a moment of system time (0: no limit).</summary>
    internal void Limit(uint port, ulong deadline)
    {
        Volatile.Write(ref _port, port);
        if (deadline != 0)
            Pcpu.Current.Timers.Set(_timeout, deadline);
    }

    /// <summary>Ends a wait if there is one.</summary>
    internal void End()
    {
        if (TryEnd())
            Pcpu.Current.Timers.Cancel(_timeout);
    }

    /// <summary>Stops the timer for good, whether or not the vCPU waits: its domain is dying.</summary>
    internal void StopTimer() => Pcpu.Current.Timers.Cancel(_timeout);

    /// <summary>Ends the wait if an event on this port is what it waits for. May be called by interrupt handlers of other CPUs.</summary>
    internal bool TryEnd(uint port)
    {
        if (!IsPolling)
            return false;
        uint wanted = Volatile.Read(ref _port);
        return (wanted == 0 || wanted == port) && TryEnd();
    }

    private bool TryEnd()
    {
        if (Interlocked.Exchange(ref _isPolling, 0) == 0)
            return false;
        _vcpu.Domain.Events.AddPollers(-1);
        return true;
    }

    private sealed class Timeout(VcpuPolling polling) : Timer
    {
        public override void Expire(ulong now)
        {
            if (polling.TryEnd())
                polling._vcpu.Scheduling.Wake();
        }
    }
}
