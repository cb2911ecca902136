namespace Xenith.Hypervisor.Scheduling;

/// <summary>
/// The order in which units of a queue run. Over and under are the words of the design document: with credits left, and in debt. (Xen's source uses them the other way round.)
/// </summary>
internal enum CreditPriority : byte
{
    /// <summary>Woke up with credits left: runs before those that never sleep, until it has used a tick's worth of time.</summary>
    Boost,

    /// <summary>Has credits left.</summary>
    Over,

    /// <summary>Is in debt: runs when nobody with credits wants to.</summary>
    Under,

    /// <summary>Nobody.</summary>
    Idle,
}

/// <summary>
/// A vCPU under Credit. Its balance is in nanoseconds of CPU time; 100,000 of them are what Xen calls a credit. The balance changes by atomic operations, since the CPU that runs the unit
/// takes from it while another deals credits out; the rest belongs to the lock of the unit's queue, and what is marked so to the lock of the accounts.
/// </summary>
internal sealed class CreditUnit : SchedulingUnit
{
    internal CreditUnit(CreditDomain domain, uint id) : base(domain.Id, id) => Domain = domain;

    internal readonly CreditDomain Domain;

    internal long Balance;

    internal CreditPriority Priority = CreditPriority.Over;

    /// <summary>It wants to run, as far as the queue has been told.</summary>
    internal bool IsRunnable;

    /// <summary>The list that it waits in, and its neighbours there.</summary>
    internal CreditList? List;
    internal CreditUnit? Previous, Next;

    /// <summary>While it runs: the time up to which it has paid, and when its slice began.</summary>
    internal ulong PaidUntil, Began;

    /// <summary>When it last stopped running.</summary>
    internal ulong Stopped;

    /// <summary>Nanoseconds that it has run since it was boosted.</summary>
    internal ulong RanBoosted;

    /// <summary>It takes part when credits are dealt out. Under the lock of the accounts, like the links.</summary>
    internal bool IsActive;
    internal CreditUnit? PreviousActive, NextActive;
}

/// <summary>A domain under Credit. All under the lock of the accounts, except where it says otherwise.</summary>
internal sealed class CreditDomain : SchedulingDomain
{
    internal CreditDomain(uint id) : base(id)
    {
    }

    internal uint Weight = Credit.DefaultWeight;

    /// <summary>Percent of one CPU, 0 for no limit. Read without a lock.</summary>
    internal uint Cap;

    /// <summary>Nanoseconds that a capped domain may still run until credits are dealt out again. Changes by atomic operations.</summary>
    internal long Budget;

    /// <summary>Units that take part, and how many.</summary>
    internal CreditUnit? FirstActive;
    internal uint ActiveCount;

    /// <summary>Neighbours in the list of domains with active units, and in that of all domains.</summary>
    internal CreditDomain? PreviousActive, NextActive, PreviousDomain, NextDomain;

    /// <summary>While credits are dealt out: microseconds that it gets, at most so many, and whether that is settled.</summary>
    internal ulong Part, Limit;
    internal bool IsSettled;
}
