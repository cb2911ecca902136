// event_channel_op as guests see it, and the bits in shared_info and vcpu_info that carry an event.

using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Events;
using Xenith.Machine;
using Xenith.Tests.Hypercalls;
using Xunit;
using Op = Xenith.Abi.EventChannelOp;

namespace Xenith.Tests.Events;

public sealed class EventChannelTests
{
    private const uint Pending = 2048, Mask = 2560;

    [Fact]
    public void An_event_goes_from_port_to_port()
    {
        using var guest = new GuestScene();
        Domain domU = guest.NewDomain(5);
        var unbound = new EventChannelAllocUnbound { Dom = DomainIds.Self, RemoteDom = 5 };
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.AllocUnbound, ref unbound));
        Assert.Equal(1u, unbound.Port);
        Assert.Equal(0, Send(guest, 1));

        guest.Serve(domU.FindVcpu(0)!);
        var bind = new EventChannelBindInterdomain { RemoteDom = 0, RemotePort = 1 };
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.BindInterdomain, ref bind));
        Assert.Equal(1u, bind.LocalPort);
        Assert.True(IsPending(domU, 1), "a new connection starts with an event, for those that were lost");

        Assert.False(IsPending(guest.Dom0, 1));
        Assert.Equal(0, Send(guest, 1));
        Assert.True(IsPending(guest.Dom0, 1));
        Vcpu vcpu = guest.Dom0.FindVcpu(0)!;
        Assert.Equal((1, 1UL), (vcpu.Info.Load8(0), vcpu.Info.Load64(8)));
    }

    [Fact]
    public void A_masked_port_becomes_pending_but_interrupts_only_when_unmasked()
    {
        using var guest = new GuestScene();
        uint port = BindIpi(guest, 1);
        Vcpu target = guest.Domain.FindVcpu(1)!;
        guest.Domain.SharedInfo.TestAndSetBit(Mask, port);
        Assert.Equal(0, Send(guest, port));
        Assert.Equal((true, 0, 0UL), (IsPending(guest.Domain, port), target.Info.Load8(0), target.Info.Load64(8)));
        Assert.Equal(0, Port(guest, Op.Unmask, port));
        Assert.Equal((1, 1UL), (target.Info.Load8(0), target.Info.Load64(8)));
        Assert.False(guest.Domain.SharedInfo.TestBit(Mask, port));
    }

    [Fact]
    public void An_event_that_is_pending_already_does_not_count_twice()
    {
        using var guest = new GuestScene();
        uint port = BindIpi(guest, 0);
        Assert.Equal(0, Send(guest, port));
        guest.Vcpu.Info.Store8(0, 0);
        guest.Vcpu.Info.Store64(8, 0);
        Assert.Equal(0, Send(guest, port));
        Assert.Equal((0, 0UL), (guest.Vcpu.Info.Load8(0), guest.Vcpu.Info.Load64(8)));
    }

    [Fact]
    public void An_event_wakes_a_blocked_vCPU_unless_it_is_masked()
    {
        using var guest = new GuestScene();
        uint port = BindIpi(guest, 1);
        Vcpu target = guest.Domain.FindVcpu(1)!;
        target.Scheduling.Up();
        target.Scheduling.Block();
        guest.Domain.SharedInfo.TestAndSetBit(Mask, port);
        Send(guest, port);
        Assert.True(target.Scheduling.IsBlocked);
        Port(guest, Op.Unmask, port);
        Assert.False(target.Scheduling.IsBlocked);
    }

    [Theory]
    [InlineData(0u, 0u, 0)]
    [InlineData(0u, 1u, 0)]
    [InlineData(2u, 1u, -22)]
    [InlineData(24u, 0u, -22)]
    [InlineData(0xffffffffu, 0u, -22)]
    [InlineData(0u, 2u, -2)]
    [InlineData(0u, 0xffffffffu, -2)]
    [InlineData(13u, 1u, 0)]
    public void Virqs_are_bound_once_and_global_ones_to_vCPU_0(uint virq, uint vcpu, int expected)
    {
        using var guest = new GuestScene();
        var bind = new EventChannelBindVirq { Virq = virq, Vcpu = vcpu };
        Assert.Equal(expected, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.BindVirq, ref bind));
        if (expected == 0)
            Assert.Equal(-17, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.BindVirq, ref bind));
    }

    [Fact]
    public void A_global_virq_follows_bind_vcpu_and_a_vCPUs_own_does_not()
    {
        using var guest = new GuestScene();
        uint console = BindVirq(guest, Virq.Console, 0), timer = BindVirq(guest, Virq.Timer, 0);
        Assert.Equal(0, BindVcpu(guest, console, 1));
        Assert.Equal(-22, BindVcpu(guest, timer, 1));
        Assert.Equal(-2, BindVcpu(guest, console, 2));
        guest.Domain.Events.RaiseGlobalVirq((uint)Virq.Console);
        Assert.Equal((0, 1), (guest.Vcpu.Info.Load8(0), guest.Domain.FindVcpu(1)!.Info.Load8(0)));
        Assert.Equal(0, Port(guest, Op.Close, console));
        Assert.Equal(console, BindVirq(guest, Virq.Console, 0));
    }

    [Fact]
    public void Closing_one_end_leaves_the_other_waiting_for_us()
    {
        using var guest = new GuestScene();
        Domain domU = guest.NewDomain(5);
        Assert.Equal(Hypervisor.XenError.None, domU.Events.AllocateUnbound(0, out uint theirs));
        Assert.Equal(Hypervisor.XenError.None, guest.Dom0.Events.BindInterdomain(domU, theirs, out uint ours));
        Assert.Equal(0, Port(guest, Op.Close, ours));
        Assert.Equal(-22, Port(guest, Op.Close, ours));
        Assert.False(IsPending(guest.Dom0, ours));
        EventChannelStatus status = Status(guest, 5, theirs);
        Assert.Equal(((uint)EventChannelState.Unbound, (ushort)0), (status.Status, status.UnboundDom));
        Assert.Equal(Hypervisor.XenError.None, guest.Dom0.Events.BindInterdomain(domU, theirs, out _));
    }

    [Fact]
    public void Status_describes_every_kind()
    {
        using var guest = new GuestScene();
        Domain domU = guest.NewDomain(5);
        domU.Events.AllocateUnbound(0, out uint theirs);
        guest.Dom0.Events.BindInterdomain(domU, theirs, out uint ours);
        EventChannelStatus status = Status(guest, DomainIds.Self, ours);
        Assert.Equal(((uint)EventChannelState.Interdomain, (ushort)5, theirs), (status.Status, status.InterdomainDom, status.InterdomainPort));
        status = Status(guest, DomainIds.Self, BindVirq(guest, Virq.Timer, 1));
        Assert.Equal(((uint)EventChannelState.Virq, (uint)Virq.Timer, 1u), (status.Status, status.Virq, status.Vcpu));
        status = Status(guest, DomainIds.Self, BindIpi(guest, 1));
        Assert.Equal(((uint)EventChannelState.Ipi, 1u), (status.Status, status.Vcpu));
        Assert.Equal((uint)EventChannelState.Closed, Status(guest, DomainIds.Self, 0).Status);
        Assert.Equal((uint)EventChannelState.Closed, Status(guest, DomainIds.Self, 63).Status);
        var invalid = new EventChannelStatus { Dom = DomainIds.Self, Port = 64 };
        Assert.Equal(-22, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.Status, ref invalid));
        var nobody = new EventChannelStatus { Dom = 9, Port = 1 };
        Assert.Equal(-3, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.Status, ref nobody));
    }

    [Fact]
    public void A_domain_may_not_look_at_or_allocate_for_another()
    {
        using var guest = new GuestScene(privileged: false);
        var status = new EventChannelStatus { Dom = 0, Port = 1 };
        Assert.Equal(-1, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.Status, ref status));
        var unbound = new EventChannelAllocUnbound { Dom = 0, RemoteDom = DomainIds.Self };
        Assert.Equal(-1, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.AllocUnbound, ref unbound));
        unbound = new EventChannelAllocUnbound { Dom = 7, RemoteDom = DomainIds.Self };
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.AllocUnbound, ref unbound));
        var own = new EventChannelBindInterdomain { RemoteDom = DomainIds.Self, RemotePort = unbound.Port };
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.BindInterdomain, ref own));
    }

    [Fact]
    public void Bad_ports_commands_and_addresses_are_refused()
    {
        using var guest = new GuestScene();
        foreach (uint port in (uint[])[0, 1, 63, 64, 4095, 4096, 131071, uint.MaxValue])
        {
            Assert.Equal(-22, Send(guest, port));
            Assert.Equal(-22, Port(guest, Op.Close, port));
            Assert.Equal(-22, BindVcpu(guest, port, 0));
            Assert.Equal(port < 64 ? 0 : -22, Port(guest, Op.Unmask, port));
        }
        Assert.Equal(-38, Port(guest, (Op)15, 1));
        Assert.Equal(-38, Port(guest, (Op)1000, 1));
        for (ulong command = 0; command < 15; command++)
            Assert.True(guest.Call(HypercallNumber.EventChannelOp, command, GuestScene.Unmapped) is -14 or -38);
        uint timer = BindVirq(guest, Virq.Timer, 0);
        Assert.Equal(-22, Send(guest, timer));
    }

    [Fact]
    public void Ports_run_out_at_4095_and_come_back_lowest_first()
    {
        using var guest = new GuestScene();
        for (uint expected = 1; expected < EventChannels.MaxPorts; expected++)
            Assert.Equal(expected, BindIpi(guest, 0));
        var bind = new EventChannelBindIpi();
        Assert.Equal(-28, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.BindIpi, ref bind));
        Port(guest, Op.Close, 3000);
        Port(guest, Op.Close, 17);
        Assert.Equal(17u, BindIpi(guest, 0));
        Assert.Equal(3000u, BindIpi(guest, 0));
    }

    [Fact]
    public void Reset_closes_everything_and_can_be_interrupted()
    {
        using var guest = new GuestScene();
        for (int i = 0; i < 300; i++)
            BindIpi(guest, 0);
        guest.Write(GuestScene.Memory, DomainIds.Self);
        PerCpu.RaiseWork(PendingWork.Schedule);
        Assert.Equal(32, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.Reset, GuestScene.Memory));
        Assert.Equal(14UL, PerCpu.Frame.Rdi);
        Assert.Equal(-16, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.Reset, GuestScene.Memory));
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, 14, GuestScene.Memory));
        Assert.Equal(-16, guest.Call(HypercallNumber.EventChannelOp, 14, GuestScene.Memory));
        for (uint port = 1; port < 320; port++)
            Assert.Equal((uint)EventChannelState.Closed, Status(guest, DomainIds.Self, port).Status);
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.Reset, GuestScene.Memory));
    }

    [Fact]
    public void The_old_form_of_the_call_does_the_same()
    {
        using var guest = new GuestScene();
        var op = new EventChannelOpArgs { Cmd = (uint)Op.BindIpi };
        guest.Write(GuestScene.Memory, op);
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOpCompat, GuestScene.Memory));
        Assert.Equal(1u, guest.Read<EventChannelOpArgs>(GuestScene.Memory).BindIpi.Port);
        guest.Write(GuestScene.Memory, new EventChannelOpArgs { Cmd = (uint)Op.Reset });
        Assert.Equal(-38, guest.Call(HypercallNumber.EventChannelOpCompat, GuestScene.Memory));
    }

    private static bool IsPending(Domain domain, uint port) => domain.SharedInfo.TestBit(Pending, port);

    private static long Port(GuestScene guest, Op operation, uint port)
    {
        guest.Write(GuestScene.Memory, port);
        return guest.Call(HypercallNumber.EventChannelOp, (ulong)operation, GuestScene.Memory);
    }

    private static long Send(GuestScene guest, uint port) => Port(guest, Op.Send, port);

    private static uint BindIpi(GuestScene guest, uint vcpu)
    {
        var bind = new EventChannelBindIpi { Vcpu = vcpu };
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.BindIpi, ref bind));
        return bind.Port;
    }

    private static uint BindVirq(GuestScene guest, Virq virq, uint vcpu)
    {
        var bind = new EventChannelBindVirq { Virq = (uint)virq, Vcpu = vcpu };
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.BindVirq, ref bind));
        return bind.Port;
    }

    private static long BindVcpu(GuestScene guest, uint port, uint vcpu)
    {
        var bind = new EventChannelBindVcpu { Port = port, Vcpu = vcpu };
        return guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.BindVcpu, ref bind);
    }

    private static EventChannelStatus Status(GuestScene guest, ushort domain, uint port)
    {
        var status = new EventChannelStatus { Dom = domain, Port = port };
        Assert.Equal(0, guest.Call(HypercallNumber.EventChannelOp, (ulong)Op.Status, ref status));
        return status;
    }
}
