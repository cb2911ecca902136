// Time: the shared time info and its version protocol, the wall clock, one-shot and periodic timers, and the waits of
// sched_op. Figures of time never reach the transcript; only order and generous bounds are checked, so that an emulator may be slow.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class Times
{
    const ulong Millisecond = 1000000;

    /// <summary>Longer than a busy host may keep an emulator from running.</summary>
    const ulong Long = 300 * Millisecond;

    public static void Run()
    {
        Check.Run("time.info", &Info);
        Check.Run("time.monotonic", &Monotonic);
        Check.Run("time.wall_clock", &WallClock);
        Check.Run("time.stop_periodic", &StopPeriodic);
        Check.Run("time.set_timer_op", &SetTimerOp);
        Check.Run("time.singleshot", &Singleshot);
        Check.Run("time.singleshot_errors", &SingleshotErrors);
        Check.Run("time.periodic", &Periodic);
        Check.Run("time.block", &Block);
        Check.Run("time.block_pending", &BlockPending);
        Check.Run("time.poll", &Poll);
        Check.Run("time.poll_pending", &PollPending);
        Check.Run("time.poll_errors", &PollErrors);
        Check.Run("time.yield", &Yield);
        Check.Run("time.preempts_user_mode", &PreemptsUserMode);
    }

    static void Info()
    {
        VcpuTimeInfo* info = &Vcpu.Info->Time;
        Check.Equal("version is even", 0, info->Version & 1);
        Check.True("multiplier", info->TscToSystemMul != 0);
        Check.True("shift", info->TscShift is > -32 and < 32);
        Check.True("timestamp lies behind", info->TscTimestamp <= Native.ReadTsc());
        ulong now = Clock.Now();
        Check.True("time since boot: more than 0, less than an hour", now > 0 && now < 3600000 * Millisecond);
    }

    static void Monotonic()
    {
        ulong last = Clock.Now();
        ulong backwards = 0;
        for (int i = 0; i < 20000; i++)
        {
            ulong now = Clock.Now();
            backwards += now < last ? 1ul : 0;
            last = now;
        }

        Check.Equal("steps backwards", 0, backwards);
        // Waits and re-entries give the hypervisor occasions to write the record anew.
        Check.Ok("bind_virq", Events.BindVirq(Virq.Timer, 0, out uint port));
        for (int i = 0; i < 20; i++)
        {
            Check.Ok("set_timer_op", Hypercall.Call(Number.SetTimerOp, Clock.Now() + Millisecond));
            Hypercall.SchedBlock();
            Events.Disable();
            ulong now = Clock.Now();
            backwards += now < last ? 1ul : 0;
            last = now;
            Events.Collect();
        }

        Check.Equal("steps backwards over waits", 0, backwards);
        Check.Ok("close", Events.Close(port));
    }

    static void WallClock()
    {
        Check.Equal("version is even", 0, Vcpu.Shared->WcVersion & 1);
        ulong seconds = Vcpu.Shared->WcSec | (ulong)Vcpu.Shared->WcSecHi << 32;
        ulong now = seconds + Clock.Now() / 1000000000;
        Check.True("after 2020", now > 1577836800);
        Check.True("before 2100", now < 4102444800);
        Check.True("nanoseconds", Vcpu.Shared->WcNsec < 1000000000);
    }

    static void StopPeriodic()
    {
        Check.Ok("stop_periodic_timer", Hypercall.VcpuOp(7, 0, null));
        Check.Ok("again", Hypercall.VcpuOp(7, 0, null));
        Check.Result("of vCPU 100, absent", -ErrorNumber.Enoent, Hypercall.VcpuOp(7, 100, null));
    }

    /// <summary>Waits with the mask open until the port has fired, at most so long.</summary>
    static bool WaitFor(uint port, uint count, ulong limit)
    {
        ulong end = Clock.Now() + limit;
        Events.Enable();
        while (Events.Count(port) == count && Clock.Now() < end)
        {
        }

        Events.Disable();
        return Events.Count(port) != count;
    }

    static void SetTimerOp()
    {
        Check.Ok("callback", Events.Install());
        Check.Ok("bind_virq", Events.BindVirq(Virq.Timer, 0, out uint port));
        uint count = Events.Count(port);
        ulong deadline = Clock.Now() + 5 * Millisecond;
        Check.Ok("set_timer_op", Hypercall.Call(Number.SetTimerOp, deadline));
        Check.True("it fires", WaitFor(port, count, 2000 * Millisecond));
        Check.True("not before its time", Clock.Now() >= deadline);
        Check.Equal("once", count + 1, Events.Count(port));

        Check.Ok("set_timer_op, past", Hypercall.Call(Number.SetTimerOp, 1));
        Check.True("it fires at once", WaitFor(port, count + 1, 2000 * Millisecond));
        Check.Ok("set_timer_op", Hypercall.Call(Number.SetTimerOp, Clock.Now() + Long));
        Check.Ok("0 stops it", Hypercall.Call(Number.SetTimerOp, 0));
        Check.True("it does not fire", !WaitFor(port, count + 2, Long + 20 * Millisecond));
        Check.Ok("close", Events.Close(port));
    }

    /// <summary>set_singleshot_timer: deadline and flags (1: only if it lies ahead).</summary>
    static long SetSingleshot(ulong deadline, uint flags)
    {
        ulong* op = stackalloc ulong[2];
        op[0] = deadline;
        op[1] = flags;
        return Hypercall.VcpuOp(8, 0, op);
    }

    static void Singleshot()
    {
        Check.Ok("callback", Events.Install());
        Check.Ok("bind_virq", Events.BindVirq(Virq.Timer, 0, out uint port));
        uint count = Events.Count(port);
        ulong deadline = Clock.Now() + 5 * Millisecond;
        Check.Ok("set", SetSingleshot(deadline, 0));
        Check.True("it fires", WaitFor(port, count, 2000 * Millisecond));
        Check.True("not before its time", Clock.Now() >= deadline);
        Check.Ok("set in the past", SetSingleshot(1, 0));
        Check.True("it fires", WaitFor(port, count + 1, 2000 * Millisecond));
        Check.Ok("set in the past, only if ahead", SetSingleshot(1, 1));
        WaitFor(port, count + 2, 5 * Millisecond);
        Check.Value("it fires all the same", Events.Count(port) - count - 2);
        count = Events.Count(port) - 2;
        Check.Ok("set ahead, only if ahead", SetSingleshot(Clock.Now() + Long, 1));
        Check.Ok("stop", Hypercall.VcpuOp(9, 0, null));
        Check.True("it does not fire", !WaitFor(port, count + 2, Long + 20 * Millisecond));
        Check.Ok("set", SetSingleshot(Clock.Now() + Long, 0));
        Check.Ok("set anew, later", SetSingleshot(Clock.Now() + Long + 10 * Millisecond, 0));
        Check.True("it fires", WaitFor(port, count + 2, 2000 * Millisecond));
        Check.True("only once", !WaitFor(port, count + 3, 20 * Millisecond));
        Check.Ok("close", Events.Close(port));
    }

    static void SingleshotErrors()
    {
        Check.Result("set for vCPU 100, absent", -ErrorNumber.Enoent, Hypercall.VcpuOp(8, 100, null));
        Check.Result("unmapped argument", -ErrorNumber.Efault, Hypercall.VcpuOp(8, 0, (void*)0x12345000));
        Check.Result("stop for vCPU 100, absent", -ErrorNumber.Enoent, Hypercall.VcpuOp(9, 100, null));
        Check.Ok("stop", Hypercall.VcpuOp(9, 0, null));
    }

    static void Periodic()
    {
        Check.Ok("bind_virq", Events.BindVirq(Virq.Timer, 0, out uint port));
        ulong period = 2 * Millisecond;
        Check.Ok("set_periodic_timer", Hypercall.VcpuOp(6, 0, &period));
        uint count = Events.Count(port);
        ulong start = Clock.Now();
        for (uint i = 0; i < 5; i++)
        {
            Check.True("it fires", WaitFor(port, count + i, 2000 * Millisecond));
        }

        Check.True("five times take 8 ms or more", Clock.Now() - start >= 4 * period);
        Check.Ok("stop_periodic_timer", Hypercall.VcpuOp(7, 0, null));
        WaitFor(port, Events.Count(port), 5 * Millisecond);
        count = Events.Count(port);
        Check.True("it has stopped", !WaitFor(port, count, 10 * Millisecond));
        period = 1000;
        Check.Result("period of 1 us", -ErrorNumber.Einval, Hypercall.VcpuOp(6, 0, &period));
        Check.Ok("stop", Hypercall.VcpuOp(7, 0, null));
        Check.Ok("close", Events.Close(port));
    }

    /// <summary>sched_op block opens the mask, sleeps, and returns after the upcall.</summary>
    static void Block()
    {
        Check.Ok("callback", Events.Install());
        Check.Ok("bind_virq", Events.BindVirq(Virq.Timer, 0, out uint port));
        uint count = Events.Count(port);
        ulong upcalls = Events.Upcalls;
        ulong deadline = Clock.Now() + 5 * Millisecond;
        Check.Ok("set_timer_op", Hypercall.Call(Number.SetTimerOp, deadline));
        long result = Hypercall.SchedBlock();
        byte mask = Vcpu.Info->UpcallMask;
        ulong now = Clock.Now();
        Events.Disable();
        Check.Ok("block", result);
        Check.Equal("mask", 0, mask);
        Check.Equal("upcalls", upcalls + 1, Events.Upcalls);
        Check.Equal("timer events", count + 1, Events.Count(port));
        Check.True("it slept until the deadline", now >= deadline);
        Check.Ok("close", Events.Close(port));
    }

    static void BlockPending()
    {
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        Check.Ok("send", Events.Send(port));
        ulong upcalls = Events.Upcalls;
        long result = Hypercall.SchedBlock();
        Events.Disable();
        Check.Ok("block returns at once", result);
        Check.Equal("upcalls", upcalls + 1, Events.Upcalls);
        Check.Ok("close", Events.Close(port));
    }

    static long SchedPoll(uint* ports, uint count, ulong timeout)
    {
        ulong* op = stackalloc ulong[3];
        op[0] = (ulong)ports;
        op[1] = count;
        op[2] = timeout;
        return Hypercall.Call(Number.SchedOp, 3, (ulong)op);
    }

    /// <summary>sched_op poll with the mask shut: until a port is pending or the time is over.</summary>
    static void Poll()
    {
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        ulong upcalls = Events.Upcalls;
        ulong deadline = Clock.Now() + 5 * Millisecond;
        Check.Ok("poll", SchedPoll(&port, 1, deadline));
        Check.True("it slept until the deadline", Clock.Now() >= deadline);
        deadline = Clock.Now() + 5 * Millisecond;
        Check.Ok("poll of nothing", SchedPoll(null, 0, deadline));
        Check.True("it slept until the deadline", Clock.Now() >= deadline);
        Check.Equal("no upcall", upcalls, Events.Upcalls);

        // A masked port wakes a poll as well.
        Check.Ok("bind_virq", Events.BindVirq(Virq.Timer, 0, out uint timer));
        Events.Mask(timer);
        Events.ClearPending(timer);
        deadline = Clock.Now() + 5 * Millisecond;
        Check.Ok("set_timer_op", Hypercall.Call(Number.SetTimerOp, deadline));
        Check.Ok("poll for the timer", SchedPoll(&timer, 1, Clock.Now() + 2000 * Millisecond));
        Check.True("pending", Events.Pending(timer));
        Check.True("before the poll's own end", Clock.Now() < deadline + 1900 * Millisecond);
        Events.ClearPending(timer);
        Events.Unmask(timer);
        Check.Ok("close", Events.Close(timer));
        Check.Ok("close", Events.Close(port));
        Events.Collect();
    }

    static void PollPending()
    {
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        Check.Ok("send", Events.Send(port));
        ulong start = Clock.Now();
        Check.Ok("poll", SchedPoll(&port, 1, start + 2000 * Millisecond));
        Check.True("at once", Clock.Now() - start < 1000 * Millisecond);
        Check.True("still pending", Events.Pending(port));
        Check.Ok("close", Events.Close(port));
        Events.Collect();
    }

    static void PollErrors()
    {
        uint port = 100000;
        Check.Result("a port out of range", -ErrorNumber.Einval, SchedPoll(&port, 1, Clock.Now() + Millisecond));
        Check.Result("129 ports", -ErrorNumber.Einval, SchedPoll(&port, 129, Clock.Now() + Millisecond));
        Check.Result("unmapped list", -ErrorNumber.Efault, SchedPoll((uint*)0x12345000, 1, Clock.Now() + Millisecond));
        Check.Result("unmapped argument", -ErrorNumber.Efault, Hypercall.Call(Number.SchedOp, 3, 0x12345000));
    }

    static void Yield()
    {
        for (int i = 0; i < 100; i++)
        {
            Check.Ok("yield", Hypercall.SchedYield());
        }

        Check.Equal("mask", 1, Vcpu.Info->UpcallMask);
    }

    /// <summary>An endless loop in user mode ends by the timer's upcall, which is the proof that the timer preempts.</summary>
    static void PreemptsUserMode()
    {
        UserMode.Prepare();
        Check.Ok("callback", Events.Install());
        Check.Ok("bind_virq", Events.BindVirq(Virq.Timer, 0, out uint port));
        ulong upcalls = Events.Upcalls;
        Check.Ok("set_timer_op", Hypercall.Call(Number.SetTimerOp, Clock.Now() + 3 * Millisecond));
        UserMode.EndOnEvent = true;
        Check.Equal("entry", Entries.Event, UserMode.Run([0xeb, 0xfe])); // jmp .
        Check.Equal("one upcall", upcalls + 1, Events.Upcalls);
        Check.Equal("rip", UserMode.CodeAddress, Events.LastFrame.Rip);
        Check.Ok("close", Events.Close(port));
    }
}
