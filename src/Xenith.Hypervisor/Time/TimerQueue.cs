namespace Xenith.Hypervisor.Time;

/// <summary>Something that is to happen at a moment of system time.</summary>
public abstract class Timer
{
    internal Timer? Next;
    internal TimerQueue? Queue;

    /// <summary>Nanoseconds of system time at which <see cref="Expire"/> is due.</summary>
    public ulong Deadline { get; internal set; }

    /// <summary>True while it waits in a queue.</summary>
    public bool IsSet => Queue is not null;

    /// <summary>What it is for, in a word: for debug key a.</summary>
    public virtual string Name => "timer";

    /// <summary>Called on the queue's CPU, out of interrupts, not before the deadline. The timer may be set again from here.</summary>
    public abstract void Expire(ulong now);
}

/// <summary>
/// The timers of one CPU in the order of their deadlines. The list is short (a few for each vCPU that last ran here), so it is a list.
/// </summary>
public sealed class TimerQueue
{
    private readonly SpinLock _lock = new(LockRank.Timers);
    private Timer? _first;

    /// <summary>Earliest deadline, or the end of time.</summary>
    public ulong NextDeadline => _first is null ? ulong.MaxValue : _first.Deadline;

    /// <summary>Set when the earliest deadline changed and the hardware has not been told.</summary>
    public bool NeedsProgramming { get; set; }

    /// <summary>Makes a timer due at a moment, whether or not it was set before.</summary>
    public void Set(Timer timer, ulong deadline)
    {
        TimerQueue? elsewhere = timer.Queue;
        if (elsewhere is not null && elsewhere != this)
            elsewhere.Remove(timer);
        using (_lock.EnterInterruptSafe())
        {
            if (timer.Queue == this)
                Unlink(timer);
            timer.Deadline = deadline;
            timer.Queue = this;
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
            }
            else
                before.Next = timer;
        }
        if (NeedsProgramming)
            Xenith.Machine.PerCpu.RaiseWork(Xenith.Machine.PendingWork.Timer);
    }

    /// <summary>Takes a timer out of whatever queue it waits in.</summary>
    public void Cancel(Timer timer)
    {
        TimerQueue? queue = timer.Queue;
        if (queue is not null)
            queue.Remove(timer);
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
                due.Queue = null;
                NeedsProgramming = true;
            }
            due.Expire(now);
        }
    }

    private void Remove(Timer timer)
    {
        using (_lock.EnterInterruptSafe())
            Unlink(timer);
    }

    /// <summary>Takes a timer out of the list, if it still is in it. The lock is held.</summary>
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
        timer.Queue = null;
    }
}
