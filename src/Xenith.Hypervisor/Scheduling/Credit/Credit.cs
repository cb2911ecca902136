using System.Threading;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>
/// The Credit scheduler. A CPU is worth 300 credits for every 30 ms; they are dealt out to the domains that use their CPUs, by weight, and pay for the time that their vCPUs run. Who has credits left runs
/// before those in debt; who wakes up with credits left runs first of all for a while. A CPU without work takes some from others, the nearest first. Nothing is left idle while somebody
/// could run, but for domains with a cap that have used it up. This part: CPUs, waking and sleeping. Others: the choice, the accounts, parameters and dump.
/// </summary>
public sealed partial class Credit : Scheduler
{
    private readonly CreditQueue?[] _queues = new CreditQueue?[CpuSet.Capacity];
    private readonly AtomicCpuSet _online = new();

    /// <summary>Online CPUs with nothing to run that nobody has woken yet.</summary>
    private readonly AtomicCpuSet _idle = new();

    private uint _end;

    /// <summary>A scheduler without CPUs, with Xen's default parameters.</summary>
    public Credit(SchedulingMachine machine) : base(machine)
    {
    }

    /// <inheritdoc/>
    public override string Name => "SMP Credit Scheduler";

    /// <inheritdoc/>
    public override string OptionName => "credit";

    /// <inheritdoc/>
    public override uint Id => (uint)Abi.SchedulerId.Credit;

    /// <inheritdoc/>
    public override SchedulingDomain CreateDomain(uint id)
    {
        CreditDomain domain = new(id);
        Enter(domain);
        return domain;
    }

    /// <inheritdoc/>
    public override SchedulingUnit CreateUnit(SchedulingDomain domain, uint id, uint cpu)
    {
        CreditUnit unit = new((CreditDomain)domain, id) { Cpu = cpu };
        // Something to begin with, until credits are dealt out.
        using (_accounts.EnterInterruptSafe())
            Forgive(unit, (long)Tick);
        return unit;
    }

    /// <inheritdoc/>
    public override void Forget(SchedulingUnit unit)
    {
        using (_accounts.EnterInterruptSafe())
            Deactivate((CreditUnit)unit);
    }

    /// <inheritdoc/>
    public override void Forget(SchedulingDomain domain) => Leave((CreditDomain)domain);

    /// <inheritdoc/>
    public override void CreateCpu(uint cpu)
    {
        _queues[(int)cpu] ??= new CreditQueue(cpu);
        if (cpu >= _end)
            _end = cpu + 1;
    }

    /// <inheritdoc/>
    public override void AddCpu(uint cpu, ulong now)
    {
        if (_online.Contains(cpu))
            return;
        _online.Add(cpu);
        // Units that ran anywhere because none of their CPUs was there go home.
        for (uint other = 0; other < _end; other++)
            SendHome(other, now);
    }

    /// <summary>Moves the units that wait in a queue and may not run there any more; the one that runs is moved by its CPU.</summary>
    private void SendHome(uint cpu, ulong now)
    {
        if (_queues[(int)cpu] is not CreditQueue queue)
            return;
        while (true)
        {
            CreditUnit? stray;
            using (queue.Lock.EnterInterruptSafe())
            {
                if (queue.Current is CreditUnit current && !MayRun(current, cpu))
                    Machine.Poke(cpu);
                stray = FirstStray(queue);
                if (stray is null)
                    return;
                queue.Remove(stray);
            }
            Place(stray, now);
        }
    }

    private CreditUnit? FirstStray(CreditQueue queue)
    {
        for (CreditPriority priority = CreditPriority.Boost; priority <= CreditPriority.Idle; priority++)
        {
            CreditList list = priority == CreditPriority.Idle ? queue.Parked : queue.At(priority);
            for (CreditUnit? unit = list.First; unit is not null; unit = unit.Next)
            {
                if (!MayRun(unit, queue.Cpu))
                    return unit;
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public override void RemoveCpu(uint cpu)
    {
        _online.TryRemove(cpu);
        _idle.TryRemove(cpu);
    }

    /// <inheritdoc/>
    public override SchedulingUnit? TakeAny(uint cpu)
    {
        CreditQueue queue = QueueOf(cpu);
        CreditUnit? unit = queue.First ?? queue.Parked.First;
        if (unit is not null)
            queue.Remove(unit);
        return unit;
    }

    /// <inheritdoc/>
    public override SpinLock LockOf(uint cpu) => QueueOf(cpu).Lock;

    /// <inheritdoc/>
    public override bool HasWaiting(uint cpu) => QueueOf(cpu).Waiting != 0;

    /// <inheritdoc/>
    public override bool Wake(SchedulingUnit unit, ulong now)
    {
        CreditUnit woken = (CreditUnit)unit;
        if (woken.IsRunnable)
            return true;
        woken.IsRunnable = true;
        CreditQueue queue = QueueOf(woken.Cpu);
        // It may not have left its CPU yet, or wait already.
        if (queue.Current == woken || woken.List is not null)
            return true;
        if (!MayRun(woken, queue.Cpu))
            return false;
        if (Interlocked.Read(ref woken.Balance) >= 0)
        {
            woken.Priority = CreditPriority.Boost;
            woken.RanBoosted = 0;
        }
        else
            woken.Priority = CreditPriority.Under;
        Insert(queue, woken);
        return true;
    }

    /// <inheritdoc/>
    public override void Sleep(SchedulingUnit unit)
    {
        CreditUnit sleeper = (CreditUnit)unit;
        CreditQueue queue = QueueOf(sleeper.Cpu);
        sleeper.IsRunnable = false;
        if (queue.Current == sleeper)
            Machine.Poke(queue.Cpu);
        else
            queue.Remove(sleeper);
    }

    /// <inheritdoc/>
    public override uint PickCpu(SchedulingUnit unit)
    {
        CpuSet hard = AllowedFor(unit);
        CpuSet soft = hard.And(unit.SoftAffinity);
        if (soft.IsEmpty)
            soft = hard;
        CpuSet idle = _idle.Now;
        CpuSet softIdle = soft.And(idle);
        if (!softIdle.IsEmpty)
            return Nearest(softIdle, unit.Cpu);
        CpuSet hardIdle = hard.And(idle);
        return hardIdle.IsEmpty ? ShortestQueue(soft, unit.Cpu) : Nearest(hardIdle, unit.Cpu);
    }

    /// <inheritdoc/>
    public override void Place(SchedulingUnit unit, ulong now)
    {
        CreditUnit placed = (CreditUnit)unit;
        while (true)
        {
            using (LockUnit(unit))
            {
                if (!IsInTransit(placed))
                    return;
                uint target = PickCpu(unit);
                if (_queues[(int)target] is not null)
                    placed.Cpu = target;
            }
            using (LockUnit(unit))
            {
                if (!IsInTransit(placed))
                    return;
                // CPUs may have left and come since the choice. One that leaves looks into its queue after it has left the set: what is put there while it is in the set, it finds.
                if (!MayRun(placed, placed.Cpu) && !_online.IsEmpty)
                    continue;
                Insert(QueueOf(placed.Cpu), placed);
                return;
            }
        }
    }

    /// <inheritdoc/>
    public override void SetAffinity(SchedulingUnit unit, in CpuSet hard, in CpuSet soft, ulong now)
    {
        using (LockUnit(unit))
        {
            CreditUnit moved = (CreditUnit)unit;
            CreditQueue queue = QueueOf(moved.Cpu);
            moved.HardAffinity = hard;
            moved.SoftAffinity = soft;
            if (queue.Current == moved)
                Machine.Poke(queue.Cpu);
            else
                queue.Remove(moved);
        }
        // Nothing happens here but to a unit that waited.
        Place(unit, now);
    }

    /// <summary>It wants to run, but is in no queue and on no CPU.</summary>
    private bool IsInTransit(CreditUnit unit) => unit.IsRunnable && unit.List is null && QueueOf(unit.Cpu).Current != unit;

    private CreditQueue QueueOf(uint cpu) => _queues[(int)cpu] ?? NoSuchCpu();

    private static CreditQueue NoSuchCpu()
    {
        Memory.Invariant.Broken();
        return NoSuchCpu();
    }

    /// <summary>The online CPUs that a unit may run on. If nothing of its affinity is there, all: better anywhere than never.</summary>
    private CpuSet AllowedFor(SchedulingUnit unit)
    {
        CpuSet online = _online.Now;
        CpuSet hard = online.And(unit.HardAffinity);
        return hard.IsEmpty ? online : hard;
    }

    /// <summary>True if a CPU of the pool is one that the unit may run on, or if there is none and so any will do.</summary>
    private bool MayRun(CreditUnit unit, uint cpu)
    {
        if (!_online.Contains(cpu))
            return false;
        return unit.HardAffinity.Contains(cpu) || _online.Now.And(unit.HardAffinity).IsEmpty;
    }

    /// <summary>Puts a unit into a queue, or aside if its domain has used up its cap, and wakes who should look. The queue's lock is held.</summary>
    private void Insert(CreditQueue queue, CreditUnit unit)
    {
        if (HasUsedCap(unit.Domain))
        {
            queue.Parked.Append(unit);
            // An idle CPU has to wake up when credits are dealt out.
            if (queue.Current is null)
                Machine.Poke(queue.Cpu);
            return;
        }
        queue.Add(unit);
        CreditPriority running = queue.Current is CreditUnit current ? current.Priority : CreditPriority.Idle;
        if (running == CreditPriority.Idle && queue.Waiting == 1)
        {
            _idle.TryRemove(queue.Cpu);
            Machine.Poke(queue.Cpu);
        }
        else if (!WakeIdleFor(unit) && unit.Priority < running)
            Machine.Poke(queue.Cpu);
    }

    /// <summary>Wakes an idle CPU that may take a waiting unit. False if there is none.</summary>
    private bool WakeIdleFor(CreditUnit unit)
    {
        while (!_idle.IsEmpty)
        {
            CpuSet idle = _idle.Now.And(AllowedFor(unit));
            if (idle.IsEmpty)
                return false;
            CpuSet liked = idle.And(unit.SoftAffinity);
            uint cpu = Nearest(liked.IsEmpty ? idle : liked, unit.Cpu);
            if (!_idle.TryRemove(cpu))
                continue;
            Machine.Poke(cpu);
            return true;
        }
        return false;
    }

    /// <summary>The CPU of a set, which is not empty, that is nearest to another: itself, if it is in the set.</summary>
    private uint Nearest(in CpuSet set, uint to)
    {
        if (set.Contains(to))
            return to;
        uint best = CpuSet.Capacity, distance = uint.MaxValue;
        for (uint cpu = set.Next(0); cpu < CpuSet.Capacity; cpu = set.Next(cpu + 1))
        {
            uint here = Machine.Distance(to, cpu);
            if (here >= distance)
                continue;
            best = cpu;
            distance = here;
        }
        return best;
    }

    private uint ShortestQueue(in CpuSet set, uint preferred)
    {
        uint best = preferred;
        int length = int.MaxValue;
        if (set.Contains(preferred))
            length = QueueOf(preferred).Waiting;
        for (uint cpu = set.Next(0); cpu < CpuSet.Capacity; cpu = set.Next(cpu + 1))
        {
            int waiting = QueueOf(cpu).Waiting;
            if (waiting >= length)
                continue;
            best = cpu;
            length = waiting;
        }
        return best;
    }
}
