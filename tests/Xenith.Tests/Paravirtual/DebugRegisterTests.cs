// A guest's breakpoints: how MOV and the hypercalls reach them, when they are in the CPU, and which the guest may not have.

using Xenith.Hypervisor;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class DebugRegisterTests
{
    private const ulong Off = 0x400;

    [Fact]
    public void MOV_reaches_each_address_register_from_each_general_register()
    {
        using PvScene scene = Scene();
        for (int general = 0; general < 16; general++)
        {
            int register = general & 3;
            ulong value = PvScene.Base + 0x8000UL + (ulong)general * 8;
            GuestRegisters.Of(ref scene.Frame, general) = value;
            Execute(scene, (byte)(general < 8 ? 0x40 : 0x41), 0x0f, 0x23, (byte)(0xc0 | register << 3 | general & 7));
            Assert.Equal(value, new[] { scene.Vcpu.Pv.Dr0, scene.Vcpu.Pv.Dr1, scene.Vcpu.Pv.Dr2, scene.Vcpu.Pv.Dr3 }[register]);
            int other = general + 1 & 15;
            GuestRegisters.Of(ref scene.Frame, other) = 0;
            Execute(scene, (byte)(other < 8 ? 0x40 : 0x41), 0x0f, 0x21, (byte)(0xc0 | register << 3 | other & 7));
            Assert.Equal(value, GuestRegisters.Of(ref scene.Frame, other));
        }
    }

    [Fact]
    public void Four_and_five_are_six_and_seven_until_debugging_extensions_are_on()
    {
        using PvScene scene = Scene();
        scene.Frame.Rax = 0xffff_0ff1;
        Execute(scene, 0x0f, 0x23, 0xe0);
        Assert.Equal(0xffff_0ff1UL, scene.Vcpu.Pv.Dr6);
        Execute(scene, 0x0f, 0x21, 0xe3);
        Assert.Equal(0xffff_0ff1UL, scene.Frame.Rbx);
        scene.Frame.Rax = 0;
        Execute(scene, 0x0f, 0x23, 0xe8);
        Execute(scene, 0x0f, 0x21, 0xeb);
        Assert.Equal(Off, scene.Frame.Rbx);

        scene.Vcpu.Pv.Cr4 |= Cr4.DebuggingExtensions;
        const ulong undefined = PvScene.Handler + 8;
        scene.SetGate(ExceptionVector.InvalidOpcode, 0, undefined);
        foreach (byte register in (byte[])[0xe0, 0xe8])
        {
            scene.SetCode(0x0f, 0x23, register);
            scene.Trap(ExceptionVector.GeneralProtection);
            Assert.Equal(undefined, scene.Frame.Rip);
        }
        Assert.Equal(-(long)XenError.NoDevice, scene.Cpu.Hypercall(8, 4, 0));
        Assert.Equal(-(long)XenError.NoDevice, scene.Cpu.Hypercall(9, 5));
    }

    [Fact]
    public void Breakpoints_are_in_the_CPU_while_one_is_enabled_and_the_guest_is_there()
    {
        using PvScene scene = Scene();
        ulong[] cpu = scene.Cpu.DebugRegisters;
        Assert.Equal(0, scene.Cpu.Hypercall(8, 0, PvScene.Data));
        Assert.Equal((0UL, Off), (cpu[0], cpu[7]));
        Assert.Equal(0, scene.Cpu.Hypercall(8, 7, 1));
        Assert.Equal((PvScene.Data, Off | 1), (cpu[0], cpu[7]));
        Assert.Equal(0, scene.Cpu.Hypercall(8, 2, PvScene.Data + 8));
        Assert.Equal(0, scene.Cpu.Hypercall(8, 6, 0xffff_0ff2));
        Assert.Equal((PvScene.Data + 8, 0xffff_0ff2UL), (cpu[2], cpu[6]));
        Assert.Equal((long)(Off | 1), scene.Cpu.Hypercall(9, 7));
        Assert.Equal(0xffff_0ff2, scene.Cpu.Hypercall(9, 6));

        PvMode.SaveState(scene.Vcpu);
        Assert.Equal(Off, cpu[7]);
        cpu[0] = cpu[2] = 0;
        PvMode.LoadState(scene.Vcpu);
        Assert.Equal((PvScene.Data, PvScene.Data + 8, Off | 1), (cpu[0], cpu[2], cpu[7]));
        Assert.Equal(0, scene.Cpu.Hypercall(8, 7, 0));
        Assert.Equal(Off, cpu[7]);
        PvMode.SaveState(scene.Vcpu);
        cpu[0] = 5;
        PvMode.LoadState(scene.Vcpu);
        Assert.Equal(5UL, cpu[0]);
    }

    [Theory]
    [InlineData(0, AddressSpace.DirectMap, XenError.NotPermitted)]
    [InlineData(3, 0xffff_8000_0000_0000UL, XenError.NotPermitted)]
    [InlineData(7, 1UL << 13, XenError.NotPermitted)]                       // general detect
    [InlineData(7, 2UL << 28, XenError.NotPermitted)]                       // a port, without debugging extensions
    [InlineData(8, 0UL, XenError.NoDevice)]
    [InlineData(1, 0x7fff_ffff_ffffUL, XenError.None)]
    public void What_could_fire_in_the_hypervisor_is_refused(uint register, ulong value, XenError expected)
    {
        using PvScene scene = Scene();
        Assert.Equal(-(long)expected, scene.Cpu.Hypercall(8, register, value));
        if (expected == XenError.None)
            return;
        Assert.Equal(0UL, scene.Vcpu.Pv.Dr0 | scene.Vcpu.Pv.Dr3 | scene.Vcpu.Pv.Dr7 & ~Off);
        if (register > 7)
        {
            Assert.Equal(-(long)XenError.NoDevice, scene.Cpu.Hypercall(9, register));
            return;
        }
        scene.SetCode(0x0f, 0x23, (byte)(0xc0 | register << 3));
        scene.Frame.Rax = value;
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
    }

    [Theory]
    [InlineData(0, 0, 0x60, 0x60, true)]
    [InlineData(0, 0, 0x60, 0x61, false)]
    [InlineData(2, 1, 0x61, 0x60, true)]
    [InlineData(2, 1, 0x61, 0x62, false)]
    [InlineData(3, 2, 0x65, 0x67, true)]
    [InlineData(3, 2, 0x65, 0x68, false)]
    [InlineData(3, 3, 0x67, 0x64, true)]
    public void Each_breakpoint_can_watch_ports(int index, int length, int watched, int port, bool hits)
    {
        using PvScene scene = Scene();
        PvVcpu pv = scene.Vcpu.Pv;
        pv.Cr4 = Cr4.DebuggingExtensions;
        // Another one watches memory, and is not mistaken for one that watches ports.
        Assert.Equal(XenError.None, PvDebugRegisters.Write(pv, 1, (ulong)port));
        Assert.Equal(XenError.None, PvDebugRegisters.Write(pv, (uint)index, (ulong)watched));
        Assert.Equal(XenError.None, PvDebugRegisters.Write(pv, 7, (2UL | (ulong)length << 2) << (16 + index * 4) | 1UL << (index * 2 + 1) | 3UL << 20 | 1 << 2));
        Assert.Equal(hits ? 1UL << index : 0, PvDebugRegisters.PortHits(pv, (ushort)port, 1));
        Assert.Equal(4UL, scene.Cpu.DebugRegisters[7] & 0xff);
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
