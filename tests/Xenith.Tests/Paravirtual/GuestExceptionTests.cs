// Exceptions that are the guest's own affair, and the instructions by which user mode enters its kernel.

using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class GuestExceptionTests
{
    [Theory]
    [InlineData(ExceptionVector.InvalidTss)]
    [InlineData(ExceptionVector.SegmentNotPresent)]
    [InlineData(ExceptionVector.StackFault)]
    [InlineData(ExceptionVector.AlignmentCheck)]
    public void Those_with_an_error_code_bring_it(int vector)
    {
        using PvScene scene = new();
        scene.SetGate(vector);
        Assert.True(scene.Trap(vector, 0x5678));
        Assert.Equal(0x5678UL, scene.Read(scene.Frame.Rsp + 16));
        Assert.Equal(PvScene.Code, scene.Read(scene.Frame.Rsp + 24));
    }

    [Theory]
    [InlineData(ExceptionVector.DivideError)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(19)]
    public void Those_without_have_none(int vector)
    {
        using PvScene scene = new();
        scene.SetGate(vector);
        Assert.True(scene.Trap(vector, 0x5678));
        Assert.Equal(PvScene.Code, scene.Read(scene.Frame.Rsp + 16));
    }

    [Fact]
    public void What_the_CPU_says_of_a_debug_exception_adds_up()
    {
        using PvScene scene = new();
        scene.SetGate(ExceptionVector.Debug);
        scene.Cpu.DebugRegisters[6] = 0xffff_0ff1;
        Assert.True(scene.Trap(ExceptionVector.Debug));
        Assert.Equal((1UL, 0xffff_0ff0UL), (scene.Vcpu.Pv.Dr6 & 15, scene.Cpu.DebugRegisters[6]));
        scene.Cpu.DebugRegisters[6] = 0xffff_4ff2;
        Assert.True(scene.Trap(ExceptionVector.Debug));
        Assert.Equal(3UL | 1 << 14, scene.Vcpu.Pv.Dr6 & (15 | 1 << 14));
    }

    [Fact]
    public void INT_n_whose_code_cannot_be_read_goes_by_the_error_code()
    {
        using PvScene scene = new();
        scene.SetGate(ExceptionVector.GeneralProtection);
        scene.SetGate(0x30, 3, PvScene.Handler + 16);
        scene.Frame.Rip = PvCalls.Nowhere;
        scene.Trap(ExceptionVector.GeneralProtection, 0x30 * 8 + 2);
        Assert.Equal((PvScene.Handler + 16, PvCalls.Nowhere + 2), (scene.Frame.Rip, scene.Read(scene.Frame.Rsp + 16)));
        // With the bit for an external event it is no INT, and there is nothing to emulate.
        scene.Frame.Rip = PvCalls.Nowhere;
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection, 0x30 * 8 + 3));
    }

    [Theory]
    [InlineData(0x30, 0x90)]
    [InlineData(0x30, 0x0f)]
    public void INT_n_where_other_code_stands_by_now(int vector, byte code)
    {
        using PvScene scene = new();
        scene.SetGate(vector, 3);
        scene.SetCode(code, 0x06);
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection, (uint)vector * 8 + 2));
        Assert.Equal(PvScene.Code + 0x102, scene.Read(scene.Frame.Rsp + 16));
    }

    [Theory]
    [InlineData(EntryVector.UserSyscall)]
    [InlineData(EntryVector.UserSyscall32)]
    [InlineData(EntryVector.UserSysenter)]
    public void User_mode_enters_at_the_callback_of_its_instruction(ulong entry)
    {
        using PvScene scene = new();
        PvVcpu pv = scene.Vcpu.Pv;
        (pv.SyscallCallback, pv.Syscall32Callback, pv.SysenterCallback) = (PvScene.Handler + 1, PvScene.Handler + 2, PvScene.Handler + 3);
        (pv.SyscallMasksEvents, pv.Syscall32MasksEvents, pv.SysenterMasksEvents) = (true, true, true);
        scene.EnterUserMode();
        scene.Frame.Vector = entry;
        PvEntry.UserSyscall(ref scene.Frame);
        Assert.Equal((PvScene.Handler + 1 + (entry - EntryVector.UserSyscall), false, (byte)1), (scene.Frame.Rip, pv.InUserMode, scene.Mask));
    }

    [Theory]
    [InlineData(EntryVector.UserSyscall, ExceptionVector.InvalidOpcode, true)]
    [InlineData(EntryVector.UserSyscall32, ExceptionVector.InvalidOpcode, true)]
    [InlineData(EntryVector.UserSysenter, ExceptionVector.GeneralProtection, false)]
    public void Without_a_callback_the_instruction_does_not_exist(ulong entry, int vector, bool isWoundBack)
    {
        using PvScene scene = new();
        scene.SetGate(vector);
        scene.EnterUserMode();
        scene.Frame.Rip = PvScene.Code + 0x40;
        scene.Frame.Vector = entry;
        PvEntry.UserSyscall(ref scene.Frame);
        Assert.Equal(PvScene.Handler, scene.Frame.Rip);
        Assert.Equal(PvScene.Code + (isWoundBack ? 0x3eUL : 0x40UL), scene.Read(scene.Frame.Rsp + (isWoundBack ? 16UL : 24UL)));
    }

    [Fact]
    public void A_return_that_met_a_missing_LDT_page_is_made_again()
    {
        using PvScene scene = new();
        scene.SetGate(ExceptionVector.PageFault);
        scene.Frame.Vector = ExceptionVector.PageFault;
        scene.Cpu.Cr2 = PvCalls.Nowhere;
        PvEntry.ReturnFailed(ref scene.Frame);
        Assert.Equal((PvScene.Handler, PvCalls.Nowhere), (scene.Frame.Rip, scene.Vcpu.Info.Load64(VcpuInfoOffsets.Cr2)));
    }
}
