// platform_op: what dom0 hands over of its firmware's power states, and what it asks about processors.

using Xenith.Abi;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed class ProcessorPowerTests
{
    private const ulong Buffer = GuestScene.Memory + 0x1000;

    [Theory]
    [InlineData(true, 0xfffu, 0xbffu)]                                      // bit 10 means nothing
    [InlineData(false, 0xfffu, 0x8ffu)]                                     // native idle states need MONITOR
    [InlineData(true, 0xffff_f001u, 0x001u)]
    [InlineData(false, 0x300u, 0u)]
    public void The_capabilities_of_dom0_are_cut_to_what_it_can_do(bool hasMonitor, uint asked, uint left)
    {
        using GuestScene guest = new();
        var features = guest.Machine.Cpus[0].Cpuid[(1, 0)];
        features.Ecx = hasMonitor ? features.Ecx | 8 : features.Ecx & ~8u;
        guest.Machine.Cpus[0].Cpuid[(1, 0)] = features;
        guest.Write(Buffer, 1u);
        guest.Write(Buffer + 4, 1u);
        guest.Write(Buffer + 8, asked);
        Assert.Equal(0, Set(guest, ProcessorPmType.Pdc, Buffer));
        Assert.Equal(left, guest.Read<uint>(Buffer + 8));
    }

    [Theory]
    [InlineData(2u, 1u)]                                                    // another revision
    [InlineData(1u, 0u)]                                                    // no words
    public void A_buffer_of_another_form_is_invalid(uint revision, uint words)
    {
        using GuestScene guest = new();
        guest.Write(Buffer, revision);
        guest.Write(Buffer + 4, words);
        Assert.Equal(-(long)Errno.EINVAL, Set(guest, ProcessorPmType.Pdc, Buffer));
    }

    [Fact]
    public void A_buffer_has_to_be_there()
    {
        using GuestScene guest = new();
        const ulong end = GuestScene.Memory + GuestScene.Pages * 4096;
        Assert.Equal(-(long)Errno.EFAULT, Set(guest, ProcessorPmType.Pdc, GuestScene.Unmapped));
        guest.Write(end - 8, 1UL | 1UL << 32);
        Assert.Equal(-(long)Errno.EFAULT, Set(guest, ProcessorPmType.Pdc, end - 8));
    }

    [Theory]
    [InlineData(ProcessorPmType.Cx, Errno.ENOSYS)]
    [InlineData(ProcessorPmType.Px, Errno.ENOSYS)]
    [InlineData(ProcessorPmType.Tx, Errno.ENOSYS)]
    [InlineData((ProcessorPmType)9, Errno.EINVAL)]
    public void No_states_are_driven(ProcessorPmType type, Errno error)
    {
        using GuestScene guest = new();
        Assert.Equal(-(long)error, Set(guest, type, Buffer));
    }

    [Fact]
    public void A_processor_that_is_online_has_a_version()
    {
        using GuestScene guest = new();
        PlatformOpArgs op = new() { Cmd = (uint)PlatformOp.GetCpuVersion, InterfaceVersion = PlatformConstants.InterfaceVersion };
        Assert.Equal(0, Call(guest, ref op));
        Assert.Equal(((byte)'A', (byte)'e', (byte)'c', (byte)'D'), (op.PcpuVersion.VendorId[0], op.PcpuVersion.VendorId[4], op.PcpuVersion.VendorId[8], op.PcpuVersion.VendorId[11]));
        Assert.Equal((6u, 0u), (op.PcpuVersion.Family, op.PcpuVersion.MaxPresent));
        foreach (uint absent in (uint[])[1, 4096, uint.MaxValue])
        {
            op.PcpuVersion.XenCpuid = absent;
            Assert.Equal(0, Call(guest, ref op));
            Assert.Equal((0u, 0u, (byte)0), (op.PcpuVersion.Family, op.PcpuVersion.Stepping, op.PcpuVersion.VendorId[0]));
        }
    }

    private static long Set(GuestScene guest, ProcessorPmType type, ulong buffer)
    {
        PlatformOpArgs op = new() { Cmd = (uint)PlatformOp.SetProcessorPmInfo, InterfaceVersion = PlatformConstants.InterfaceVersion };
        op.SetPmInfo.Type = (uint)type;
        op.SetPmInfo.Pdc = new(buffer);
        return Call(guest, ref op);
    }

    private static long Call(GuestScene guest, ref PlatformOpArgs op)
    {
        guest.Write(GuestScene.Memory, op);
        long result = guest.Call(HypercallNumber.PlatformOp, GuestScene.Memory);
        op = guest.Read<PlatformOpArgs>(GuestScene.Memory);
        return result;
    }
}
