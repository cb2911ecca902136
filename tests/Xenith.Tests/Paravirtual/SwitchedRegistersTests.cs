// What a switch of vCPUs exchanges beside the registers in the frame: it is right with and without the CPU's short ways, and writes no register that holds the value already.

using Xenith.Hypervisor;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class SwitchedRegistersTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Segment_bases_come_back_as_they_were(bool fsGsBase, bool userMode)
    {
        using PvScene scene = new();
        PvVcpu pv = scene.Vcpu.Pv;
        PvControlRegisters.WriteCr4(scene.Vcpu, fsGsBase ? Cr4.FsGsBase : 0);
        if (userMode)
            scene.EnterUserMode();
        const ulong active = 0xffff_8880_0000_2000;
        (Segments.FsBase, Segments.GsBase, Segments.InactiveGsBase) = (0x1000, active, 0x3000);
        PvMode.SaveState(scene.Vcpu);
        Assert.Equal((0x1000UL, userMode ? 0x3000UL : active, userMode ? active : 0x3000UL), (pv.FsBase, pv.GsKernelBase, pv.GsUserBase));

        (Segments.FsBase, Segments.GsBase, Segments.InactiveGsBase) = (4, 5, 6);
        PvMode.LoadState(scene.Vcpu);
        Assert.Equal((0x1000UL, active, 0x3000UL), (Segments.FsBase, Segments.GsBase, Segments.InactiveGsBase));
    }

    [Fact]
    public void A_switch_to_who_has_the_same_values_writes_no_MSR()
    {
        using PvScene scene = new();
        (Segments.FsBase, Segments.GsBase, Segments.InactiveGsBase) = (0x1000, 0x2000, 0x3000);
        PvMode.SaveState(scene.Vcpu);
        long before = scene.Cpu.Msrs.Writes;
        PvMode.LoadState(scene.Vcpu);
        Assert.Equal(before, scene.Cpu.Msrs.Writes);
    }

    [Fact]
    public void TSC_AUX_is_the_loaded_vCPUs()
    {
        using PvScene scene = new();
        PvVcpu pv = scene.Vcpu.Pv;
        foreach (uint value in (uint[])[7, 7, 0, 9])
        {
            pv.TscAux = value;
            PvMode.LoadState(scene.Vcpu);
            Assert.Equal(value, Cpu.ReadMsr(Msr.TscAux));
        }
        // A CPU that starts again may have lost it.
        Cpu.WriteMsr(Msr.TscAux, 1);
        Pcpu.Current.ResetForStart();
        PvMode.LoadState(scene.Vcpu);
        Assert.Equal(9UL, Cpu.ReadMsr(Msr.TscAux));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_switch_leaves_no_translation_behind(bool globalPages)
    {
        using PvScene scene = new();
        if (!globalPages)
            Cpu.WriteCr4(Cpu.ReadCr4() & ~Cr4.GlobalPages);
        Assert.True(GuestMemory.TryRead(PvScene.Data, out ulong _));
        ulong stamp = scene.Host.Memory.Tlb.Now;
        PageTableView.At(scene.L1).Write(AddressSpace.TableIndex(PvScene.Data, 1), default);
        Assert.True(GuestMemory.TryRead(PvScene.Data, out ulong _));
        PvMode.LoadState(scene.Vcpu);
        Assert.False(GuestMemory.TryRead(PvScene.Data, out ulong _));
        // The books know it: nothing is flushed again for what was lost before.
        ulong now = scene.Host.Memory.Tlb.Now;
        Assert.True(now > stamp);
        scene.Host.Memory.Tlb.FlushSince(stamp);
        Assert.Equal(now, scene.Host.Memory.Tlb.Now);
    }
}
