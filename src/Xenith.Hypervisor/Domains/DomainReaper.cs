using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>
/// Takes domains that nobody refers to any more out of the table and, after a grace period, back to their pools: that is what lets everybody look domains up without a reference or a lock.
/// </summary>
public sealed class DomainReaper
{
    private readonly SpinLock _lock = new(LockRank.DeadDomains);

    /// <summary>Still in the table.</summary>
    private Domain? _unreferenced;

    /// <summary>Out of the table, until the grace period of <see cref="_ticket"/> is over.</summary>
    private Domain? _leaving;
    private ulong _ticket;
    private bool _isWorking;

    /// <summary>True while there are domains that nobody refers to.</summary>
    public bool IsBusy => _unreferenced is not null || _leaving is not null;

    /// <summary>Takes a domain whose last reference is gone. May be called under nearly every lock, not by interrupt handlers.</summary>
    internal void Take(Domain domain)
    {
        using (_lock.Enter())
        {
            domain.NextDead = _unreferenced;
            _unreferenced = domain;
        }
        PerCpu.RaiseWork(PendingWork.Deferred);
    }

    /// <summary>Called on each CPU when it has deferred work to do.</summary>
    internal void Work(Host host)
    {
        if (!IsBusy)
            return;
        Domain? gone;
        Domain? unreferenced = null;
        using (_lock.Enter())
        {
            // One CPU at a time, so that the last step of a domain never meets the first of another half-way.
            if (_isWorking || (_leaving is not null && !host.Grace.IsOver(_ticket)))
                return;
            _isWorking = true;
            gone = _leaving;
            _leaving = null;
            unreferenced = _unreferenced;
            _unreferenced = null;
        }
        for (Domain? next; gone is not null; gone = next)
        {
            next = gone.NextDead;
            DomainLife.Recycle(host, gone);
        }
        for (Domain? domain = unreferenced; domain is not null; domain = domain.NextDead)
            host.Domains.Remove(domain);
        ulong ticket = unreferenced is null ? 0 : host.Grace.Begin();
        using (_lock.Enter())
        {
            _leaving = unreferenced;
            _ticket = ticket;
            _isWorking = false;
        }
    }
}
