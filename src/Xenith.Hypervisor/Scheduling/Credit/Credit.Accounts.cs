using System.Threading;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>The accounts: what running costs, and how credits are dealt out.</summary>
public sealed partial class Credit
{
    private const ulong Millisecond = 1_000_000, Microsecond = 1_000;

    /// <summary>A capped domain is let run so long at a time at least.</summary>
    private const long ShortestRun = 100_000;

    /// <summary>Slices that a unit which waits can save at most.</summary>
    private const long MostSaved = 4;

    private readonly SpinLock _accounts = new(LockRank.SchedulerAccounts);
    private CreditDomain? _domains;
    private CreditDomain? _active;
    private ulong _nextDealing;
    private ulong _lastDealing;
    private ulong _dealings;

    /// <summary>Nanoseconds dealt out, and what was dealt or owed and is no longer, since the start: the books balance (see <see cref="BooksBalance"/>).</summary>
    private long _dealt, _forgotten;

    /// <summary>How often a CPU that is busy looks at the books.</summary>
    private ulong Tick => _slice / TicksPerSlice;

    /// <summary>Takes what a unit owes for running up to now, and sets its priority by what is left.</summary>
    private void Pay(CreditQueue queue, CreditUnit unit, ulong now)
    {
        if (now > unit.PaidUntil)
        {
            long ran = (long)(now - unit.PaidUntil);
            unit.PaidUntil = now;
            Interlocked.Add(ref unit.Balance, -ran);
            Interlocked.Add(ref queue.Burned, ran);
            if (unit.Domain.Cap != 0)
                Interlocked.Add(ref unit.Domain.Budget, -ran);
            unit.RanBoosted += (ulong)ran;
        }
        long balance = Interlocked.Read(ref unit.Balance);
        if (balance < 0)
            unit.Priority = CreditPriority.Under;
        else if (unit.Priority != CreditPriority.Boost || unit.RanBoosted >= Tick)
            unit.Priority = CreditPriority.Over;
        // Who lives on what it saved takes no part until it needs more: early enough that it has some before it is in debt.
        if (balance < (long)Tick && !unit.IsActive)
        {
            using (_accounts.Enter())
                Activate(unit);
        }
    }

    private static bool HasUsedCap(CreditDomain domain) => domain.Cap != 0 && Interlocked.Read(ref domain.Budget) <= 0;

    /// <summary>Deals credits out if the period is over. Called with a queue's lock held, by whichever CPU comes first.</summary>
    private void DealIfDue(ulong now)
    {
        if (now < Volatile.Read(ref _nextDealing))
            return;
        using (_accounts.Enter())
        {
            if (now < _nextDealing)
                return;
            // As much as time has passed; but what nobody used while all slept is lost.
            ulong passed = now - _lastDealing;
            if (passed > 2 * _slice)
                passed = _slice;
            _lastDealing = now;
            Volatile.Write(ref _nextDealing, now + _slice);
            Deal(passed);
            RefillCaps(passed);
            Volatile.Write(ref _dealings, _dealings + 1);
        }
        WakeParked();
    }

    private void Deal(ulong passed)
    {
        // What the active ones owe together is dealt out in addition, or debts would grow without end while others save.
        long balance = 0;
        for (CreditDomain? domain = _active; domain is not null; domain = domain.NextActive)
        {
            for (CreditUnit? unit = domain.FirstActive; unit is not null; unit = unit.NextActive)
                balance += Interlocked.Read(ref unit.Balance);
        }
        ulong owed = balance < 0 ? (ulong)-balance / Microsecond : 0;
        ulong credits = (ulong)_online.Now.Count * (passed / Microsecond) + owed;
        ulong weights = 0;
        for (CreditDomain? domain = _active; domain is not null; domain = domain.NextActive)
            weights += (ulong)domain.Weight * domain.ActiveCount;
        for (CreditDomain? domain = _active; domain is not null; domain = domain.NextActive)
            domain.Limit = LimitOf(domain, passed, owed, weights);
        CreditShares.Deal(_active, credits);

        CreditDomain? next;
        for (CreditDomain? domain = _active; domain is not null; domain = next)
        {
            next = domain.NextActive;
            Deposit(domain);
        }
    }

    /// <summary>A domain cannot use more than all its active units can run, or than its cap.</summary>
    private static ulong LimitOf(CreditDomain domain, ulong passed, ulong owed, ulong weights)
    {
        ulong limit = domain.ActiveCount * (passed / Microsecond);
        if (owed != 0)
            limit += owed * ((ulong)domain.Weight * domain.ActiveCount) / weights;
        ulong cap = domain.Cap * (passed / Microsecond) / 100;
        return domain.Cap != 0 && cap < limit ? cap : limit;
    }

    private void Deposit(CreditDomain domain)
    {
        ulong left = domain.Part;
        ulong units = domain.ActiveCount;
        CreditUnit? next;
        for (CreditUnit? unit = domain.FirstActive; unit is not null; unit = next)
        {
            next = unit.NextActive;
            long credits = (long)(CreditShares.Take(ref left, ref units, 1) * Microsecond);
            _dealt += credits;
            long balance = Interlocked.Add(ref unit.Balance, credits);
            if (balance > (long)_slice && !Volatile.Read(ref unit.IsRunnable))
            {
                // It does not need its share: it lives on half of what it saved and leaves the rest to others.
                Forgive(unit, -(balance / 2));
                Deactivate(unit);
            }
            else if (balance > MostSaved * (long)_slice)
                Forgive(unit, MostSaved * (long)_slice - balance);
            else if (balance < -(long)_slice)
                Forgive(unit, -(long)_slice - balance);
        }
    }

    private void Forgive(CreditUnit unit, long credits)
    {
        Interlocked.Add(ref unit.Balance, credits);
        _forgotten += credits;
    }

    private void RefillCaps(ulong passed)
    {
        for (CreditDomain? domain = _domains; domain is not null; domain = domain.NextDomain)
        {
            if (domain.Cap == 0)
                continue;
            long part = (long)(passed * domain.Cap / 100);
            // What was not used is lost, what was used too much is not.
            if (Interlocked.Add(ref domain.Budget, part) > part)
                Interlocked.Exchange(ref domain.Budget, part);
        }
    }

    /// <summary>CPUs with units that are set aside have to look at them again. So have those where somebody waits while others idle, which passed over whoever had used up a cap.</summary>
    private void WakeParked()
    {
        for (uint cpu = 0; cpu < _end; cpu++)
        {
            if (_queues[(int)cpu] is CreditQueue queue && (!queue.Parked.IsEmpty || (queue.Waiting != 0 && !_idle.IsEmpty)))
                Machine.Poke(cpu);
        }
    }

    /// <summary>Puts the units of a queue where their balances belong after credits were dealt out. The queue's lock is held.</summary>
    private void Sort(CreditQueue queue)
    {
        queue.Dealing = Volatile.Read(ref _dealings);
        // Who goes up is appended to a list that has been passed; who goes down is met again, and stays.
        SortList(queue, CreditPriority.Boost);
        SortList(queue, CreditPriority.Over);
        SortList(queue, CreditPriority.Under);
        CreditUnit? next;
        for (CreditUnit? unit = queue.Parked.First; unit is not null; unit = next)
        {
            next = unit.Next;
            if (HasUsedCap(unit.Domain))
                continue;
            queue.Remove(unit);
            unit.Priority = Interlocked.Read(ref unit.Balance) < 0 ? CreditPriority.Under : CreditPriority.Over;
            queue.Add(unit);
            // This CPU may have another to run.
            WakeIdleFor(unit);
        }
    }

    private static void SortList(CreditQueue queue, CreditPriority at)
    {
        CreditUnit? next;
        for (CreditUnit? unit = queue.At(at).First; unit is not null; unit = next)
        {
            next = unit.Next;
            CreditPriority priority = Interlocked.Read(ref unit.Balance) < 0 ? CreditPriority.Under : at == CreditPriority.Boost ? at : CreditPriority.Over;
            if (priority == at)
                continue;
            queue.Remove(unit);
            unit.Priority = priority;
            queue.Add(unit);
        }
    }

    private void Activate(CreditUnit unit)
    {
        if (unit.IsActive)
            return;
        unit.IsActive = true;
        CreditDomain domain = unit.Domain;
        unit.PreviousActive = null;
        unit.NextActive = domain.FirstActive;
        if (unit.NextActive is not null)
            unit.NextActive.PreviousActive = unit;
        domain.FirstActive = unit;
        if (domain.ActiveCount++ != 0)
            return;
        domain.PreviousActive = null;
        domain.NextActive = _active;
        if (_active is not null)
            _active.PreviousActive = domain;
        _active = domain;
    }

    private void Deactivate(CreditUnit unit)
    {
        if (!unit.IsActive)
            return;
        unit.IsActive = false;
        CreditDomain domain = unit.Domain;
        if (unit.PreviousActive is null)
            domain.FirstActive = unit.NextActive;
        else
            unit.PreviousActive.NextActive = unit.NextActive;
        if (unit.NextActive is not null)
            unit.NextActive.PreviousActive = unit.PreviousActive;
        if (--domain.ActiveCount != 0)
            return;
        if (domain.PreviousActive is null)
            _active = domain.NextActive;
        else
            domain.PreviousActive.NextActive = domain.NextActive;
        if (domain.NextActive is not null)
            domain.NextActive.PreviousActive = domain.PreviousActive;
    }

    private void Enter(CreditDomain domain)
    {
        using (_accounts.EnterInterruptSafe())
        {
            domain.NextDomain = _domains;
            if (_domains is not null)
                _domains.PreviousDomain = domain;
            _domains = domain;
        }
    }

    private void Leave(CreditDomain domain)
    {
        using (_accounts.EnterInterruptSafe())
        {
            if (domain.PreviousDomain is null)
                _domains = domain.NextDomain;
            else
                domain.PreviousDomain.NextDomain = domain.NextDomain;
            if (domain.NextDomain is not null)
                domain.NextDomain.PreviousDomain = domain.PreviousDomain;
        }
    }

    /// <summary>
    /// True if the balances of all units together are what was dealt out, less what running has cost, and what was forgiven or forfeited. <paramref name="balances"/> is their sum; nothing
    /// runs meanwhile. For tests.
    /// </summary>
    internal bool BooksBalance(long balances)
    {
        long burned = 0;
        for (uint cpu = 0; cpu < _end; cpu++)
            burned += _queues[(int)cpu] is CreditQueue queue ? Interlocked.Read(ref queue.Burned) : 0;
        return balances == _dealt + _forgotten - burned;
    }
}
