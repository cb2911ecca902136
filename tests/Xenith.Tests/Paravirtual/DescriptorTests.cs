// Descriptors that a PV guest may have, and its GDT and LDT.

using Xenith.Hypervisor;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class DescriptorTests
{
    private const ulong Data3 = 0x00cf_f300_0000_ffff, Data0 = 0x00cf_9300_0000_ffff, Code0 = 0x00af_9b00_0000_ffff;

    [Theory]
    [InlineData(0UL, 0UL)]
    [InlineData(Data3, Data3)]
    [InlineData(Data0, Data3)]
    [InlineData(Code0, 0x00af_fb00_0000_ffffUL)]
    [InlineData(0x0000_0900_0000_0067UL, 0x0000_0900_0000_0067UL)]           // a task that is not present
    [InlineData(0x0000_ec00_0033_1234UL, 0x0000_8c00_0033_1234UL)]           // a call gate loses its level
    [InlineData(0x00cf_8000_0000_ffffUL, 0x00cf_8000_0000_ffffUL)]           // type 0 is nothing
    public void Harmless_ones_are_adjusted(ulong descriptor, ulong expected)
    {
        Assert.True(DescriptorCheck.TryAdjust(descriptor, out ulong adjusted));
        Assert.Equal(expected, adjusted);
        Assert.Equal(descriptor == expected, DescriptorCheck.IsAllowed(descriptor));
    }

    [Theory]
    [InlineData(0x0000_8900_0000_0067UL)]                                   // a task
    [InlineData(0x0000_8200_0000_0067UL)]                                   // a local table
    [InlineData(0x0000_8e00_0033_1234UL)]                                   // an interrupt gate
    [InlineData(0x0000_8f00_0033_1234UL)]
    [InlineData(0x0000_8500_0033_0000UL)]
    [InlineData(0x0000_ec00_e008_1234UL)]                                   // a call gate to the hypervisor's code
    [InlineData(0x0000_ec00_e023_1234UL)]                                   // one to the hypervisor's 32-bit segment
    [InlineData(0x0000_ec01_0033_1234UL)]                                   // a call gate with parameters
    public void Those_that_lead_out_of_the_guest_are_refused(ulong descriptor) => Assert.False(DescriptorCheck.TryAdjust(descriptor, out _));

    [Fact]
    public void A_frame_becomes_a_descriptor_page_while_it_is_in_the_GDT()
    {
        using PvScene scene = new();
        Mfn frame = Release(scene, PvScene.Data);
        PageTableView.At(frame).Write(2, new PageTableEntry(Data0));
        Assert.True(scene.Cpu.TryWriteAsUser(PvScene.Data + 0x1000, frame.Value));
        Assert.Equal(0, scene.Cpu.Hypercall(2, PvScene.Data + 0x1000, 512));
        Assert.Equal(Data3, PageTableView.At(frame)[2].Bits);
        Assert.NotEqual(XenError.None, scene.Host.Memory.Types.TryGetWritable(frame, scene.Domain));

        scene.Vcpu.Pv.Ds = 0x10;
        Assert.True(GuestSelectors.LoadAll(scene.Vcpu));
        Assert.Equal(0x13, scene.Cpu.Segments[0]);
        Assert.Equal(0, scene.Cpu.Hypercall(10, frame.Address + 16, 0));
        Assert.Equal(0UL, PageTableView.At(frame)[2].Bits);
        Assert.Equal(-(long)XenError.Invalid, scene.Cpu.Hypercall(10, frame.Address + 16, 0x0000_8900_0000_0067));
        Assert.Equal(-(long)XenError.Invalid, scene.Cpu.Hypercall(10, scene.L1.Address, 0));

        Assert.Equal(0, scene.Cpu.Hypercall(2, 0, 0));
        Assert.Equal(XenError.None, scene.Host.Memory.Types.TryGetWritable(frame, scene.Domain));
    }

    [Fact]
    public void A_writable_frame_cannot_be_in_the_GDT()
    {
        using PvScene scene = new();
        Mfn frame = PageTableView.At(scene.L1)[4].Frame;
        Assert.True(scene.Cpu.TryWriteAsUser(PvScene.Data + 0x1000, frame.Value));
        Assert.Equal(-(long)XenError.Invalid, scene.Cpu.Hypercall(2, PvScene.Data + 0x1000, 1));
        Assert.Equal(-(long)XenError.Invalid, scene.Cpu.Hypercall(2, PvScene.Data + 0x1000, 7169));
    }

    [Fact]
    public void An_LDT_page_is_mapped_when_a_selector_needs_it()
    {
        using PvScene scene = new();
        Mfn frame = Release(scene, PvScene.Data);
        PageTableView.At(frame).Write(1, new PageTableEntry(Data3));
        Assert.Equal(XenError.None, DescriptorTables.SetLdt(scene.Vcpu, PvScene.Data, 512));
        scene.Vcpu.Pv.Es = 0xc;
        Assert.True(GuestSelectors.LoadAll(scene.Vcpu));
        Assert.Equal(0xf, scene.Cpu.Segments[1]);
        Assert.NotEqual(XenError.None, scene.Host.Memory.Types.TryGetWritable(frame, scene.Domain));
        DescriptorTables.ReleaseLdtPages(scene.Vcpu);
        Assert.Equal(XenError.None, scene.Host.Memory.Types.TryGetWritable(frame, scene.Domain));
    }

    [Fact]
    public void Faults_in_the_descriptor_area_are_translated_for_the_guest()
    {
        using PvScene scene = new();
        const ulong protection = PvScene.Handler + 8;
        scene.SetGate(ExceptionVector.PageFault);
        scene.SetGate(ExceptionVector.GeneralProtection, 0, protection);
        scene.Cpu.Cr2 = AddressSpace.VcpuGdt(0) + 0x1238;
        scene.Trap(ExceptionVector.PageFault);
        Assert.Equal(protection, scene.Frame.Rip);
        Assert.Equal(0x1238UL, scene.Read(scene.Frame.Rsp + 16));

        Assert.Equal(XenError.None, DescriptorTables.SetLdt(scene.Vcpu, PvScene.L1View + 0x1000, 16));
        scene.Cpu.Cr2 = AddressSpace.VcpuLdt(0) + 0x18;
        Assert.True(scene.Trap(ExceptionVector.PageFault));
        Assert.Equal(PvScene.L1View + 0x1018, scene.Vcpu.Info.Load64(VcpuInfoOffsets.Cr2));
    }

    /// <summary>Makes the guest's mapping of a page read-only, so that its frame may become something else.</summary>
    private static Mfn Release(PvScene scene, ulong address)
    {
        int index = AddressSpace.TableIndex(address, 1);
        PageTableEntry entry = PageTableView.At(scene.L1)[index];
        Assert.Equal(XenError.None, PvMemory.UpdateL1Entry(scene.Vcpu, scene.L1, index, entry, entry.Without(PageFlags.Writable), out _));
        scene.Cpu.Tlb.FlushAll();
        return entry.Frame;
    }
}
