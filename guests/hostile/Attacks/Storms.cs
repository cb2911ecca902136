// More than anyone needs: events, timers, NMIs, yields and ports by the thousand. Nothing of it may stop the host or the
// guest, or leave something behind; how often an upcall comes depends on the machine, so only what must hold is printed.

using Xenith.Guest.Hostile.Kernel;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Attacks;

static unsafe class Storms
{
    public static void Run()
    {
        Check.Run("storm.events", &EventStorm);
        Check.Run("storm.ports", &PortStorm);
        Check.Run("storm.timers", &TimerStorm);
        Check.Run("storm.nmi", &NmiStorm);
        Check.Run("storm.pins", &PinStorm);
        Check.Run("storm.gdt", &GdtStorm);
    }

    static void EventStorm()
    {
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        Events.Collect();
        Events.Enable();
        for (int i = 0; i < 20000; i++)
        {
            Events.Send(port);
        }

        Events.Disable();
        Attack.Result("sent with upcalls on", Events.Count(port) >= 20000 ? 1 : 0);
        Events.Mask(port);
        for (int i = 0; i < 20000; i++)
        {
            Events.Send(port);
        }

        // Something else may call up meanwhile, the timer for example; not every time.
        ulong fewest = ulong.MaxValue;
        for (int i = 0; i < 20; i++)
        {
            Events.ClearPending(port);
            ulong upcalls = Events.Upcalls;
            Events.Enable();
            Events.Send(port);
            Events.Disable();
            if (Events.Upcalls - upcalls < fewest)
            {
                fewest = Events.Upcalls - upcalls;
            }
        }

        Attack.Result("a masked port calls up", (long)fewest);
        Check.Ok("close", Events.Close(port));
        Attack.Result("to a closed port", Events.Send(port));
    }

    /// <summary>Ports until there are no more.</summary>
    static void PortStorm()
    {
        ulong count = 0;
        uint port;
        long result;
        while ((result = Events.AllocUnbound(Domid.Self, 0, out port)) == 0 && count < 10000)
        {
            count++;
        }

        Attack.Result("the last", result);
        Attack.Value("ports", "are", count > 4000 ? 1ul : 0);
        Check.Ok("reset", Reset());
        Attack.Result("after a reset", Events.AllocUnbound(Domid.Self, 0, out port));
        Check.Ok("close", Events.Close(port));
    }

    static long Reset()
    {
        ushort domain = (ushort)Domid.Self;
        return Hypercall.EventChannelOp(EvtchnOp.Reset, &domain);
    }

    static void TimerStorm()
    {
        Check.Ok("bind_virq", Events.BindVirq(Virq.Timer, 0, out uint port));
        Events.Enable();
        ulong* timer = stackalloc ulong[2];
        uint* watchdog = stackalloc uint[2];
        for (int i = 0; i < 3000; i++)
        {
            Hypercall.Call(Number.SetTimerOp, 1);
            timer[0] = 1;
            timer[1] = 0;
            Hypercall.VcpuOp(8, 0, timer);
        }

        Events.Disable();
        Attack.Result("timers in the past", Events.Count(port) > 0 ? 1 : 0);
        for (int i = 0; i < 6; i++)
        {
            timer[0] = i switch { 0 => 0, 1 => 1, 2 => 999999, 3 => 1000000, 4 => 1ul << 63, _ => ~0ul };
            Attack.Result("periodic", i switch { 0 => "0", 1 => "1 ns", 2 => "999999 ns", 3 => "1 ms", 4 => "2^63", _ => "2^64-1" }, Hypercall.VcpuOp(6, 0, timer));
            Check.Ok("stop", Hypercall.VcpuOp(7, 0, null));
            Attack.Result("set_timer_op", i switch { 0 => "0", 1 => "1 ns", 2 => "999999 ns", 3 => "1 ms", 4 => "2^63", _ => "2^64-1" }, Hypercall.Call(Number.SetTimerOp, timer[0]));
        }

        Check.Ok("stop", Hypercall.Call(Number.SetTimerOp, 0));
        Check.Ok("stop", Hypercall.VcpuOp(9, 0, null));
        for (int i = 0; i < 4; i++)
        {
            watchdog[0] = i switch { 0 => 0, 1 => 3, 2 => ~0u, _ => 2 };
            watchdog[1] = 1000;
            Attack.Result("watchdog", i switch { 0 => "started", 1 => "3 of 2", 2 => "2^32-1", _ => "2, which was not started" }, Hypercall.Call(Number.SchedOp, 6, (ulong)watchdog));
        }

        watchdog[0] = 1;
        watchdog[1] = 0;
        Attack.Result("watchdog", "stopped", Hypercall.Call(Number.SchedOp, 6, (ulong)watchdog));
        Check.Ok("close", Events.Close(port));
        Hypercall.VcpuOp(7, 0, null);
    }

    static void NmiStorm()
    {
        Trap.Resume = false;
        ulong count = Trap.Count;
        for (int i = 0; i < 500; i++)
        {
            Trap.Resume = true;
            Hypercall.VcpuOp(11, 0, null);
        }

        Trap.Resume = false;
        Attack.Result("taken", Trap.Count >= count + 500 ? 1 : 0);
    }

    static void PinStorm()
    {
        ulong page = Memory.Allocate();
        ulong level1 = Mmu.AllocateFullL1(page, Pte.KernelPage);
        long results = 0;
        for (int i = 0; i < 300; i++)
        {
            results |= Tables.Pin(1, level1) | Tables.Unpin(level1);
        }

        Attack.Result("of a full table", results);
        Tables.Free(level1);
    }

    static void GdtStorm()
    {
        ulong page = Memory.Allocate();
        ulong frame = Memory.MfnOf(page);
        Check.Ok("read-only", PageTable.MakeReadOnly(page));
        long results = 0;
        for (int i = 0; i < 500; i++)
        {
            results |= Hypercall.Call(Number.SetGdt, (ulong)&frame, 512) | Hypercall.Call(Number.SetGdt, 0, 0);
            results |= Mmu.Ext(MmuextCommand.SetLdt, page, 512) | Mmu.Ext(MmuextCommand.SetLdt, 0, 0);
        }

        Attack.Result("set and unset", results);
        Check.Ok("writable", PageTable.MakeWritable(page));
    }
}
