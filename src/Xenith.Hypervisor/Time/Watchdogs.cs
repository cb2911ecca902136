using Xenith.Hypervisor.Domains;

namespace Xenith.Hypervisor.Time;

/// <summary>
/// A domain's watchdogs (SCHEDOP_watchdog): unless the domain sets a running one again in time, it is shut down with the reason "watchdog". Two for each domain.
/// </summary>
public sealed class Watchdogs
{
    private const uint Count = 2;
    private const ulong Second = 1_000_000_000;

    private readonly SpinLock _lock = new(LockRank.Watchdogs);
    private readonly Expiry _first;
    private readonly Expiry _second;

    /// <summary>None is running.</summary>
    public Watchdogs(Domain domain)
    {
        _first = new Expiry(this, domain, 1);
        _second = new Expiry(this, domain, 2);
    }

    /// <summary>
    /// Starts a watchdog (<paramref name="id"/> 0), sets one again, or stops it (0 seconds). Returns the new watchdog's id, 0, or -errno.
    /// </summary>
    public long Set(uint id, uint seconds)
    {
        if (id > Count)
            return XenError.Invalid.ToResult();
        TimerQueue timers = Pcpu.Current.Timers;
        ulong deadline = Host.Current.Time.Now + seconds * Second;
        using (_lock.Enter())
        {
            if (id == 0)
            {
                Expiry free = _first.InUse ? _second : _first;
                if (free.InUse)
                    return XenError.NoSpace.ToResult();
                free.InUse = true;
                timers.Set(free, deadline);
                return free.Id;
            }
            Expiry watchdog = id == 1 ? _first : _second;
            if (!watchdog.InUse)
                return XenError.Invalid.ToResult();
            watchdog.InUse = seconds != 0;
            if (seconds == 0)
                timers.Cancel(watchdog);
            else
                timers.Set(watchdog, deadline);
            return 0;
        }
    }

    /// <summary>Stops both.</summary>
    internal void StopAll()
    {
        using (_lock.Enter())
        {
            Pcpu.Current.Timers.Cancel(_first);
            Pcpu.Current.Timers.Cancel(_second);
            _first.InUse = _second.InUse = false;
        }
    }

    /// <summary>True if the domain has not set a watchdog again, or stopped it, between the moment it expired and now.</summary>
    private bool IsOver(Expiry watchdog)
    {
        using (_lock.Enter())
            return watchdog.InUse && !watchdog.IsSet;
    }

    private sealed class Expiry(Watchdogs all, Domain domain, uint id) : Timer
    {
        public override string Name => "domain_watchdog";

        internal uint Id => id;

        internal bool InUse { get; set; }

        public override void Expire(ulong now)
        {
            if (domain.IsShutDown || !all.IsOver(this))
                return;
            Host.Current.Log.Always($"Watchdog timer {id} fired for domain {domain.Id}");
            DomainLife.Shutdown(domain, DomainLife.Watchdog);
        }
    }
}
