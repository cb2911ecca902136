// CR2 to CR4, the time-stamp counter and CPUID, as a PV kernel and its processes reach them by instructions that trap.

using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class ControlRegisterTests
{
    [Fact]
    public void CR2_is_the_guests_own()
    {
        using PvScene scene = Scene();
        scene.Frame.Rax = 0x1234_5678_9000;
        Execute(scene, 0x0f, 0x22, 0xd0);
        Assert.Equal(0x1234_5678_9000UL, scene.Vcpu.Info.Load64(VcpuInfoOffsets.Cr2));
        Execute(scene, 0x0f, 0x20, 0xd3);
        Assert.Equal(0x1234_5678_9000UL, scene.Frame.Rbx);
    }

    [Fact]
    public void CR3_takes_a_root_and_nothing_else()
    {
        using PvScene scene = Scene();
        Execute(scene, 0x0f, 0x20, 0xd8);
        Assert.Equal(scene.Vcpu.Pv.KernelRoot.Address, scene.Frame.Rax);
        scene.Frame.Rax = scene.UserRoot.Address;
        Execute(scene, 0x0f, 0x22, 0xd8);
        Assert.Equal((scene.UserRoot, scene.UserRoot.Address), (scene.Vcpu.Pv.KernelRoot, scene.Cpu.Cr3));
        foreach (ulong wrong in (ulong[])[scene.L1.Address, PageTableView.At(scene.L1)[4].Frame.Address, 1UL << 44])
        {
            scene.SetCode(0x0f, 0x22, 0xd8);
            scene.Frame.Rax = wrong;
            Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
            Assert.Equal(scene.UserRoot, scene.Vcpu.Pv.KernelRoot);
        }
    }

    [Fact]
    public void CR4_keeps_the_guests_bits_and_ignores_the_rest()
    {
        using PvScene scene = Scene();
        scene.Frame.Rax = Cr4.TimeStampDisable | Cr4.DebuggingExtensions | Cr4.FsGsBase | Cr4.OsXsave | 1UL << 13;
        Execute(scene, 0x0f, 0x22, 0xe0);
        Assert.Equal(Cr4.TimeStampDisable | Cr4.DebuggingExtensions | Cr4.FsGsBase | Cr4.OsXsave, scene.Vcpu.Pv.Cr4);
        Assert.Equal(Cr4.TimeStampDisable | Cr4.FsGsBase, scene.Cpu.Cr4 & (Cr4.TimeStampDisable | Cr4.FsGsBase | Cr4.DebuggingExtensions));
        Execute(scene, 0x0f, 0x20, 0xe3);
        Assert.Equal(scene.Vcpu.Pv.Cr4, scene.Frame.Rbx & (Cr4.TimeStampDisable | Cr4.DebuggingExtensions | Cr4.FsGsBase | Cr4.OsXsave));

        scene.Cpu.Cpuid[(7, 0)] = default;
        scene.Cpu.WriteCr4(scene.Cpu.Cr4 & ~Cr4.OsXsave);
        Execute(scene, 0x0f, 0x22, 0xe0);
        Assert.Equal(Cr4.TimeStampDisable | Cr4.DebuggingExtensions, scene.Vcpu.Pv.Cr4);
    }

    [Theory]
    [InlineData(new byte[] { 0x0f, 0x20, 0xc8 })]                           // MOV from CR1
    [InlineData(new byte[] { 0x66, 0x0f, 0x01, 0xd1 })]                     // XSETBV with a prefix
    [InlineData(new byte[] { 0xf3, 0x0f, 0x01, 0xd1 })]
    [InlineData(new byte[] { 0x0f, 0x01, 0xd0 })]
    [InlineData(new byte[] { 0x0f, 0x38, 0xf0 })]
    [InlineData(new byte[] { 0x0f, 0x05 })]
    [InlineData(new byte[] { 0x90 })]
    public void Not_an_instruction_to_emulate(byte[] code)
    {
        using PvScene scene = Scene();
        scene.SetCode(code);
        (scene.Frame.Rcx, scene.Frame.Rax, scene.Frame.Rdx) = (0, 3, 0);
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
    }

    [Fact]
    public void RDTSC_and_RDTSCP_obey_the_guests_bit_in_user_mode()
    {
        using PvScene scene = Scene();
        scene.Vcpu.Pv.TscAux = 7;
        ulong before = scene.Cpu.Msrs.Tsc;
        Execute(scene, 0x0f, 0x01, 0xf9);
        Assert.Equal(7UL, scene.Frame.Rcx);
        Assert.InRange(scene.Frame.Rdx << 32 | scene.Frame.Rax, before, before + (1UL << 40));
        scene.EnterUserMode();
        Execute(scene, 0x0f, 0x31);
        scene.Vcpu.Pv.Cr4 = Cr4.TimeStampDisable;
        scene.Frame.Rcx = 5;
        foreach (byte[] code in (byte[][])[[0x0f, 0x31], [0x0f, 0x01, 0xf9]])
        {
            scene.EnterUserMode();
            scene.SetCode(code);
            Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
            Assert.Equal(5UL, scene.Frame.Rcx);
        }
        // The kernel is free of it.
        Execute(scene, 0x0f, 0x31);
    }

    [Fact]
    public void CPUID_that_faults_is_answered_in_both_modes()
    {
        using PvScene scene = Scene();
        scene.Frame.Rax = 0x4000_0001;
        Execute(scene, 0x0f, 0xa2);
        Assert.Equal(0x0004_0011UL, scene.Frame.Rax);
        scene.EnterUserMode();
        scene.Frame.Rax = 0x4000_0001;
        Execute(scene, 0x0f, 0xa2);
        Assert.Equal(0x0004_0011UL, scene.Frame.Rax);
    }

    [Fact]
    public void WBINVD_of_a_guest_without_devices_does_nothing()
    {
        using PvScene scene = Scene();
        Execute(scene, 0x0f, 0x09);
        using PvScene privileged = new(isPrivileged: true);
        Execute(privileged, 0x0f, 0x09);
    }

    private static PvScene Scene()
    {
        PvScene scene = new();
        scene.SetGate(ExceptionVector.GeneralProtection);
        return scene;
    }

    private static void Execute(PvScene scene, params ReadOnlySpan<byte> code)
    {
        scene.SetCode(code);
        Assert.False(scene.Trap(ExceptionVector.GeneralProtection));
        Assert.Equal(PvScene.Code + 0x100 + (ulong)code.Length, scene.Frame.Rip);
    }
}
