// VCPUOP_register_vcpu_info moves vcpu_info into a page of the guest, which stays what it is.

using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed class VcpuInfoTests
{
    [Fact]
    public void It_moves_once_and_nothing_is_lost()
    {
        using var guest = new GuestScene();
        Mfn page = OwnPage(guest);
        guest.Vcpu.Info.Store64(16, 0x1234);
        Assert.Equal(0, Register(guest, 0, page.Value, 128));
        SharedArea info = SharedArea.Page(page).Slice(128, 64);
        Assert.Equal((1, 1, ulong.MaxValue, 0x1234UL), (info.Load8(0), info.Load8(1), info.Load64(8), info.Load64(16)));
        Assert.NotEqual(0u, info.Load32(32 + 24));

        guest.Domain.Events.BindIpi(0, out uint port);
        info.Store8(0, 0);
        info.Store64(8, 0);
        guest.Domain.Events.Send(port);
        Assert.Equal((1, 1UL), (info.Load8(0), info.Load64(8)));
        Assert.Equal(-22, Register(guest, 0, page.Value, 192));
    }

    [Fact]
    public void The_page_cannot_become_a_page_table_meanwhile()
    {
        using var guest = new GuestScene();
        Mfn page = OwnPage(guest);
        Assert.Equal(0, Register(guest, 0, page.Value, 0));
        Assert.NotEqual(Hypervisor.XenError.None, guest.Host.Memory.Types.TryGetDescriptors(page, guest.Domain));
    }

    [Theory]
    [InlineData(4033u)]
    [InlineData(4u)]
    [InlineData(uint.MaxValue)]
    public void The_offset_must_fit_and_be_aligned(uint offset)
    {
        using var guest = new GuestScene();
        Assert.Equal(-6, Register(guest, 0, OwnPage(guest).Value, offset));
    }

    [Fact]
    public void Frames_of_others_and_vCPUs_that_run_are_refused()
    {
        using var guest = new GuestScene();
        Domain other = guest.NewDomain(4);
        other.Pages.MaxPages = 10;
        Assert.True(other.Pages.TryAllocate(0, AllocationFlags.Zeroed, out Mfn theirs));
        Assert.Equal(-22, Register(guest, 0, theirs.Value, 0));
        Assert.Equal(-22, Register(guest, 0, 1UL << 40, 0));
        Assert.Equal(-22, Register(guest, 0, ulong.MaxValue, 0));
        guest.Domain.FindVcpu(1)!.Scheduling.Up();
        Assert.Equal(-22, Register(guest, 1, OwnPage(guest).Value, 0));
        guest.Domain.FindVcpu(1)!.Scheduling.Down();
        Assert.Equal(0, Register(guest, 1, OwnPage(guest).Value, 0));
    }

    private static Mfn OwnPage(GuestScene guest)
    {
        guest.Domain.Pages.MaxPages = 10;
        Assert.True(guest.Domain.Pages.TryAllocate(0, AllocationFlags.Zeroed, out Mfn page));
        return page;
    }

    private static long Register(GuestScene guest, uint vcpu, ulong frame, uint offset)
    {
        guest.Write(GuestScene.Memory, new VcpuRegisterVcpuInfo { Mfn = frame, Offset = offset });
        return guest.Call(HypercallNumber.VcpuOp, (ulong)VcpuOp.RegisterVcpuInfo, vcpu, GuestScene.Memory);
    }
}
