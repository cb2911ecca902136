// Lines that several domains have, the end of interrupts, and sources that do not stop.

using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Hypercalls;
using Xunit;

namespace Xenith.Tests.Interrupts;

public sealed class SharingTests
{
    private const int Gsi = 19;

    [Fact]
    public void A_shared_line_waits_for_the_end_from_every_domain()
    {
        using var guest = new GuestScene();
        LineIrq irq = Line(guest, level: true);
        Domain other = guest.NewDomain(3);
        Assert.Equal(0, Map(guest, other, out _));
        uint mine = Bind(guest, guest.Domain, true, 0), theirs = Bind(guest, other, true, 0);
        guest.Machine.IoApic.SetPin(Gsi, true);
        MessageTests.Take(guest);
        Assert.True(guest.Domain.Events.IsPending(mine) && other.Events.IsPending(theirs));
        Assert.Equal((2u, true), (irq.InFlight, IsMasked(guest)));

        var query = new PhysdevIrqStatusQuery { Irq = Gsi };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.IrqStatusQuery, ref query));
        Assert.Equal((uint)(IrqStatusFlags.NeedsEoi | IrqStatusFlags.Shared), query.Flags);

        guest.Machine.IoApic.SetPin(Gsi, false);
        End(guest);
        End(guest);
        Assert.Equal((1u, true), (irq.InFlight, IsMasked(guest)));
        other.Pirqs.EndOfInterrupt(Gsi);
        Assert.Equal((0u, false), (irq.InFlight, IsMasked(guest)));

        // A domain that goes owes nothing any more.
        guest.Machine.IoApic.SetPin(Gsi, true);
        MessageTests.Take(guest);
        End(guest);
        Assert.True(IsMasked(guest));
        Assert.Equal(XenError.None, other.Events.Close(theirs));
        Assert.False(IsMasked(guest));
    }

    [Fact]
    public void Who_does_not_share_has_it_alone()
    {
        using var guest = new GuestScene();
        Line(guest, level: true);
        Domain other = guest.NewDomain(3);
        Assert.Equal(0, Map(guest, other, out _));
        Bind(guest, guest.Domain, false, 0);
        Bind(guest, other, true, -16);
        Assert.Equal(0, Close(guest, 1));
        Bind(guest, guest.Domain, true, 0);
        Bind(guest, other, false, -16);
        Bind(guest, other, true, 0);
    }

    [Fact]
    public void So_many_and_no_more_share()
    {
        using var guest = new GuestScene();
        Line(guest, level: true);
        for (ushort id = 10; id < 10 + 33; id++)
        {
            Domain domain = guest.NewDomain(id, vcpus: 1);
            Assert.Equal(0, Map(guest, domain, out _));
            Bind(guest, domain, true, id < 42 ? 0 : -16);
        }
        Assert.Contains("Already at max share 32", guest.Printed, StringComparison.Ordinal);
    }

    [Fact]
    public void An_edge_that_nobody_looks_at_is_silenced_for_a_while_and_not_lost()
    {
        using var guest = new GuestScene();
        LineIrq irq = Line(guest, level: false);
        uint port = Bind(guest, guest.Domain, false, 0);
        for (int i = 0; i < 100; i++)
        {
            guest.Machine.IoApic.Pulse(Gsi);
            MessageTests.Take(guest);
        }
        Assert.Equal((2ul, true), (irq.Count, irq.IsThrottled));
        Assert.True(guest.Domain.SharedInfo.TestAndClearBit(2048, port));
        guest.Machine.IoApic.Pulse(Gsi);
        guest.Advance(2_000_000);
        Assert.False(irq.IsThrottled);
        Assert.True(guest.Domain.Events.IsPending(port));
    }

    [Fact]
    public void A_line_that_screams_does_not_take_the_CPU()
    {
        using var guest = new GuestScene();
        LineIrq irq = Line(guest, level: true);
        Bind(guest, guest.Domain, false, 0);
        guest.Machine.IoApic.SetPin(Gsi, true);
        for (int i = 0; i < 100_000; i++)
        {
            MessageTests.Take(guest);
            End(guest);
        }
        Assert.InRange(irq.Count, 9_000ul, 90_000ul);
        guest.Advance(20_000_000);
        Assert.False(irq.IsThrottled);
    }

    [Fact]
    public void An_MSI_without_a_mask_is_silenced_by_switching_it_off()
    {
        using var guest = new GuestScene();
        PciDevice device = MessageTests.AddDevice(guest);
        Assert.Equal(0, MessageTests.MapMsi(guest, out int pirq));
        uint port = MessageTests.Bind(guest, pirq);
        MessageTests.WriteConfiguration(guest, 0x52, 2, 1);
        for (int i = 0; i < 50; i++)
        {
            device.RaiseMsi();
            MessageTests.Take(guest);
        }
        Assert.Equal((2, 0, 1 << 10), (device.Sent, device.Get16(0x52) & 1, device.Get16(4) & 1 << 10));
        Assert.True(guest.Domain.SharedInfo.TestAndClearBit(2048, port));
        guest.Advance(2_000_000);
        Assert.Equal((1, 0), (device.Get16(0x52) & 1, device.Get16(4) & 1 << 10));
        Assert.True(guest.Domain.Events.IsPending(port));
    }

    private static LineIrq Line(GuestScene guest, bool level)
    {
        var setup = new PhysdevSetupGsi { Gsi = Gsi, Triggering = (byte)(level ? 1 : 0) };
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.SetupGsi, ref setup));
        Assert.Equal(0, Map(guest, guest.Domain, out _));
        return guest.Host.Interrupts.Line(Gsi)!;
    }

    private static long Map(GuestScene guest, Domain domain, out PhysdevMapPirq map)
    {
        map = new PhysdevMapPirq { Domid = domain.Id, Type = (int)MapPirqType.Gsi, Index = Gsi, Pirq = Gsi };
        return guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.MapPirq, ref map);
    }

    private static uint Bind(GuestScene guest, Domain domain, bool shares, int answer)
    {
        Vcpu before = guest.Vcpu;
        Assert.Equal(answer, (int)domain.Events.BindPirq(Gsi, shares, out uint port).ToResult());
        Assert.Equal(before, guest.Vcpu);
        return port;
    }

    private static long Close(GuestScene guest, uint port) => guest.Call(HypercallNumber.EventChannelOp, (ulong)EventChannelOp.Close, ref port);

    private static void End(GuestScene guest)
    {
        uint pirq = Gsi;
        Assert.Equal(0, guest.Call(HypercallNumber.PhysdevOp, (ulong)PhysdevOp.Eoi, ref pirq));
    }

    private static bool IsMasked(GuestScene guest) => (guest.Machine.IoApic.Entry(Gsi) & 1 << 16) != 0;
}
