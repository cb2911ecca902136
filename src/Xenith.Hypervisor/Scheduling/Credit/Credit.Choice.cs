using System.Threading;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>Who runs next: the choice in a CPU's own queue, and what it takes from others.</summary>
public sealed partial class Credit
{
    /// <inheritdoc/>
    public override Decision Choose(uint cpu, ulong now, Leaving leaving)
    {
        DealIfDue(now);
        CreditQueue queue = QueueOf(cpu);
        if (queue.Dealing != Volatile.Read(ref _dealings))
        {
            // Who may run again is for other idle CPUs: this one chooses already.
            _idle.TryRemove(cpu);
            Sort(queue);
        }

        SchedulingUnit? displaced = null;
        CreditUnit? stays = queue.Current;
        if (stays is not null)
        {
            Pay(queue, stays, now);
            // The caller knows best: the unit may have been put to sleep and woken since, and its waker not have got the lock yet.
            stays.IsRunnable = leaving != Leaving.Sleeps;
            if (!stays.IsRunnable)
                stays = null;
            else if (!IsWellPlaced(stays, cpu))
            {
                displaced = stays;
                stays = null;
            }
            else if (HasUsedCap(stays.Domain))
            {
                queue.Parked.Append(stays);
                stays = null;
            }
        }

        CreditUnit? next = Best(queue, stays, now, leaving, out bool missed);
        if (queue.Current is CreditUnit left && left != next)
            left.Stopped = now;
        if (stays is not null && stays != next)
        {
            queue.Add(stays);
            WakeIdleFor(stays);
        }
        bool leavesIdle = queue.Current is null && (next is not null || !_online.Contains(cpu));
        Start(queue, next, now);
        // Whoever still waits here may run on a CPU that has become idle meanwhile, or may run again.
        if (queue.Waiting != 0 && !_idle.IsEmpty)
            WakeIdleForAll(queue);
        if (leavesIdle || queue.OwesLook)
            queue.OwesLook = !TryWakeForOthers(queue);
        return new Decision(next, Until(queue, next, now)) { TryAgain = (missed && next is null) || queue.OwesLook, Displaced = displaced };
    }

    /// <summary>The best of who runs (<paramref name="stays"/>), who waits here, and who waits elsewhere, taken out of its queue.</summary>
    private CreditUnit? Best(CreditQueue queue, CreditUnit? stays, ulong now, Leaving leaving, out bool missed)
    {
        missed = false;
        bool sliceIsOver = false;
        if (stays is not null && leaving == Leaving.Preempted)
        {
            ulong ran = Since(stays.Began, now);
            if (ran < _rateLimit)
                return stays;
            sliceIsOver = ran >= _slice;
        }

        CreditUnit? first = FirstThatMay(queue);
        if (first is not null && stays is not null && leaving == Leaving.Preempted
            && (first.Priority > stays.Priority || (first.Priority == stays.Priority && !(sliceIsOver && ComesBefore(first, stays)))))
            first = null;
        CreditPriority priority = first is not null ? first.Priority : stays is not null ? stays.Priority : CreditPriority.Idle;
        if (priority >= CreditPriority.Under)
        {
            if (priority == CreditPriority.Idle)
            {
                // A CPU that leaves takes no more work, and nobody is to wake it in another's place.
                if (!_online.Contains(queue.Cpu))
                    return null;
                // From here on whoever makes a unit wait sees that this CPU idles, or this CPU sees the unit.
                _idle.Add(queue.Cpu);
            }
            CreditUnit? taken = Take(queue, priority, now, out missed);
            if (priority == CreditPriority.Idle && taken is not null)
                _idle.TryRemove(queue.Cpu);
            if (taken is not null)
                return taken;
        }
        if (first is null)
        {
            if (stays is not null && sliceIsOver)
                stays.Began = now;
            return stays;
        }
        queue.Remove(first);
        return first;
    }

    /// <summary>The first of a queue whose domain has not used up its cap; others on the way are put aside.</summary>
    private static CreditUnit? FirstThatMay(CreditQueue queue)
    {
        while (queue.First is CreditUnit first)
        {
            if (first.Priority == CreditPriority.Under)
                first = LeastInDebt(first);
            if (!HasUsedCap(first.Domain))
                return first;
            queue.Remove(first);
            queue.Parked.Append(first);
        }
        return null;
    }

    /// <summary>True if a waiting unit may take the place of one of the same priority whose slice is over. Debtors take turns by what they owe, so that shares hold among them too.</summary>
    private static bool ComesBefore(CreditUnit waiting, CreditUnit running) =>
        waiting.Priority != CreditPriority.Under || Interlocked.Read(ref waiting.Balance) > Interlocked.Read(ref running.Balance);

    /// <summary>Of the debtors that have waited longest the one that owes least.</summary>
    private static CreditUnit LeastInDebt(CreditUnit first)
    {
        const int mostLookedAt = 32;
        CreditUnit best = first;
        int looked = 1;
        for (CreditUnit? unit = first.Next; unit is not null && looked < mostLookedAt; unit = unit.Next)
        {
            if (Interlocked.Read(ref unit.Balance) > Interlocked.Read(ref best.Balance))
                best = unit;
            looked++;
        }
        return best;
    }

    /// <summary>
    /// Takes a unit that waits elsewhere and comes before <paramref name="than"/>: from the nearest CPUs first, and units that like this CPU first. The locks of other
    /// queues are only tried; <paramref name="missed"/> says that one was not free.
    /// </summary>
    private CreditUnit? Take(CreditQueue queue, CreditPriority than, ulong now, out bool missed)
    {
        missed = false;
        uint distance = 0;
        while (distance != uint.MaxValue)
        {
            uint level = distance;
            distance = uint.MaxValue;
            for (uint i = 1; i < _end; i++)
            {
                uint peer = queue.Cpu + i < _end ? queue.Cpu + i : queue.Cpu + i - _end;
                if (_queues[(int)peer] is not CreditQueue other || (than == CreditPriority.Idle ? other.Waiting : other.WaitingWithCredits) == 0)
                    continue;
                uint away = Machine.Distance(queue.Cpu, peer);
                if (away > level)
                    distance = away < distance ? away : distance;
                if (level == 0 || away != level)
                    continue;
                if (!other.Lock.TryEnter(out SpinLock.Scope scope))
                {
                    missed = true;
                    continue;
                }
                CreditUnit? taken = TakeFrom(queue, other, than, now);
                scope.Dispose();
                if (taken is not null)
                    return taken;
            }
        }
        return null;
    }

    private CreditUnit? TakeFrom(CreditQueue queue, CreditQueue other, CreditPriority than, ulong now)
    {
        CreditUnit? second = null;
        for (CreditPriority priority = CreditPriority.Boost; priority < than; priority++)
        {
            for (CreditUnit? unit = other.At(priority).First; unit is not null; unit = unit.Next)
            {
                if (!MayRun(unit, queue.Cpu) || HasUsedCap(unit.Domain) || Since(unit.Stopped, now) < _migrationDelay)
                    continue;
                if (unit.SoftAffinity.Contains(queue.Cpu))
                    return Move(unit, other, queue);
                second ??= unit;
            }
        }
        return second is null ? null : Move(second, other, queue);
    }

    private static CreditUnit Move(CreditUnit unit, CreditQueue from, CreditQueue to)
    {
        from.Remove(unit);
        unit.Cpu = to.Cpu;
        return unit;
    }

    /// <summary>
    /// This CPU idled, may have been woken for a unit that waits elsewhere, and runs another or leaves: those who wait get another of the idle CPUs. False if a queue's lock, which is only tried, was not free.
    /// </summary>
    private bool TryWakeForOthers(CreditQueue queue)
    {
        bool all = true;
        for (uint peer = 0; peer < _end && !_idle.IsEmpty; peer++)
        {
            if (peer == queue.Cpu || _queues[(int)peer] is not CreditQueue other || other.Waiting == 0)
                continue;
            if (!other.Lock.TryEnter(out SpinLock.Scope scope))
            {
                all = false;
                continue;
            }
            WakeIdleForAll(other);
            scope.Dispose();
        }
        return all;
    }

    private void WakeIdleForAll(CreditQueue queue)
    {
        const int mostLookedAt = 32;
        int looked = 0;
        // A CPU that runs nobody and has somebody waiting is on its way to choose: it takes the first.
        CreditUnit? taken = queue.Current is null ? queue.First : null;
        for (CreditPriority priority = CreditPriority.Boost; priority < CreditPriority.Idle && !_idle.IsEmpty; priority++)
        {
            for (CreditUnit? unit = queue.At(priority).First; unit is not null && looked < mostLookedAt; unit = unit.Next)
            {
                looked++;
                if (unit != taken && !HasUsedCap(unit.Domain))
                    WakeIdleFor(unit);
            }
        }
    }

    private void Start(CreditQueue queue, CreditUnit? next, ulong now)
    {
        if (next is not null && next != queue.Current)
        {
            next.Began = now;
            next.PaidUntil = now;
        }
        if (queue.Current is null && next is not null)
            _idle.TryRemove(queue.Cpu);
        queue.Current = next;
    }

    /// <summary>When the CPU has to choose again.</summary>
    private ulong Until(CreditQueue queue, CreditUnit? next, ulong now)
    {
        if (next is null)
            return queue.Parked.IsEmpty ? ulong.MaxValue : Volatile.Read(ref _nextDealing);
        ulong until = now + Tick;
        if (queue.Waiting != 0)
        {
            ulong ran = Since(next.Began, now);
            ulong end = next.Began + (ran < _rateLimit ? _rateLimit : ran < _slice ? _slice : ran);
            until = end < until ? end : until;
        }
        if (next.Domain.Cap != 0)
        {
            ulong end = now + (ulong)System.Math.Max(Interlocked.Read(ref next.Domain.Budget), ShortestRun);
            until = end < until ? end : until;
        }
        return until;
    }

    /// <summary>Time passed. Another CPU may have noted the moment after this one looked at the clock: none has passed then.</summary>
    private static ulong Since(ulong then, ulong now) => now > then ? now - then : 0;

    /// <summary>False if a unit may not run on a CPU, or would rather run on another that is idle.</summary>
    private bool IsWellPlaced(CreditUnit unit, uint cpu)
    {
        if (!MayRun(unit, cpu))
            return false;
        return unit.SoftAffinity.Contains(cpu) || _idle.IsEmpty || _idle.Now.And(AllowedFor(unit)).And(unit.SoftAffinity).IsEmpty;
    }
}
