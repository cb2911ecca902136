using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>
/// Waiting until no CPU can have in its hands any more what could be found until now. A CPU passes when it does deferred work: its stack is empty then, it is on its way out to a guest or idle. So
/// who takes something away first makes it impossible to find, asks for a ticket, and comes back when the ticket is over; nobody who only looks pays for it.
/// </summary>
public sealed class GracePeriod
{
    private readonly SpinLock _lock = new(LockRank.GracePeriod);
    private CpuSet _awaited;
    private ulong _running;
    private ulong _wanted;
    private ulong _over;

    /// <summary>Asks all CPUs to pass from now on. Nothing blocks.</summary>
    internal ulong Begin()
    {
        Pcpu cpu = Pcpu.Current;
        ulong ticket;
        bool starts;
        using (_lock.Enter())
        {
            // One that runs already may have begun too early.
            ticket = _running + 1;
            _wanted = ticket;
            starts = _running == _over;
            if (starts)
                Start(cpu);
        }
        if (starts)
            Nudge(cpu);
        return ticket;
    }

    /// <summary>True once every CPU has passed since <see cref="Begin"/>.</summary>
    internal bool IsOver(ulong ticket)
    {
        using (_lock.Enter())
            return _over >= ticket;
    }

    /// <summary>This CPU has nothing in its hands.</summary>
    internal void Pass(Pcpu cpu)
    {
        bool starts = false;
        using (_lock.Enter())
        {
            if (_running == _over)
                return;
            _awaited.Remove(cpu.Id);
            // A CPU that has gone offline has nothing in its hands either.
            if (!_awaited.And(in cpu.Host.Pcpus.Online).IsEmpty)
                return;
            _over = _running;
            starts = _wanted > _over;
            if (starts)
                Start(cpu);
        }
        if (starts)
            Nudge(cpu);
    }

    private void Start(Pcpu cpu)
    {
        _running++;
        _awaited = cpu.Host.Pcpus.Online;
    }

    private static void Nudge(Pcpu cpu)
    {
        PcpuTable cpus = cpu.Host.Pcpus;
        for (uint id = 0; id < cpus.End; id++)
        {
            if (cpus.Online.Contains(id) && cpus.Find(id) is Pcpu other)
                other.Raise(PendingWork.Deferred);
        }
    }
}
