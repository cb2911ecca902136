// Time that passes only when somebody says so. Reading a clock or a port costs a little, so that code which polls comes to an
// end; everything else is moved on by the test. The same calls give the same times, run after run.

using System;
using System.Collections.Generic;

namespace Xenith.Machine.Simulation;

/// <summary>The machine's time in nanoseconds since it was switched on, and what is due at which moment.</summary>
public sealed class VirtualClock
{
    private readonly List<Alarm> _alarms = [];

    /// <summary>Nanoseconds that one read of a clock or one access to a port takes.</summary>
    public ulong AccessCost { get; set; } = 20;

    /// <summary>Cycles of the time-stamp counter per microsecond.</summary>
    public ulong TscMegahertz { get; set; } = 2000;

    /// <summary>Nanoseconds since the start.</summary>
    public ulong Now { get; private set; }

    /// <summary>Raw time-stamp counter: no CPU's offset is in it.</summary>
    public ulong Tsc => (ulong)((UInt128)Now * TscMegahertz / 1000);

    /// <summary>The next moment at which something is due, if anything is.</summary>
    public ulong? Next
    {
        get
        {
            ulong? next = null;
            foreach (Alarm alarm in _alarms)
            {
                if (alarm.IsSet && (next is null || alarm.At < next))
                    next = alarm.At;
            }

            return next;
        }
    }

    /// <summary>Makes an alarm that is not set.</summary>
    public Alarm CreateAlarm(Action ring)
    {
        var alarm = new Alarm(ring);
        _alarms.Add(alarm);
        return alarm;
    }

    /// <summary>The cost of one access.</summary>
    public void Tick() => Advance(AccessCost);

    /// <summary>Lets time pass. What becomes due rings in order of time, at its own moment.</summary>
    public void Advance(ulong nanoseconds)
    {
        ulong end = checked(Now + nanoseconds);
        while (Next is { } next && next <= end)
        {
            Now = Math.Max(Now, next);
            foreach (Alarm alarm in _alarms.ToArray())
            {
                if (alarm.IsSet && alarm.At <= Now)
                    alarm.Fire();
            }
        }

        Now = end;
    }

    /// <summary>The first moment at which the counter shows a value, for deadlines in cycles.</summary>
    public ulong TimeOfTsc(ulong tsc)
    {
        UInt128 nanoseconds = ((UInt128)tsc * 1000 + TscMegahertz - 1) / TscMegahertz;
        return nanoseconds > ulong.MaxValue / 2 ? ulong.MaxValue / 2 : (ulong)nanoseconds;
    }

    /// <summary>One thing that becomes due.</summary>
    public sealed class Alarm
    {
        private readonly Action _ring;

        internal Alarm(Action ring) => _ring = ring;

        /// <summary>True while a moment is set.</summary>
        public bool IsSet { get; private set; }

        /// <summary>The moment, in nanoseconds.</summary>
        public ulong At { get; private set; }

        /// <summary>Sets the moment; one that has passed rings at the next tick.</summary>
        public void Set(ulong at)
        {
            At = at;
            IsSet = true;
        }

        /// <summary>Takes the moment back.</summary>
        public void Clear() => IsSet = false;

        internal void Fire()
        {
            IsSet = false;
            _ring();
        }
    }
}
