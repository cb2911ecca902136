using System.Threading;
using Xenith.Machine;

namespace Xenith.Hypervisor.Time;

/// <summary>Something that is to happen at a moment of system time.</summary>
public abstract class Timer
{
    internal Timer? Next;

    /// <summary>One more than the number of the CPU in whose queue it waits; 0 if in none. Becomes 0, or what it was not, only under that queue's lock.</summary>
    internal int Claim;

    /// <summary>Nanoseconds of system time at which <see cref="Expire"/> is due.</summary>
    public ulong Deadline { get; internal set; }

    /// <summary>True while it waits in a queue.</summary>
    public bool IsSet => Volatile.Read(ref Claim) != 0;

    /// <summary>What it is for, in a word: for debug key a.</summary>
    public virtual string Name => "timer";

    /// <summary>Called on the queue's CPU, out of interrupts, not before the deadline. The timer may be set again from here.</summary>
    public abstract void Expire(ulong now);
}

/// <summary>
/// The timers of one CPU in the order of their deadlines. Any CPU may set and cancel timers in any queue; a timer is in one queue at most, which it is claimed for. The list is short (a few for
/// each vCPU that last ran here), so it is a list.
/// </summary>
public sealed class TimerQueue
{
    private readonly SpinLock _lock = new(LockRank.Timers);
    private readonly Pcpu _cpu;
    private Timer? _first;

    /// <summary>The queue of a CPU.</summary>
    public TimerQueue(Pcpu cpu) => _cpu = cpu;

    /// <summary>Earliest deadline, or the end of time.</summary>
    public ulong NextDeadline => Volatile.Read(ref _first) is Timer first ? first.Deadline : ulong.MaxValue;

    /// <summary>Set when the earliest deadline changed and the hardware has not been told.</summary>
    public bool NeedsProgramming { get; set; }

    private int Number => (int)_cpu.Id + 1;

    /// <summary>Makes a timer due at a moment, whether or not it was set before, and wherever.</summary>
    public void Set(Timer timer, ulong deadline)
    {
        bool isFirst;
        while (!TryInsert(timer, deadline, out isFirst))
            Cancel(timer);
        if (isFirst)
            _cpu.Raise(PendingWork.Timer);
    }

    /// <summary>Takes a timer out of whatever queue it waits in. Its <see cref="Timer.Expire"/> may have begun on that queue's CPU, and go on: who then takes the timer's memory away waits for all CPUs to pass.</summary>
    public void Cancel(Timer timer)
    {
        while (Volatile.Read(ref timer.Claim) is not 0 and var claim)
        {
            if (QueueOf(claim) is TimerQueue queue)
                queue.TryRemove(timer, out _);
        }
    }

    /// <summary>Moves a timer that waits in another CPU's queue to this one.</summary>
    internal void Bring(Timer timer)
    {
        int claim = Volatile.Read(ref timer.Claim);
        if (claim != 0 && claim != Number && QueueOf(claim) is TimerQueue elsewhere && elsewhere.TryRemove(timer, out ulong deadline)
            && TryInsert(timer, deadline, out bool isFirst) && isFirst)
            _cpu.Raise(PendingWork.Timer);
    }

    /// <summary>Debug key a: a line for each timer, the earliest first.</summary>
    internal void Dump(Console.ConsoleLog log, ulong now)
    {
        using (_lock.EnterInterruptSafe())
        {
            for (Timer? timer = _first; timer is not null; timer = timer.Next)
                log.Always($"  ex={(timer.Deadline > now ? (timer.Deadline - now) / 1000 : 0),12}us timer={timer.Name}");
        }
    }

    /// <summary>Takes over all timers of another CPU, which goes offline.</summary>
    internal void TakeOver(TimerQueue other)
    {
        while (Volatile.Read(ref other._first) is Timer timer)
            Bring(timer);
    }

    /// <summary>Expires every timer that is due.</summary>
    public void RunDue(ulong now)
    {
        while (true)
        {
            Timer? due;
            using (_lock.EnterInterruptSafe())
            {
                due = _first;
                if (due is null || due.Deadline > now)
                    break;
                _first = due.Next;
                due.Next = null;
                Volatile.Write(ref due.Claim, 0);
                NeedsProgramming = true;
            }
            due.Expire(now);
        }
    }

    private TimerQueue? QueueOf(int claim) => claim == Number ? this : _cpu.Host.Pcpus.Find((uint)claim - 1)?.Timers;

    /// <summary>False if another queue has the timer.</summary>
    private bool TryInsert(Timer timer, ulong deadline, out bool isFirst)
    {
        isFirst = false;
        using (_lock.EnterInterruptSafe())
        {
            int claim = Volatile.Read(ref timer.Claim);
            if (claim == Number)
                Unlink(timer);
            else if (claim != 0 || Interlocked.CompareExchange(ref timer.Claim, Number, 0) != 0)
                return false;
            timer.Deadline = deadline;
            Timer? before = null;
            Timer? at = _first;
            while (at is not null && at.Deadline <= deadline)
            {
                before = at;
                at = at.Next;
            }
            timer.Next = at;
            if (before is null)
            {
                _first = timer;
                NeedsProgramming = true;
                isFirst = true;
            }
            else
                before.Next = timer;
        }
        return true;
    }

    private bool TryRemove(Timer timer, out ulong deadline)
    {
        using (_lock.EnterInterruptSafe())
        {
            deadline = timer.Deadline;
            if (Volatile.Read(ref timer.Claim) != Number)
                return false;
            Unlink(timer);
            Volatile.Write(ref timer.Claim, 0);
            return true;
        }
    }

    /// <summary>Takes a timer of this queue out of the list. The lock is held.</summary>
    private void Unlink(Timer timer)
    {
        Timer? before = null;
        Timer? at = _first;
        while (at is not null && at != timer)
        {
            before = at;
            at = at.Next;
        }
        if (at is null)
            return;
        if (before is null)
            _first = at.Next;
        else
            before.Next = at.Next;
        timer.Next = null;
    }
}
