// Answers to arguments that only a hostile guest makes, each as Xen 4.17 gives it to the guest of guests/hostile.

using Xenith.Abi;
using Xenith.Machine;
using Xunit;
using Op = Xenith.Abi.MemoryOp;

namespace Xenith.Tests.Hypercalls;

public sealed class HostileArgumentTests
{
    private const ulong Hole = 0x0000_8000_0000_0000;

    [Fact]
    public void An_address_that_cannot_be_one_leaves_its_callback_and_only_that()
    {
        using var guest = new GuestScene();
        Assert.Equal(0, guest.Call(HypercallNumber.SetCallbacks, 0x1000, 0x2000, 0x3000));
        Assert.Equal(0, guest.Call(HypercallNumber.SetCallbacks, Hole, 0x2222, Hole));
        Assert.Equal((0x1000UL, 0x2222UL, 0x3000UL), (guest.Vcpu.Pv.EventCallback, guest.Vcpu.Pv.FailsafeCallback, guest.Vcpu.Pv.SyscallCallback));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void The_upper_half_of_the_debug_status_and_control_is_refused(ulong register)
    {
        using var guest = new GuestScene();
        Assert.Equal(-22, guest.Call(HypercallNumber.SetDebugreg, register, 1UL << 32 | 0x400));
        Assert.Equal(0, guest.Call(HypercallNumber.SetDebugreg, register, 0x400));
    }

    [Theory]
    [InlineData(Op.MaximumRamPage, -22)]
    [InlineData(Op.CurrentReservation, -22)]
    [InlineData(Op.MaximumGpfn, -22)]
    [InlineData(Op.ClaimPages, -22)]
    [InlineData(Op.MachineMemoryMap, -38)]
    [InlineData(Op.GetSharingFreedPages, -38)]
    public void What_is_done_at_once_cannot_be_done_in_part(Op op, long expected)
    {
        using var guest = new GuestScene();
        guest.Write(GuestScene.Memory, (ulong)DomainIds.Self);
        Assert.Equal(expected, guest.Call(HypercallNumber.MemoryOp, (ulong)op | 5 << 6, GuestScene.Memory));
    }

    [Fact]
    public void No_pages_are_saved_by_sharing()
    {
        using var guest = new GuestScene();
        Assert.Equal(0, guest.Call(HypercallNumber.MemoryOp, (ulong)Op.GetSharingFreedPages));
        Assert.Equal(0, guest.Call(HypercallNumber.MemoryOp, (ulong)Op.GetSharingSharedPages));
    }

    [Fact]
    public void A_memory_map_without_a_list_is_only_counted()
    {
        using var guest = new GuestScene();
        var request = new MemoryMap { NrEntries = 77 };
        Assert.Equal(0, guest.Call(HypercallNumber.MemoryOp, (ulong)Op.MachineMemoryMap, ref request));
        Assert.Equal((uint)guest.Host.Platform.MemoryMap.Count, request.NrEntries);
    }

    [Fact]
    public void A_list_that_is_longer_than_the_address_space_is_a_bad_address()
    {
        using var guest = new GuestScene();
        var request = new MemoryExchange();
        request.In.NrExtents = request.Out.NrExtents = 1UL << 63;
        request.In.Domid = request.Out.Domid = DomainIds.Self;
        Assert.Equal(-14, guest.Call(HypercallNumber.MemoryOp, (ulong)Op.Exchange, ref request));
        request.In.ExtentOrder = request.Out.ExtentOrder = 1;
        Assert.Equal(-22, guest.Call(HypercallNumber.MemoryOp, (ulong)Op.Exchange, ref request));
    }

    [Theory]
    [InlineData(DomainIds.Io)]
    [InlineData(DomainIds.Xen)]
    public void Devices_and_the_hypervisor_own_no_tables(ushort owner)
    {
        using var guest = new GuestScene();
        Assert.Equal(-22, Ext(guest, MmuExtCommand.PinL1Table, owner));
        Assert.Equal(-22, Ext(guest, MmuExtCommand.ClearPage, owner));
        Assert.Equal(-1, Ext(guest, MmuExtCommand.NewBaseptr, owner));
        Assert.Equal(-95, Ext(guest, MmuExtCommand.MarkSuper, owner));
        Assert.Equal(-38, Ext(guest, (MmuExtCommand)14, owner));
    }

    [Fact]
    public void An_unprivileged_domain_names_nobody_but_itself()
    {
        using var guest = new GuestScene(privileged: false);
        Assert.Equal(-1, Ext(guest, MmuExtCommand.PinL1Table, DomainIds.Xen));
        Assert.Equal(-1, Ext(guest, MmuExtCommand.PinL1Table, 0));
        Assert.Equal(-3, Ext(guest, MmuExtCommand.PinL1Table, 99));
        Assert.Equal(-1, guest.Call(HypercallNumber.MemoryOp, (ulong)Op.MachineMemoryMap, GuestScene.Memory));
    }

    [Fact]
    public void No_user_root_is_asked_for_by_0_and_by_no_other_number()
    {
        using var guest = new GuestScene();
        Assert.Equal(0, Ext(guest, MmuExtCommand.NewUserBaseptr, DomainIds.Self, 0));
        Assert.Equal(-22, Ext(guest, MmuExtCommand.NewUserBaseptr, DomainIds.Self, ulong.MaxValue));
    }

    private static long Ext(GuestScene guest, MmuExtCommand command, ushort owner, ulong frame = 5)
    {
        guest.Write(GuestScene.Memory, new MmuExtOp { Cmd = (uint)command, Mfn = frame });
        return guest.Call(HypercallNumber.MmuExtOp, GuestScene.Memory, 1, 0, owner);
    }
}
