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
        Echo(call, answer);
        Check.Ok("down", SecondVcpu.Stop());
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
