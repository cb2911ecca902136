// Costs of changing from one vCPU to another on one CPU: two that yield to each other, and an event to a sleeping vCPU which answers while
// this one sleeps.

using System.Runtime;
using System.Runtime.CompilerServices;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Benchmarks;

static unsafe class SwitchCosts
{
    public static void Run()
    {
        if (!SecondVcpu.Exists)
        {
            Console.WriteLine("NOTE no second vCPU: its benchmarks are left out");
            return;
        }

        Check.Ok("bind_ipi to vCPU 1", Events.BindIpi(SecondVcpu.Id, out uint call));
        Check.Ok("bind_ipi to vCPU 0", Events.BindIpi(0, out uint answer));
        Check.Ok("initialise", SecondVcpu.Create(call, answer));
        YieldPingPong();
        FpuPingPong();
        Echo(call, answer);
        Check.Ok("down", SecondVcpu.Stop());
        Idle();
        Check.Ok("close", Events.Close(call));
        Check.Ok("close", Events.Close(answer));
    }

    /// <summary>One's own yield: there and back again, two switches and the other's yield.</summary>
    static void YieldPingPong()
    {
        SecondVcpu.Operation = 0;
        Check.Ok("up", SecondVcpu.Start());
        Meter.Hypercall("yield_ping_pong", 0, Number.SchedOp, 0);
    }

    /// <summary>The same while both use the FPU before they yield: its state has to follow.</summary>
    static void FpuPingPong()
    {
        SecondVcpu.UsesFpu = 1;
        Meter.Begin();
        Meter.Registers = default;
        Meter.Registers.Rax = Number.SchedOp;
        // syscall; fld1; fstp %st(0)
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Meter.Add(Meter.Once([0x0f, 0x05, 0xd9, 0xe8, 0xdd, 0xd8], out _));
        }

        Meter.End("fpu_ping_pong");
        SecondVcpu.UsesFpu = 0;
    }

    /// <summary>
    /// Four seconds asleep, as many as a stamp has room for. Virtual time passes without instructions then, so the figure printed is that time; what the hypervisor executed meanwhile is what
    /// guests/benchmarks/paths.c counts.
    /// </summary>
    static void Idle()
    {
        const ulong setSingleshot = 8, seconds = 4_000_000_000, block = 1;
        Check.Ok("bind_virq", Events.BindVirq(Virq.Timer, 0, out uint port));
        ulong* timer = stackalloc ulong[2];
        timer[1] = 0;
        // Clock.Now has the first RDTSC.
        Meter.Begin(1);
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            timer[0] = Clock.Now() + seconds;
            Check.Ok("timer", Hypercall.VcpuOp(setSingleshot, 0, timer));
            uint before = Events.Count(port);
            Meter.Add(Meter.Call(0, Number.SchedOp, block));
            Events.Disable();
            if (Events.Count(port) == before)
            {
                Console.WriteLine("NOTE unexpected result: woken without the timer's event");
            }
        }

        Meter.End("idle_4_seconds");
        Check.Ok("close", Events.Close(port));
    }

    /// <summary>Send, sleep, and be woken by the other's answer: from the first SYSCALL to the handler's first instruction.</summary>
    static void Echo(uint call, uint answer)
    {
        SecondVcpu.Operation = 1;
        // It has to sleep before the first one calls.
        Hypercall.SchedYield();
        Check.Ok("callback", Hypercall.RegisterCallback(CallbackType.Event, 0, (ulong)(delegate*<void>)&Meter.StampEventStub));
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            uint before = Events.Count(answer);
            MeasureEcho(&call);
            Events.Disable();
            if (Events.Count(answer) == before)
            {
                Console.WriteLine("NOTE unexpected result: woken without an answer");
            }

            Meter.Add(Meter.Stamps[1] - Meter.Stamps[0] - (6 + 2));
        }

        Meter.End("ipi_to_sleeper_and_back");
        Check.Ok("callback", Events.Install());
    }

    [RuntimeImport("*", "measure_echo"), MethodImpl(MethodImplOptions.InternalCall)]
    static extern void MeasureEcho(uint* port);
}
