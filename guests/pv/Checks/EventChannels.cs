// Event channels of the two-level ABI, all within this one domain and vCPU: IPIs, VIRQs, channels to itself, masks, pending
// bits, and the upcall.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class EventChannels
{
    public static void Run()
    {
        Check.Run("event.ipi", &Ipi);
        Check.Run("event.upcall_frame", &UpcallFrame);
        Check.Run("event.upcall_mask", &UpcallMask);
        Check.Run("event.upcall_on_iret", &UpcallOnIret);
        Check.Run("event.port_mask", &PortMask);
        Check.Run("event.unmask_call", &UnmaskCall);
        Check.Run("event.interdomain", &Interdomain);
        Check.Run("event.unbound", &Unbound);
        Check.Run("event.close", &Close);
        Check.Run("event.status", &Status);
        Check.Run("event.virq", &VirtualIrq);
        Check.Run("event.bind_vcpu", &BindVcpu);
        Check.Run("event.errors", &Errors);
        Check.Run("event.many", &Many);
        Check.Run("event.order", &Order);
        Check.Run("event.user_mode", &FromUserMode);
        Check.Run("event.evtchn_reset", &Reset);
    }

    static void Ipi()
    {
        Check.Ok("event callback", Events.Install());
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        Check.True("port is not 0", port != 0);
        Check.True("not pending", !Events.Pending(port));
        Check.Ok("send", Events.Send(port));
        Check.True("pending bit", Events.Pending(port));
        Check.Equal("selector bit", 1, Vcpu.Info->PendingSel >> (int)(port / 64) & 1);
        Check.Equal("upcall pending", 1, Vcpu.Info->UpcallPending);
        uint before = Events.Count(port);
        ulong upcalls = Events.Upcalls;
        Events.Enable();
        Events.Disable();
        Check.Equal("one upcall", upcalls + 1, Events.Upcalls);
        Check.Equal("one event", before + 1, Events.Count(port));
        Check.True("not pending any more", !Events.Pending(port));

        // With the mask open the upcall comes before SYSCALL returns.
        Events.Enable();
        long result = Events.Send(port);
        ulong seen = Events.Upcalls;
        Events.Disable();
        Check.Ok("send", result);
        Check.Equal("upcall before the return", upcalls + 2, seen);
        Check.Ok("close", Events.Close(port));
    }

    static void UpcallFrame()
    {
        Check.Ok("event callback", Events.Install());
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        Probe.Registers = default;
        Probe.Registers.Rax = Number.EventChannelOp;
        Probe.Registers.Rdi = EvtchnOp.Send;
        Probe.Registers.Rsi = (ulong)&port;
        Probe.Registers.Rbx = 0xbbbb;
        Probe.Registers.R8 = 0x8888;
        Events.Enable();
        bool completed = Probe.Run([0x0f, 0x05]); // syscall
        Events.Disable();
        Check.True("completed", completed);
        Check.Equal("send", 0, Probe.Registers.Rax);
        Check.Equal("rbx", 0xbbbb, Probe.Registers.Rbx);
        Check.Equal("r8", 0x8888, Probe.Registers.R8);
        ref TrapFrame frame = ref Events.LastFrame;
        Check.Equal("rip", Probe.Start + 2, frame.Rip);
        Check.Equal("cs", Selector.KernelCode64, frame.Cs & 0xffff);
        Check.Equal("saved upcall mask", 0, frame.Cs >> 32);
        Check.Equal("ss", Selector.Data, frame.Ss);
        Check.Equal("IF", 0x200, frame.Rflags & 0x200);
        Check.Equal("rax is the result already", 0, frame.Rax);
        Check.Equal("mask inside", 1, Events.LastMaskInside);
        Check.Equal("frame's end", frame.Rsp & ~15ul, Events.LastFrameEnd);
        Check.Ok("close", Events.Close(port));
    }

    static void UpcallMask()
    {
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        ulong upcalls = Events.Upcalls;
        Check.Ok("send while masked", Events.Send(port));
        Check.Result("another hypercall", 0x40011, Hypercall.XenVersion(0, null));
        Check.Equal("no upcall", upcalls, Events.Upcalls);
        Vcpu.Info->UpcallMask = 0;
        ulong atOnce = Events.Upcalls;
        Hypercall.XenVersion(0, null);
        ulong after = Events.Upcalls;
        Events.Disable();
        Check.Equal("clearing the mask alone does nothing", upcalls, atOnce);
        Check.Equal("the next hypercall delivers", upcalls + 1, after);
        Check.Ok("close", Events.Close(port));
    }

    /// <summary>An iret that opens the mask delivers at once.</summary>
    static void UpcallOnIret()
    {
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        Check.Ok("send while masked", Events.Send(port));
        ulong upcalls = Events.Upcalls;
        Trap.Resume = true;
        Trap.SkipBytes = 2;
        Trap.FlagsToSet = 0x200;
        Check.True("fault and back", Probe.Run([0x0f, 0x0b]));
        Events.Disable();
        Check.Equal("one upcall", upcalls + 1, Events.Upcalls);
        Check.Equal("at the place of return", Probe.Start + 2, Events.LastFrame.Rip);
        Check.Ok("close", Events.Close(port));
    }

    static void PortMask()
    {
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        Events.Collect();
        Events.Mask(port);
        Check.Ok("send", Events.Send(port));
        Check.True("pending", Events.Pending(port));
        Check.Equal("no upcall pending", 0, Vcpu.Info->UpcallPending);
        Check.Equal("no selector bit", 0, Vcpu.Info->PendingSel >> (int)(port / 64) & 1);
        Check.Ok("send again", Events.Send(port));
        Check.Equal("no upcall pending", 0, Vcpu.Info->UpcallPending);
        Events.Unmask(port);
        Check.Ok("send, pending already", Events.Send(port));
        Check.Equal("a bit that is set is not sent again", 0, Vcpu.Info->UpcallPending);
        Events.ClearPending(port);
        Check.Ok("send", Events.Send(port));
        Check.Equal("upcall pending", 1, Vcpu.Info->UpcallPending);
        Check.Ok("close", Events.Close(port));
        Events.Collect();
    }

    static void UnmaskCall()
    {
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        Events.Collect();
        Events.Mask(port);
        Check.Ok("send", Events.Send(port));
        Check.Ok("unmask", Events.UnmaskCall(port));
        Check.Equal("upcall pending", 1, Vcpu.Info->UpcallPending);
        Check.Equal("mask bit", 0, Vcpu.Shared->EvtchnMask[port / 64] >> (int)(port % 64) & 1);
        uint before = Events.Count(port);
        Events.Collect();
        Check.Equal("event", before + 1, Events.Count(port));
        Check.Ok("unmask of an unmasked port", Events.UnmaskCall(port));
        Check.Equal("nothing pending", 0, Vcpu.Info->UpcallPending);
        Check.Ok("close", Events.Close(port));
    }

    /// <summary>Both ends in this domain: an event sent into one comes out of the other.</summary>
    static void Interdomain()
    {
        Check.Ok("alloc_unbound", Events.AllocUnbound(Domid.Self, Domid.Self, out uint first));
        Check.Ok("bind_interdomain", Events.BindInterdomain(Domid.Self, first, out uint second));
        Check.True("two ports", first != second);
        // Binding makes the new end pending, so that nothing sent before is lost.
        Check.True("the new end is pending at first", Events.Pending(second));
        Events.Collect();
        Check.Ok("send into the first", Events.Send(first));
        Check.True("out of the second", Events.Pending(second) && !Events.Pending(first));
        Events.Collect();
        Check.Ok("send into the second", Events.Send(second));
        Check.True("out of the first", Events.Pending(first) && !Events.Pending(second));
        Events.Collect();
        Check.Result("bind to a bound port", -ErrorNumber.Einval, Events.BindInterdomain(Domid.Self, first, out _));
        Check.Ok("status", Events.Status(first, out EvtchnStatus status));
        Check.Equal("interdomain", ChannelStatus.Interdomain, status.Status);
        Check.Equal("peer's domain", 0, status.Detail & 0xffff);
        Check.Equal("peer's port", second, status.Detail2);
        Check.Ok("close one end", Events.Close(second));
        Check.Ok("status of the other", Events.Status(first, out status));
        Check.Equal("unbound again", ChannelStatus.Unbound, status.Status);
        Check.Ok("send into it", Events.Send(first));
        Check.Ok("close", Events.Close(first));
    }

    static void Unbound()
    {
        Check.Ok("alloc_unbound for domain 0 by number", Events.AllocUnbound(0, 0, out uint port));
        Check.Ok("send", Events.Send(port));
        Check.Ok("close", Events.Close(port));
        Check.Ok("for an absent remote domain", Events.AllocUnbound(Domid.Self, 5, out port));
        Check.Ok("close", Events.Close(port));
        Check.Result("in an absent domain", -ErrorNumber.Esrch, Events.AllocUnbound(5, 0, out _));
        Check.Result("bind to port 0", -ErrorNumber.Einval, Events.BindInterdomain(Domid.Self, 0, out _));
        Check.Result("bind to a free port", -ErrorNumber.Einval, Events.BindInterdomain(Domid.Self, 200, out _));
        Check.Result("bind to a port out of range", -ErrorNumber.Einval, Events.BindInterdomain(Domid.Self, 100000, out _));
        Check.Result("bind to an absent domain", -ErrorNumber.Esrch, Events.BindInterdomain(5, 1, out _));
    }

    static void Close()
    {
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        Check.Ok("send", Events.Send(port));
        Check.True("pending", Events.Pending(port));
        Check.Ok("close", Events.Close(port));
        Check.True("closing clears the pending bit", !Events.Pending(port));
        Check.Result("close again", -ErrorNumber.Einval, Events.Close(port));
        Check.Result("send", -ErrorNumber.Einval, Events.Send(port));
        Check.Ok("the port is taken again", Events.BindIpi(0, out uint again));
        Check.Equal("it is the same", port, again);
        Check.Ok("close", Events.Close(again));
        Check.Result("close port 0", -ErrorNumber.Einval, Events.Close(0));
        Check.Result("close a port out of range", -ErrorNumber.Einval, Events.Close(100000));
        Events.Collect();
    }

    static void Status()
    {
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint ipi));
        Check.Ok("status", Events.Status(ipi, out EvtchnStatus status));
        Check.Equal("ipi", ChannelStatus.Ipi, status.Status);
        Check.Equal("vcpu", 0, status.Vcpu);
        Check.Ok("close", Events.Close(ipi));
        Check.Ok("status of a free port", Events.Status(ipi, out status));
        Check.Equal("closed", ChannelStatus.Closed, status.Status);
        Check.Ok("alloc_unbound", Events.AllocUnbound(Domid.Self, Domid.Self, out uint port));
        Check.Ok("status", Events.Status(port, out status));
        Check.Equal("unbound", ChannelStatus.Unbound, status.Status);
        Check.Equal("for domain", 0, status.Detail & 0xffff);
        Check.Ok("close", Events.Close(port));
        Check.Ok("bind_virq", Events.BindVirq(Virq.Debug, 0, out port));
        Check.Ok("status", Events.Status(port, out status));
        Check.Equal("virq", ChannelStatus.Virq, status.Status);
        Check.Equal("which", Virq.Debug, status.Detail);
        Check.Ok("close", Events.Close(port));
        Check.Result("a port out of range", -ErrorNumber.Einval, Events.Status(100000, out _));
        Check.Ok("port 0", Events.Status(0, out _));
    }

    static void VirtualIrq()
    {
        Check.Ok("timer", Events.BindVirq(Virq.Timer, 0, out uint timer));
        Check.Result("timer again", -ErrorNumber.Eexist, Events.BindVirq(Virq.Timer, 0, out _));
        Check.Result("send into a VIRQ", -ErrorNumber.Einval, Events.Send(timer));
        Check.Ok("close", Events.Close(timer));
        Check.Ok("timer after close", Events.BindVirq(Virq.Timer, 0, out timer));
        Check.Ok("close", Events.Close(timer));
        Check.Result("virq 24", -ErrorNumber.Einval, Events.BindVirq(24, 0, out _));
        Check.Result("virq 2^32 - 1", -ErrorNumber.Einval, Events.BindVirq(0xffffffff, 0, out _));
        Check.Result("timer of vCPU 100, absent", -ErrorNumber.Enoent, Events.BindVirq(Virq.Timer, 100, out _));
        Check.Ok("console, a global one", Events.BindVirq(Virq.Console, 0, out uint console));
        Check.Result("console again", -ErrorNumber.Eexist, Events.BindVirq(Virq.Console, 0, out _));
        Check.Ok("close", Events.Close(console));
        Events.Collect();
    }

    static void BindVcpu()
    {
        Check.Ok("alloc_unbound", Events.AllocUnbound(Domid.Self, Domid.Self, out uint port));
        Check.Ok("to vCPU 0", Events.BindVcpu(port, 0));
        Check.Result("to vCPU 100, absent", -ErrorNumber.Enoent, Events.BindVcpu(port, 100));
        Check.Ok("close", Events.Close(port));
        Check.Ok("bind_ipi", Events.BindIpi(0, out port));
        Check.Result("an IPI cannot move", -ErrorNumber.Einval, Events.BindVcpu(port, 0));
        Check.Ok("close", Events.Close(port));
        Check.Ok("bind_virq timer", Events.BindVirq(Virq.Timer, 0, out port));
        Check.Result("nor a VIRQ of a vCPU", -ErrorNumber.Einval, Events.BindVcpu(port, 0));
        Check.Ok("close", Events.Close(port));
        Check.Result("a free port", -ErrorNumber.Einval, Events.BindVcpu(port, 0));
        Check.Result("a port out of range", -ErrorNumber.Einval, Events.BindVcpu(100000, 0));
    }

    static void Errors()
    {
        Check.Result("bind_ipi to vCPU 100, absent", -ErrorNumber.Enoent, Events.BindIpi(100, out _));
        Check.Result("send to port 0", -ErrorNumber.Einval, Events.Send(0));
        Check.Result("send to port 200, free", -ErrorNumber.Einval, Events.Send(200));
        Check.Result("send to port 4095", -ErrorNumber.Einval, Events.Send(4095));
        Check.Result("send to port 2^32 - 1", -ErrorNumber.Einval, Events.Send(0xffffffff));
        Check.Ok("unmask port 0", Events.UnmaskCall(0));
        Check.Result("unmask port 4095", -ErrorNumber.Einval, Events.UnmaskCall(4095));
        Check.Result("unmask port 2^31", -ErrorNumber.Einval, Events.UnmaskCall(0x80000000));
        Check.Result("argument unmapped", -ErrorNumber.Efault, Hypercall.EventChannelOp(EvtchnOp.Send, (void*)0x12345000));
        Check.Result("pirq 0 not mapped", -ErrorNumber.Eperm, BindPirq(200));
        uint* op = stackalloc uint[4];
        op[0] = 10;
        op[1] = 0;
        Check.Result("set_priority without FIFO", -ErrorNumber.Enosys, Hypercall.EventChannelOp(EvtchnOp.SetPriority, op));
        *(ulong*)op = Memory.MfnOf((ulong)Vcpu.Start);
        Check.Result("expand_array without FIFO", -ErrorNumber.Eopnotsupp, Hypercall.EventChannelOp(EvtchnOp.ExpandArray, op));
    }

    static long BindPirq(uint pirq)
    {
        uint* op = stackalloc uint[3];
        op[0] = pirq;
        op[1] = 0;
        op[2] = 0;
        return Hypercall.EventChannelOp(EvtchnOp.BindPirq, op);
    }

    /// <summary>Seventy ports reach into the second word of the bitmaps.</summary>
    static void Many()
    {
        Events.Collect();
        uint* ports = stackalloc uint[70];
        uint highest = 0;
        for (int i = 0; i < 70; i++)
        {
            Check.Ok("bind_ipi", Events.BindIpi(0, out ports[i]));
            highest = ports[i] > highest ? ports[i] : highest;
        }

        Check.True("a port in the second word", highest >= 64);
        for (int i = 0; i < 70; i++)
        {
            Check.Ok("send", Events.Send(ports[i]));
        }

        Check.Equal("selector", 3, Vcpu.Info->PendingSel);
        ulong upcalls = Events.Upcalls;
        uint before = Events.Count(highest);
        Events.Enable();
        Events.Disable();
        Check.Equal("one upcall for all", upcalls + 1, Events.Upcalls);
        Check.Equal("the highest port's event", before + 1, Events.Count(highest));
        for (int i = 0; i < 70; i++)
        {
            Check.True("taken", !Events.Pending(ports[i]));
            Check.Ok("close", Events.Close(ports[i]));
        }
    }

    /// <summary>Ports are given from the lowest free one up.</summary>
    static void Order()
    {
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint a));
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint b));
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint c));
        Check.True("first port", a is > 0 and < 8); // the hypervisor may have taken some for itself
        Check.Equal("second", a + 1, b);
        Check.Equal("third", a + 2, c);
        Check.Ok("close", Events.Close(b));
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint d));
        Check.Equal("the hole is filled", b, d);
        Check.Ok("close", Events.Close(a));
        Check.Ok("close", Events.Close(c));
        Check.Ok("close", Events.Close(d));
    }

    /// <summary>An event that is pending when user mode is entered with the mask open comes before its first instruction.</summary>
    static void FromUserMode()
    {
        UserMode.Prepare();
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint port));
        Check.Ok("send while masked", Events.Send(port));
        ulong upcalls = Events.Upcalls;
        Check.Equal("entry", Entries.Syscall, UserMode.Run([0x90, 0x0f, 0x05]));
        Check.Equal("one upcall", upcalls + 1, Events.Upcalls);
        ref TrapFrame frame = ref Events.LastFrame;
        Check.Equal("rip", UserMode.CodeAddress, frame.Rip);
        Check.Equal("cs", Selector.Code64, frame.Cs & 0xffff);
        Check.Equal("rsp", UserMode.StackTop, frame.Rsp);
        Check.Equal("saved upcall mask", 0, frame.Cs >> 32);
        Check.Equal("on the kernel's entry stack", Native.EntryStackTop(), Events.LastFrameEnd);
        Check.Equal("mask inside", 1, Events.LastMaskInside);
        Check.Ok("close", Events.Close(port));
    }

    static void Reset()
    {
        Check.Ok("bind_ipi", Events.BindIpi(0, out uint a));
        Check.Ok("alloc_unbound", Events.AllocUnbound(Domid.Self, Domid.Self, out uint b));
        ulong domain = Domid.Self;
        Check.Ok("reset", Hypercall.EventChannelOp(EvtchnOp.Reset, &domain));
        Check.Ok("status", Events.Status(a, out EvtchnStatus status));
        Check.Equal("closed", ChannelStatus.Closed, status.Status);
        Check.Ok("status", Events.Status(b, out status));
        Check.Equal("closed", ChannelStatus.Closed, status.Status);
        domain = 5;
        Check.Result("reset of an absent domain", -ErrorNumber.Esrch, Hypercall.EventChannelOp(EvtchnOp.Reset, &domain));
    }
}
