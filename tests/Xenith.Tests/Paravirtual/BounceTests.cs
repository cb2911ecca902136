// Exceptions on their way into a guest kernel, and back by iret.

using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class BounceTests
{
    private const ulong UserCs = 0x33, UserSs = 0x2b;

    [Fact]
    public void A_kernel_exception_is_pushed_onto_the_kernels_own_stack()
    {
        using PvScene scene = new();
        scene.SetGate(ExceptionVector.DivideError);
        scene.Frame.Rsp = PvScene.KernelStack + 0x7f8;
        scene.Frame.Rcx = 0x11;
        scene.Frame.R11 = 0x22;
        scene.Frame.Rflags |= Rflags.Trap | Rflags.Resume | Rflags.AlignmentCheck | Rflags.NestedTask | Rflags.Carry;
        Assert.True(scene.Trap(ExceptionVector.DivideError));

        ulong rsp = scene.Frame.Rsp;
        Assert.Equal(PvScene.KernelStack + 0x7f0 - 7 * 8, rsp);
        Assert.Equal(0x11UL, scene.Read(rsp));
        Assert.Equal(0x22UL, scene.Read(rsp + 8));
        Assert.Equal(PvScene.Code, scene.Read(rsp + 16));
        Assert.Equal(0xe030UL, scene.Read(rsp + 24));
        Assert.Equal(Rflags.Interrupt | Rflags.AlwaysOne | Rflags.Trap | Rflags.Resume | Rflags.AlignmentCheck | Rflags.NestedTask | Rflags.Carry, scene.Read(rsp + 32));
        Assert.Equal(PvScene.KernelStack + 0x7f8, scene.Read(rsp + 40));
        Assert.Equal(0xe02bUL, scene.Read(rsp + 48));
        Assert.Equal(Rflags.Interrupt | Rflags.AlwaysOne | Rflags.Carry, scene.Frame.Rflags);
        Assert.Equal(0xe033UL, scene.Frame.Cs);
        Assert.Equal(0xe02bUL, scene.Frame.Ss);
        Assert.Equal(0, scene.Mask);
    }

    [Fact]
    public void The_upcall_mask_is_saved_beside_CS_and_shows_as_the_interrupt_flag()
    {
        using PvScene scene = new() { Mask = 1 };
        scene.SetGate(ExceptionVector.InvalidOpcode, flags: 4);
        Assert.True(scene.Trap(ExceptionVector.InvalidOpcode));
        Assert.Equal(0x1_0000_e030UL, scene.Read(scene.Frame.Rsp + 24));
        Assert.Equal(Rflags.AlwaysOne, scene.Read(scene.Frame.Rsp + 32));
        Assert.Equal(1, scene.Mask);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 0)]
    [InlineData(4, 1)]
    [InlineData(7, 1)]
    public void Only_gates_that_say_so_mask_events(byte flags, byte mask)
    {
        using PvScene scene = new();
        scene.SetGate(ExceptionVector.Breakpoint, flags);
        Assert.True(scene.Trap(ExceptionVector.Breakpoint));
        Assert.Equal(mask, scene.Mask);
    }

    [Fact]
    public void A_user_page_fault_switches_stack_tables_and_GS_and_has_the_user_bit()
    {
        using PvScene scene = new();
        scene.SetGate(ExceptionVector.PageFault);
        Segments.GsBase = 0x1000;
        Segments.InactiveGsBase = 0x2000;
        scene.EnterUserMode();
        Assert.Equal(0x2000UL, Segments.GsBase);
        Assert.True(PerCpu.UserMode);
        (scene.Frame.Cs, scene.Frame.Ss) = (UserCs, UserSs);
        scene.Cpu.Cr2 = 0x5555;
        Assert.True(scene.Trap(ExceptionVector.PageFault, PvExceptions.Write));

        ulong rsp = scene.Frame.Rsp;
        Assert.Equal(PvScene.KernelStack + 0x1000 - 8 * 8, rsp);
        Assert.Equal(PvExceptions.Write | PvExceptions.User, scene.Read(rsp + 16));
        Assert.Equal(PvScene.Code, scene.Read(rsp + 24));
        Assert.Equal(UserCs, scene.Read(rsp + 32));
        Assert.Equal(UserSs, scene.Read(rsp + 56));
        Assert.Equal(0x5555UL, scene.Vcpu.Info.Load64(VcpuInfoOffsets.Cr2));
        Assert.False(PerCpu.UserMode);
        Assert.Equal(scene.Vcpu.Pv.KernelRoot.Address, scene.Cpu.Cr3);
        Assert.Equal(0x1000UL, Segments.GsBase);
    }

    [Fact]
    public void A_kernel_page_fault_has_no_user_bit_although_the_kernel_runs_in_ring_3()
    {
        using PvScene scene = new();
        scene.SetGate(ExceptionVector.PageFault);
        scene.Cpu.Cr2 = 0x5555;
        Assert.True(scene.Trap(ExceptionVector.PageFault, PvExceptions.User));
        Assert.Equal(0UL, scene.Read(scene.Frame.Rsp + 16));
    }

    [Fact]
    public void Iret_goes_back_to_where_the_exception_came_from()
    {
        using PvScene scene = new() { Mask = 1 };
        scene.SetGate(ExceptionVector.PageFault, flags: 4);
        scene.EnterUserMode();
        scene.Mask = 0;
        (scene.Frame.Cs, scene.Frame.Ss) = (UserCs, UserSs);
        (scene.Frame.Rcx, scene.Frame.R11, scene.Frame.Rax) = (0x77, 0x88, 0x99);
        GuestFrame before = scene.Frame;
        scene.Cpu.Cr2 = 0x5555;
        Assert.True(scene.Trap(ExceptionVector.PageFault));
        Assert.Equal(1, scene.Mask);

        Assert.Equal(0x99, Iret(scene, flags: 0, rax: 0x99, error: true));
        Assert.Equal(before.Rip, scene.Frame.Rip);
        Assert.Equal(before.Rsp, scene.Frame.Rsp);
        Assert.Equal(before.Cs, scene.Frame.Cs);
        Assert.Equal(before.Ss, scene.Frame.Ss);
        Assert.Equal(before.Rflags, scene.Frame.Rflags);
        Assert.Equal((0x77UL, 0x88UL), (scene.Frame.Rcx, scene.Frame.R11));
        Assert.True(PerCpu.UserMode);
        Assert.Equal(scene.UserRoot.Address, scene.Cpu.Cr3);
        Assert.Equal(0, scene.Mask);
    }

    [Fact]
    public void Iret_from_a_system_call_leaves_RCX_and_R11_as_SYSRET_does()
    {
        using PvScene scene = new();
        scene.SetGate(ExceptionVector.DivideError);
        Assert.True(scene.Trap(ExceptionVector.DivideError));
        Iret(scene, (ulong)IretFlags.InSyscall, 0, error: false);
        Assert.Equal(PvScene.Code, scene.Frame.Rcx);
        Assert.Equal(scene.Frame.Rflags, scene.Frame.R11);
        Assert.Equal(0xe033UL, scene.Frame.Cs);
    }

    [Fact]
    public void Iret_cannot_turn_interrupts_off_or_IOPL_on()
    {
        using PvScene scene = new();
        ulong rsp = PvScene.KernelStack + 0x400;
        ulong[] words = [0, 0, 0, 0, PvScene.Code, 0xe030, Rflags.IoPrivilege | Rflags.Virtual8086 | Rflags.AlwaysOne, 0x1234, 0];
        for (int i = 0; i < words.Length; i++)
            scene.Cpu.TryWriteAsUser(rsp + (ulong)i * 8, words[i]);
        scene.Frame.Rsp = rsp;
        scene.Cpu.Hypercall(23);
        Assert.Equal(Rflags.Interrupt | Rflags.AlwaysOne, scene.Frame.Rflags);
        Assert.Equal(3UL, scene.Frame.Ss);
        Assert.Equal(1, scene.Mask);
    }

    [Fact]
    public void A_guest_without_a_handler_or_with_a_bad_stack_crashes_alone()
    {
        using PvScene scene = new();
        scene.Trap(ExceptionVector.DivideError);
        Assert.True(scene.Domain.IsShutDown);
        Assert.Equal(DomainLife.CrashReason, scene.Domain.ShutdownReason);

        using PvScene other = new();
        other.SetGate(ExceptionVector.DivideError);
        other.Frame.Rsp = AddressSpace.HypervisorStart + 0x1000;
        other.Trap(ExceptionVector.DivideError);
        Assert.True(other.Domain.IsShutDown);
    }

    [Fact]
    public void An_iret_frame_that_cannot_be_read_and_user_mode_without_tables_crash()
    {
        using PvScene scene = new();
        scene.Frame.Rsp = 0x1000;
        scene.Cpu.Hypercall(23);
        Assert.True(scene.Domain.IsShutDown);

        using PvScene other = new();
        other.Frame.Rsp = PvScene.Data;
        other.Cpu.TryWriteAsUser(PvScene.Data + 40, UserCs);
        other.Cpu.Hypercall(23);
        Assert.True(other.Domain.IsShutDown);
    }

    [Fact]
    public void A_selector_that_cannot_be_loaded_becomes_null_and_the_failsafe_callback_hears_of_it()
    {
        using PvScene scene = new();
        scene.Vcpu.Pv.FailsafeCallback = PvScene.Handler;
        scene.Vcpu.Pv.FailsafeMasksEvents = true;
        scene.Vcpu.Registers = scene.Frame;
        scene.Vcpu.Pv.Es = 0x1003;
        PvMode.LoadState(scene.Vcpu);
        ref GuestFrame frame = ref scene.Vcpu.Registers;
        Assert.Equal(PvScene.Handler, frame.Rip);
        Assert.Equal(PvScene.KernelStack + 0x800 - 11 * 8, frame.Rsp);
        ulong[] selectors = [0, 0x1003, 0, 0];
        for (int i = 0; i < selectors.Length; i++)
            Assert.Equal(selectors[i], scene.Read(frame.Rsp + 16 + (ulong)i * 8));
        Assert.Equal(PvScene.Code, scene.Read(frame.Rsp + 6 * 8));
        Assert.Equal(0xe030UL, scene.Read(frame.Rsp + 7 * 8));
        Assert.Equal(0, scene.Cpu.Segments[1]);
        Assert.Equal(1, scene.Mask);
    }

    [Fact]
    public void A_return_that_fails_is_an_exception_at_its_target()
    {
        using PvScene scene = new();
        scene.SetGate(ExceptionVector.GeneralProtection);
        scene.EnterUserMode();
        scene.Frame.Ss = 0x1003;
        scene.Frame.Vector = ExceptionVector.GeneralProtection;
        scene.Frame.Error = 0x1000;
        PvEntry.ReturnFailed(ref scene.Frame);
        Assert.Equal(PvScene.Handler, scene.Frame.Rip);
        Assert.Equal(0x1000UL, scene.Read(scene.Frame.Rsp + 16));
        Assert.Equal(0x1003UL, scene.Read(scene.Frame.Rsp + 56));
    }

    [Fact]
    public void A_system_call_of_user_mode_enters_its_callback_and_is_undefined_without_one()
    {
        using PvScene scene = new();
        scene.Vcpu.Pv.SyscallCallback = PvScene.Handler;
        scene.EnterUserMode();
        (scene.Frame.Cs, scene.Frame.Vector) = (UserCs, EntryVector.UserSyscall);
        PvEntry.UserSyscall(ref scene.Frame);
        Assert.Equal(PvScene.Handler, scene.Frame.Rip);
        Assert.Equal(UserCs, scene.Read(scene.Frame.Rsp + 24));

        const ulong undefined = PvScene.Handler + 8;
        scene.SetGate(ExceptionVector.InvalidOpcode, 0, undefined);
        scene.EnterUserMode();
        scene.Frame.Rip = PvScene.Code + 2;
        scene.Frame.Vector = EntryVector.UserSyscall32;
        PvEntry.UserSyscall(ref scene.Frame);
        Assert.Equal(undefined, scene.Frame.Rip);
        Assert.Equal(PvScene.Code, scene.Read(scene.Frame.Rsp + 16));
    }

    /// <summary>What a kernel does at the end of a handler: drops RCX and R11 (and the error code), pushes flags and RCX, R11, RAX, and makes the hypercall.</summary>
    private static long Iret(PvScene scene, ulong flags, ulong rax, bool error)
    {
        ulong rcx = scene.Read(scene.Frame.Rsp), r11 = scene.Read(scene.Frame.Rsp + 8);
        ulong rsp = scene.Frame.Rsp + (error ? 24UL : 16UL) - 32;
        ulong[] words = [rax, r11, rcx, flags];
        for (int i = 0; i < words.Length; i++)
            Assert.True(scene.Cpu.TryWriteAsUser(rsp + (ulong)i * 8, words[i]));
        scene.Frame.Rsp = rsp;
        return scene.Cpu.Hypercall(23);
    }
}
