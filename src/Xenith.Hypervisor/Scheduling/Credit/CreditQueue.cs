using System.Threading;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>Units that wait, first come, first served.</summary>
internal sealed class CreditList
{
    internal CreditUnit? First { get; private set; }

    private CreditUnit? _last;

    internal bool IsEmpty => First is null;

    internal void Append(CreditUnit unit)
    {
        unit.List = this;
        unit.Next = null;
        unit.Previous = _last;
        if (_last is null)
            First = unit;
        else
            _last.Next = unit;
        _last = unit;
    }

    internal void Remove(CreditUnit unit)
    {
        if (unit.Previous is null)
            First = unit.Next;
        else
            unit.Previous.Next = unit.Next;
        if (unit.Next is null)
            _last = unit.Previous;
        else
            unit.Next.Previous = unit.Previous;
        unit.List = null;
        unit.Next = null;
        unit.Previous = null;
    }
}

/// <summary>One CPU's queue: who runs, who waits at which priority, and who has used up a cap. Its lock guards all of it and the units in it.</summary>
internal sealed class CreditQueue
{
    private readonly CreditList _boost = new(), _over = new(), _under = new();
    private int _waiting;
    private int _withCredits;

    internal CreditQueue(uint cpu) => Cpu = cpu;

    internal uint Cpu { get; }

    internal SpinLock Lock { get; } = new(LockRank.Scheduler);

    /// <summary>Units whose domains have used up their caps.</summary>
    internal CreditList Parked { get; } = new();

    /// <summary>Who runs; null while the CPU idles.</summary>
    internal CreditUnit? Current;

    /// <summary>The dealing of credits that the order of the queue follows.</summary>
    internal ulong Dealing;

    /// <summary>The CPU left the idle ones and has not seen yet whether others wait for whom it had been woken.</summary>
    internal bool OwesLook;

    /// <summary>Nanoseconds that units have run here.</summary>
    internal long Burned;

    /// <summary>Units that wait and may run. May be read without the lock.</summary>
    internal int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Those of them that are not in debt. May be read without the lock.</summary>
    internal int WaitingWithCredits => Volatile.Read(ref _withCredits);

    /// <summary>Who has waited longest at the highest priority.</summary>
    internal CreditUnit? First => _boost.First ?? _over.First ?? _under.First;

    /// <summary>The list of a priority.</summary>
    internal CreditList At(CreditPriority priority) => priority switch
    {
        CreditPriority.Boost => _boost,
        CreditPriority.Over => _over,
        _ => _under,
    };

    /// <summary>Puts a unit at the end of its priority. The counts change by locked operations: whoever looks at them after a change of its own sees this one or is seen.</summary>
    internal void Add(CreditUnit unit)
    {
        At(unit.Priority).Append(unit);
        if (unit.Priority < CreditPriority.Under)
            Interlocked.Increment(ref _withCredits);
        Interlocked.Increment(ref _waiting);
    }

    /// <summary>Takes a unit out, wherever in this queue it waits.</summary>
    internal void Remove(CreditUnit unit)
    {
        if (unit.List is not CreditList list)
            return;
        list.Remove(unit);
        if (list == Parked)
            return;
        if (list != _under)
            Interlocked.Decrement(ref _withCredits);
        Interlocked.Decrement(ref _waiting);
    }
}
