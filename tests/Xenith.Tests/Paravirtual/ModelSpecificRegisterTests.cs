// RDMSR and WRMSR of a PV kernel: what it reads, what it may write, and what raises #GP.

using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class ModelSpecificRegisterTests
{
    private const bool Intel = true, Amd = false;
    private const ulong Fault = 0xdead_dead_dead_dead;

    [Theory]
    [InlineData(Amd, 0x1bu, 0xfee0_0900UL)]                 // the local APIC of the first CPU, enabled
    [InlineData(Amd, 0xc000_0080u, 0xd01UL)]                // EFER
    [InlineData(Amd, 0x277u, PvMsr.SharedPat)]
    [InlineData(Amd, 0x1a0u, 0x80_1801UL)]                  // MISC_ENABLE: no performance monitoring, no MONITOR
    [InlineData(Amd, 0x345u, 0UL)]
    [InlineData(Amd, 0x8bu, 0UL)]
    [InlineData(Amd, 0x179u, 2UL)]                          // machine checks: two banks, all reports on, none there
    [InlineData(Amd, 0x17au, 0UL)]
    [InlineData(Amd, 0x400u, ulong.MaxValue)]
    [InlineData(Amd, 0x401u, 0UL)]
    [InlineData(Amd, 0x407u, 0UL)]
    [InlineData(Amd, 0x408u, Fault)]
    [InlineData(Amd, 0xc000_0103u, 0UL)]                    // TSC_AUX
    [InlineData(Amd, 0x2ffu, Fault)]                        // MTRRs
    [InlineData(Amd, 0x802u, Fault)]                        // x2APIC
    [InlineData(Amd, 0x17u, Fault)]                         // Intel's
    [InlineData(Amd, 0x3au, Fault)]
    [InlineData(Amd, 0xceu, Fault)]
    [InlineData(Amd, 0x140u, Fault)]
    [InlineData(Amd, 0xc1u, Fault)]
    [InlineData(Amd, 0x38du, Fault)]
    [InlineData(Intel, 0x17u, 0UL)]
    [InlineData(Intel, 0x3au, 1UL)]                         // FEATURE_CONTROL: locked
    [InlineData(Intel, 0xceu, 0UL)]
    [InlineData(Intel, 0x140u, 0UL)]
    [InlineData(Intel, 0xc1u, 0UL)]                         // counters that do not count
    [InlineData(Intel, 0xc8u, 0UL)]
    [InlineData(Intel, 0xc9u, Fault)]
    [InlineData(Intel, 0x186u, 0UL)]
    [InlineData(Intel, 0x18au, Fault)]
    [InlineData(Intel, 0x309u, 0UL)]
    [InlineData(Intel, 0x30cu, Fault)]
    [InlineData(Intel, 0x38du, 0UL)]
    [InlineData(Intel, 0x390u, 0UL)]
    [InlineData(Intel, 0x391u, Fault)]
    [InlineData(Intel, 0xc001_0000u, Fault)]                // AMD's
    [InlineData(Amd, 0xc001_0000u, 0UL)]
    [InlineData(Amd, 0xc001_0007u, 0UL)]
    [InlineData(Amd, 0xc001_0008u, Fault)]
    [InlineData(Amd, 0xc001_0041u, 0UL)]
    [InlineData(Amd, 0xc001_0042u, 0UL)]
    [InlineData(Amd, 0xc001_0061u, 0UL)]
    [InlineData(Amd, 0xc001_006bu, 0UL)]
    [InlineData(Amd, 0xc001_006cu, Fault)]
    [InlineData(Amd, 0xc001_0015u, 1UL << 24)]              // HWCR: how the TSC's frequency is chosen, nothing else
    [InlineData(Amd, 0xc001_1029u, 2UL)]                    // DE_CFG: LFENCE serialises, nothing else
    [InlineData(Amd, 0xc001_001fu, Fault)]
    [InlineData(Amd, 0xc001_0010u, Fault)]
    [InlineData(Amd, 0xc001_0016u, Fault)]
    [InlineData(Amd, 0xc001_0058u, Fault)]
    public void A_guest_reads(bool isIntel, uint msr, ulong expected)
    {
        using PvScene scene = new();
        scene.SetVendor(isIntel);
        scene.SetGate(ExceptionVector.GeneralProtection);
        scene.Cpu.Msrs.Define(0xc001_0015, ulong.MaxValue);
        scene.Cpu.Msrs.Define(0xc001_1029, ulong.MaxValue);
        scene.Cpu.Msrs.Define(0xc001_001f, 5);
        Assert.Equal(expected, Read(scene, msr));
    }

    [Theory]
    [InlineData(0xc001_001fu)]
    [InlineData(0xc001_0010u)]
    [InlineData(0xc001_0016u)]
    [InlineData(0xc001_0019u)]
    [InlineData(0xc001_001au)]
    [InlineData(0xc001_001du)]
    [InlineData(0xc001_0058u)]
    public void The_hardware_domain_reads_how_the_firmware_set_memory_up(uint msr)
    {
        using PvScene scene = Privileged(Amd);
        Assert.Equal(Fault, Read(scene, msr));
        scene.Cpu.Msrs.Define(msr, 0x1234_5678_9abc);
        Assert.Equal(0x1234_5678_9abcUL, Read(scene, msr));
    }

    [Fact]
    public void Registers_that_a_CPU_lacks_read_as_zero_where_a_guest_expects_them()
    {
        using PvScene scene = Privileged(Amd);
        Assert.Equal((0UL, 0UL), (Read(scene, 0xc001_0015), Read(scene, 0xc001_1029)));
        scene.SetVendor(Intel);
        Assert.Equal(Fault, Read(scene, 0xc001_001f));
    }

    [Fact]
    public void Time_and_segment_bases_are_read_from_the_CPU()
    {
        using PvScene scene = Privileged(Amd);
        ulong before = scene.Cpu.Msrs.Tsc;
        Assert.InRange(Read(scene, 0x10), before, before + (1UL << 40));
        foreach (uint msr in (uint[])[Msr.FsBase, Msr.GsBase, Msr.KernelGsBase])
        {
            Assert.True(Write(scene, msr, 0x7fff_0000_1000UL + msr));
            Assert.Equal(0x7fff_0000_1000UL + msr, scene.Cpu.Msrs.Read(msr));
            Assert.Equal(0x7fff_0000_1000UL + msr, Read(scene, msr));
            Assert.False(Write(scene, msr, 0x8000_0000_0000));
        }
    }

    [Fact]
    public void TSC_AUX_is_the_guests()
    {
        using PvScene scene = Privileged(Intel);
        Assert.True(Write(scene, Msr.TscAux, 0xffff_fff7));
        Assert.Equal((0xffff_fff7UL, 0xffff_fff7UL), (Read(scene, Msr.TscAux), scene.Cpu.Msrs.Read(Msr.TscAux)));
        Assert.False(Write(scene, Msr.TscAux, 1UL << 32));
        Assert.Equal(0xffff_fff7UL, Read(scene, Msr.TscAux));
    }

    [Theory]
    [InlineData(Amd, 0xc000_0080u, 0xd01UL, true)]          // what is there already may be written
    [InlineData(Amd, 0xc000_0080u, 0x501UL, false)]
    [InlineData(Amd, 0x277u, PvMsr.SharedPat, true)]
    [InlineData(Amd, 0x277u, 0x0007_0406_0007_0406UL, false)]
    [InlineData(Amd, 0x1a0u, 0x80_1801UL, true)]
    [InlineData(Amd, 0x1a0u, 1UL, false)]
    [InlineData(Intel, 0x8bu, 0UL, true)]
    [InlineData(Intel, 0x8bu, 1UL, false)]
    [InlineData(Amd, 0x8bu, 0UL, false)]
    [InlineData(Amd, 0x17au, 0UL, true)]
    [InlineData(Amd, 0x17au, 4UL, false)]
    [InlineData(Amd, 0x400u, 0x55UL, true)]
    [InlineData(Amd, 0x401u, 0UL, true)]
    [InlineData(Amd, 0x401u, 1UL, false)]
    [InlineData(Amd, 0x408u, 0UL, false)]
    [InlineData(Amd, 0xe7u, 9UL, true)]
    [InlineData(Amd, 0xe8u, 9UL, true)]
    [InlineData(Intel, 0x19au, 9UL, true)]
    [InlineData(Amd, 0x19au, 9UL, false)]
    [InlineData(Intel, 0x1b0u, 9UL, true)]
    [InlineData(Intel, 0xc1u, 9UL, true)]
    [InlineData(Amd, 0xc1u, 9UL, false)]
    [InlineData(Intel, 0x2ffu, 0UL, false)]
    [InlineData(Intel, 0x1bu, 0xfee0_0900UL, false)]
    [InlineData(Amd, 0xc001_0000u, 9UL, true)]
    [InlineData(Amd, 0xc001_0041u, 9UL, true)]
    [InlineData(Amd, 0xc001_0042u, 9UL, true)]
    [InlineData(Amd, 0xc001_0062u, 9UL, true)]
    [InlineData(Amd, 0xc001_1029u, 9UL, true)]
    [InlineData(Amd, 0xc001_0015u, 0UL, false)]
    [InlineData(Intel, 0xc001_0000u, 9UL, false)]
    [InlineData(Amd, 0xc001_001fu, 9UL, true)]              // dropped
    [InlineData(Amd, 0xc001_0058u, 5UL, false)]
    public void A_guest_writes(bool isIntel, uint msr, ulong value, bool taken)
    {
        using PvScene scene = new();
        scene.SetVendor(isIntel);
        scene.SetGate(ExceptionVector.GeneralProtection);
        foreach (uint defined in (uint[])[0xc001_001f, 0xc001_0058, 0xc001_1029, 0xe7, 0x400])
            scene.Cpu.Msrs.Define(defined, 5);
        ulong efer = scene.Cpu.Msrs.Read(Msr.Efer), pat = scene.Cpu.Msrs.Read(Msr.Pat);
        Assert.Equal(taken, Write(scene, msr, value));
        Assert.Equal((efer, pat), (scene.Cpu.Msrs.Read(Msr.Efer), scene.Cpu.Msrs.Read(Msr.Pat)));
        foreach (uint defined in (uint[])[0xc001_001f, 0xc001_0058, 0xc001_1029, 0xe7, 0x400])
            Assert.Equal(5UL, scene.Cpu.Msrs.Read(defined));
    }

    [Fact]
    public void The_hardware_domain_may_widen_configuration_space_and_change_nothing_else()
    {
        const uint northBridge = 0xc001_001f, configurationBase = 0xc001_0058;
        using PvScene scene = Privileged(Amd);
        Assert.False(Write(scene, northBridge, 0));
        Assert.False(Write(scene, configurationBase, 0));
        scene.Cpu.Msrs.Define(northBridge, 8);
        scene.Cpu.Msrs.Define(configurationBase, 8);
        Assert.True(Write(scene, northBridge, 8 | 1UL << 46));
        Assert.Equal(8 | 1UL << 46, scene.Cpu.Msrs.Read(northBridge));
        Assert.False(Write(scene, northBridge, 9 | 1UL << 46));
        Assert.True(Write(scene, configurationBase, 8));
        Assert.False(Write(scene, configurationBase, 9));
    }

    [Fact]
    public void The_hypercall_page_is_filled_with_stubs()
    {
        using PvScene scene = Privileged(Amd);
        const uint register = 0x4000_0000;
        ulong page = PageTableView.At(scene.L1)[4].Frame.Address;
        Assert.True(Write(scene, register, page));
        // push %rcx; push %r11; mov $17, %eax; syscall; pop %r11; pop %rcx; ret
        Assert.Equal(0x0000_0011_b853_4151UL, scene.Read(PvScene.Data + 17 * 32));
        Assert.Equal(0xccc3_595b_4105_0f00UL, scene.Read(PvScene.Data + 17 * 32 + 7));
        // iret: push %rcx; push %r11; push %rax; mov $23, %eax; syscall
        Assert.Equal(0x0000_17b8_5053_4151UL, scene.Read(PvScene.Data + 23 * 32));
        Assert.Equal(0xcccc_cccc_cc05_0f00UL, scene.Read(PvScene.Data + 23 * 32 + 8));
        Assert.Equal(0xcccc_cccc_cccc_ccccUL, scene.Read(PvScene.Data + 64 * 32));
        Assert.False(Write(scene, register, page + 8));
        Assert.False(Write(scene, register, scene.L1.Address));
        Assert.False(Write(scene, register, 1UL << 45));
        Assert.True(PageTableView.At(scene.L1)[4].IsPresent);
    }

    private static PvScene Privileged(bool isIntel)
    {
        PvScene scene = new(isPrivileged: true);
        scene.SetVendor(isIntel);
        scene.SetGate(ExceptionVector.GeneralProtection);
        return scene;
    }

    /// <summary>The value that RDMSR gives, or <see cref="Fault"/>.</summary>
    private static ulong Read(PvScene scene, uint msr)
    {
        scene.SetCode(0x0f, 0x32);
        (scene.Frame.Rcx, scene.Frame.Rax, scene.Frame.Rdx) = (0xffff_ffff_0000_0000 | msr, ulong.MaxValue, ulong.MaxValue);
        if (!scene.Trap(ExceptionVector.GeneralProtection))
            return scene.Frame.Rdx << 32 | scene.Frame.Rax;
        Leave(scene);
        return Fault;
    }

    private static bool Write(PvScene scene, uint msr, ulong value)
    {
        scene.SetCode(0x0f, 0x30);
        (scene.Frame.Rcx, scene.Frame.Rax, scene.Frame.Rdx) = (msr, value & 0xffff_ffff, value >> 32);
        if (!scene.Trap(ExceptionVector.GeneralProtection))
            return true;
        Leave(scene);
        return false;
    }

    /// <summary>The handler returns.</summary>
    private static void Leave(PvScene scene) => scene.Frame.Rsp = PvScene.KernelStack + 0x800;
}
