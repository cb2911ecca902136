// Costs of the ways into this kernel and back: page faults, SYSCALL from user mode, events. The figure is the number of
// instructions between the instruction that caused the entry and the handler's first, or between the iret hypercall and the first
// instruction after it.

using System;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Benchmarks;

static unsafe class EntryCosts
{
    public static void Run()
    {
        KernelFaults();
        UserFaults();
        Breakpoints();
        UserSyscalls();
        EventToSelf();
        TimerInThePast();
    }

    static ulong Between(int from, int to, uint own) => Meter.Stamps[to] - Meter.Stamps[from] - own;

    static void KernelFaults()
    {
        const ulong absent = 0xffffffffd0000000;
        Check.Ok("gate", Trap.SetGate(14, 0, (ulong)(delegate*<void>)&Meter.StampFaultStub));
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Meter.KernelFault(absent);
            Meter.Add(Between(0, 1, 2 + 2));
        }

        Meter.End("page_fault_kernel");
        Meter.Begin(2);
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Meter.KernelFault(absent);
            Meter.Add(Between(2, 3, 4));
        }

        Meter.End("page_fault_kernel_iret");
        Check.Ok("gate", Trap.SetGate(14, 0, Native.TrapStubAddress(14)));
    }

    /// <summary>Runs one of the user programs; afterwards all four stamps are in one place.</summary>
    static void RunUser(ulong start, ulong end)
    {
        UserMode.Reset();
        UserMode.Registers.Rdi = UserMode.DataAddress;
        UserMode.Registers.Rsi = UserMode.AbsentAddress;
        UserMode.Load(new ReadOnlySpan<byte>((void*)start, (int)(end - start)));
        if (UserMode.Enter() != 0x80)
        {
            Console.WriteLine("NOTE user program ended in another way");
        }

        Meter.Stamps[0] = ((uint*)UserMode.Data)[0];
        Meter.Stamps[3] = ((uint*)UserMode.Data)[3];
    }

    static void UserFaults()
    {
        UserMode.Prepare();
        Check.Ok("gate", Trap.SetGate(14, 0, (ulong)(delegate*<void>)&Meter.StampFaultStub));
        ulong start = (ulong)(delegate*<void>)&Meter.UserFaultProgram, end = (ulong)(delegate*<void>)&Meter.UserFaultProgramEnd;
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            RunUser(start, end);
            Meter.Add(Between(0, 1, 2 + 2));
        }

        Meter.End("page_fault_user");
        Meter.Begin(2);
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            RunUser(start, end);
            Meter.Add(Between(2, 3, 4));
        }

        Meter.End("page_fault_user_iret");
        Check.Ok("gate", Trap.SetGate(14, 0, Native.TrapStubAddress(14)));
    }

    static void Breakpoints()
    {
        const byte anyPrivilege = 3;
        Check.Ok("gate", Trap.SetGate(3, anyPrivilege, (ulong)(delegate*<void>)&Meter.StampBreakpointStub));
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Meter.KernelBreakpoint();
            Meter.Add(Between(0, 1, 2 + 2));
        }

        Meter.End("breakpoint_kernel");
        ulong start = (ulong)(delegate*<void>)&Meter.UserBreakpointProgram, end = (ulong)(delegate*<void>)&Meter.UserBreakpointProgramEnd;
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            RunUser(start, end);
            Meter.Add(Between(0, 1, 2 + 2));
        }

        Meter.End("breakpoint_user");
        Check.Ok("gate", Trap.SetGate(3, anyPrivilege, Native.TrapStubAddress(3)));
    }

    static void UserSyscalls()
    {
        UserMode.Prepare();
        Check.Ok("callback", Hypercall.RegisterCallback(CallbackType.Syscall, 0, (ulong)(delegate*<void>)&Meter.StampSyscallStub));
        ulong start = (ulong)(delegate*<void>)&Meter.UserSyscallProgram, end = (ulong)(delegate*<void>)&Meter.UserSyscallProgramEnd;
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            RunUser(start, end);
            Meter.Add(Between(0, 1, 2));
        }

        Meter.End("user_syscall");
        Meter.Begin(2);
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            RunUser(start, end);
            Meter.Add(Between(2, 3, 3));
        }

        Meter.End("user_syscall_return");
        Check.Ok("callback", Hypercall.RegisterCallback(CallbackType.Syscall, 0, Native.TrapStubAddress(Entries.Syscall)));
    }

    static void EventToSelf()
    {
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        Check.Ok("callback", Hypercall.RegisterCallback(CallbackType.Event, 0, (ulong)(delegate*<void>)&Meter.StampEventStub));
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Events.Enable();
            Meter.HypercallEvent(Number.EventChannelOp, EvtchnOp.Send, (ulong)&port, 0);
            Events.Disable();
            Meter.Add(Between(0, 1, 4 + 2));
        }

        Meter.End("event_to_self");
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Events.ClearPending(port);
            Meter.Add(Meter.Call(0, Number.EventChannelOp, EvtchnOp.Send, (ulong)&port));
        }

        Meter.End("event_send_masked");
        Events.Collect();
        Check.Ok("callback", Events.Install());
        Check.Ok("close", Events.Close(port));
    }

    static void TimerInThePast()
    {
        Check.Ok("bind_virq", Events.BindVirq(Virq.Timer, 0, out uint port));
        Check.Ok("callback", Hypercall.RegisterCallback(CallbackType.Event, 0, (ulong)(delegate*<void>)&Meter.StampEventStub));
        ulong* timer = stackalloc ulong[2];
        timer[0] = 1;
        timer[1] = 0;
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            uint before = Events.Count(port);
            Events.Enable();
            Meter.HypercallEvent(Number.VcpuOp, 8, 0, (ulong)timer);
            while (Events.Count(port) == before)
            {
            }

            Events.Disable();
            Meter.Add(Between(0, 1, 4 + 2));
        }

        Meter.End("singleshot_past_to_handler");
        Check.Ok("callback", Events.Install());
        Check.Ok("close", Events.Close(port));
    }
}
