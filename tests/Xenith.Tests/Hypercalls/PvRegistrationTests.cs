// Where a PV kernel wants to be entered, and the CPU state that it sets by hypercalls.

using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xenith.Tests.Paravirtual;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed class PvRegistrationTests
{
    private const ulong Wild = 0x8000_0000_0000;

    [Fact]
    public void A_trap_table_sets_the_gates_that_it_names()
    {
        using PvScene scene = new();
        scene.SetGate(ExceptionVector.Debug, 0, 7);
        for (byte i = 0; i < 20; i++)
            scene.Put(PvCalls.List + i * 16UL, new TrapInfo { Vector = (byte)(i + 100), Flags = (byte)(i & 7), Cs = Selectors.Ring3Code64 & ~3, Address = PvScene.Handler + i });
        scene.Put(PvCalls.List + 20 * 16, default(TrapInfo));
        Assert.Equal(0, scene.Call(HypercallNumber.SetTrapTable, PvCalls.List));
        for (byte i = 0; i < 20; i++)
        {
            TrapGate gate = scene.Vcpu.Pv.Traps[i + 100];
            Assert.Equal((PvScene.Handler + i, Selectors.Ring3Code64, (byte)(i & 7)), (gate.Address, gate.Cs, gate.Flags));
        }
        Assert.Equal(7UL, scene.Vcpu.Pv.Traps[ExceptionVector.Debug].Address);
        Assert.Equal(0, scene.Call(HypercallNumber.SetTrapTable, 0));
        Assert.Equal(0UL, scene.Vcpu.Pv.Traps[ExceptionVector.Debug].Address | scene.Vcpu.Pv.Traps[100].Address);
    }

    [Fact]
    public void A_trap_table_can_be_set_in_steps()
    {
        using PvScene scene = new();
        for (byte i = 0; i < 5; i++)
            scene.Put(PvCalls.List + i * 16UL, new TrapInfo { Vector = (byte)(i + 100), Address = PvScene.Handler + i });
        scene.Put(PvCalls.List + 5 * 16, default(TrapInfo));
        Assert.Equal((0L, 6), scene.CallInSteps(HypercallNumber.SetTrapTable, PvCalls.List));
        Assert.Equal(PvScene.Handler + 4, scene.Vcpu.Pv.Traps[104].Address);
    }

    [Fact]
    public void A_bad_gate_ends_a_trap_table()
    {
        using PvScene scene = new();
        scene.Put(PvCalls.List, new TrapInfo { Vector = 3, Address = PvScene.Handler });
        scene.Put(PvCalls.List + 16, new TrapInfo { Vector = 4, Address = Wild });
        Assert.Equal(-(long)Errno.EINVAL, scene.Call(HypercallNumber.SetTrapTable, PvCalls.List));
        Assert.Equal((PvScene.Handler, 0UL), (scene.Vcpu.Pv.Traps[3].Address, scene.Vcpu.Pv.Traps[4].Address));
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.SetTrapTable, PvCalls.Nowhere));
    }

    [Fact]
    public void Callbacks_are_registered_one_by_one()
    {
        using PvScene scene = new();
        PvVcpu pv = scene.Vcpu.Pv;
        foreach (CallbackType type in (CallbackType[])[CallbackType.Event, CallbackType.Failsafe, CallbackType.Syscall, CallbackType.Syscall32, CallbackType.Sysenter, CallbackType.Nmi])
            Assert.Equal(0, Register(scene, type, PvScene.Handler + (ulong)type, true));
        Assert.Equal((PvScene.Handler, PvScene.Handler + 1, PvScene.Handler + 2), (pv.EventCallback, pv.FailsafeCallback, pv.SyscallCallback));
        Assert.Equal((PvScene.Handler + 7, PvScene.Handler + 5, PvScene.Handler + 4), (pv.Syscall32Callback, pv.SysenterCallback, pv.Traps[ExceptionVector.Nmi].Address));
        Assert.True(pv.FailsafeMasksEvents && pv.SyscallMasksEvents && pv.Syscall32MasksEvents && pv.SysenterMasksEvents);
        Assert.Equal(0, Register(scene, CallbackType.Syscall, PvScene.Handler, false));
        Assert.False(pv.SyscallMasksEvents);

        Assert.Equal(-(long)Errno.ENOSYS, Register(scene, CallbackType.SysenterDeprecated, PvScene.Handler, false));
        Assert.Equal(-(long)Errno.ENOSYS, Register(scene, (CallbackType)99, PvScene.Handler, false));
        Assert.Equal(-(long)Errno.EINVAL, Register(scene, CallbackType.Syscall, Wild, false));
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.CallbackOp, (ulong)CallbackOp.Register, PvCalls.Nowhere));
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.CallbackOp, (ulong)CallbackOp.Unregister, PvCalls.Nowhere));
        Assert.Equal(-(long)Errno.ENOSYS, scene.Call(HypercallNumber.CallbackOp, 2, PvCalls.Argument));
        Assert.Equal(PvScene.Handler, pv.SyscallCallback);
    }

    [Theory]
    [InlineData(CallbackType.Event, Errno.EINVAL)]
    [InlineData(CallbackType.Failsafe, Errno.EINVAL)]
    [InlineData(CallbackType.Syscall, Errno.EINVAL)]
    [InlineData(CallbackType.Syscall32, Errno.EINVAL)]
    [InlineData(CallbackType.Sysenter, Errno.EINVAL)]
    [InlineData(CallbackType.SysenterDeprecated, Errno.EINVAL)]
    [InlineData((CallbackType)6, Errno.ENOSYS)]
    public void Only_the_NMIs_callback_can_be_taken_back(CallbackType type, Errno error)
    {
        using PvScene scene = new();
        Assert.Equal(0, Register(scene, CallbackType.Nmi, PvScene.Handler, false));
        Assert.Equal(-(long)error, scene.CallWith(HypercallNumber.CallbackOp, (ulong)CallbackOp.Unregister, new CallbackUnregister { Type = (ushort)type }));
        Assert.Equal(PvScene.Handler, scene.Vcpu.Pv.Traps[ExceptionVector.Nmi].Address);
        Assert.Equal(0, scene.CallWith(HypercallNumber.CallbackOp, (ulong)CallbackOp.Unregister, new CallbackUnregister { Type = (ushort)CallbackType.Nmi }));
        Assert.Equal(0UL, scene.Vcpu.Pv.Traps[ExceptionVector.Nmi].Address);
    }

    [Fact]
    public void The_old_calls_set_the_same_callbacks()
    {
        using PvScene scene = new();
        PvVcpu pv = scene.Vcpu.Pv;
        Assert.Equal(0, scene.Call(HypercallNumber.SetCallbacks, PvScene.Handler, PvScene.Handler + 1, PvScene.Handler + 2));
        Assert.Equal((PvScene.Handler, PvScene.Handler + 1, PvScene.Handler + 2), (pv.EventCallback, pv.FailsafeCallback, pv.SyscallCallback));
        // Xen leaves out what cannot be an address, and says nothing.
        Assert.Equal(0, scene.Call(HypercallNumber.SetCallbacks, Wild, Wild, PvScene.Handler + 3));
        Assert.Equal((PvScene.Handler + 1, PvScene.Handler + 3), (pv.FailsafeCallback, pv.SyscallCallback));
        Assert.Equal(PvScene.Handler, pv.EventCallback);

        Assert.Equal(0, scene.CallWith(HypercallNumber.NmiOp, (ulong)NmiOp.RegisterCallback, new NmiCallback { HandlerAddress = PvScene.Handler + 9 }));
        Assert.Equal(PvScene.Handler + 9, pv.Traps[ExceptionVector.Nmi].Address);
        Assert.Equal(-(long)Errno.EINVAL, scene.CallWith(HypercallNumber.NmiOp, (ulong)NmiOp.RegisterCallback, new NmiCallback { HandlerAddress = Wild }));
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.NmiOp, (ulong)NmiOp.RegisterCallback, PvCalls.Nowhere));
        Assert.Equal(0, scene.Call(HypercallNumber.NmiOp, (ulong)NmiOp.UnregisterCallback));
        Assert.Equal(0UL, pv.Traps[ExceptionVector.Nmi].Address);
        Assert.Equal(-(long)Errno.ENOSYS, scene.Call(HypercallNumber.NmiOp, 2));
    }

    [Fact]
    public void The_kernels_stack_is_where_user_mode_is_left_to()
    {
        using PvScene scene = new();
        Assert.Equal(0, scene.Call(HypercallNumber.StackSwitch, 0xe028, PvScene.KernelStack + 0x500));
        Assert.Equal((0xe02bUL, PvScene.KernelStack + 0x500), (scene.Vcpu.Pv.KernelSs, scene.Vcpu.Pv.KernelSp));
        scene.SetGate(ExceptionVector.InvalidOpcode);
        scene.SetCode(0x0f, 0x0b);
        scene.EnterUserMode();
        Assert.True(scene.Trap(ExceptionVector.InvalidOpcode));
        Assert.Equal(PvScene.KernelStack + 0x500 - 7 * 8, scene.Frame.Rsp);
    }

    [Fact]
    public void Segment_bases_are_set_and_a_bad_selector_is_null()
    {
        using PvScene scene = new();
        Assert.Equal(0, scene.Call(HypercallNumber.SetSegmentBase, (ulong)SegmentBase.Fs, 0x1000));
        Assert.Equal(0, scene.Call(HypercallNumber.SetSegmentBase, (ulong)SegmentBase.GsUser, 0x2000));
        Assert.Equal(0, scene.Call(HypercallNumber.SetSegmentBase, (ulong)SegmentBase.GsKernel, 0x3000));
        MsrsAre(scene, 0x1000, 0x3000, 0x2000);
        Assert.Equal(-(long)Errno.EINVAL, scene.Call(HypercallNumber.SetSegmentBase, (ulong)SegmentBase.Fs, Wild));
        Assert.Equal(-(long)Errno.EINVAL, scene.Call(HypercallNumber.SetSegmentBase, 4, 0x1000));
        MsrsAre(scene, 0x1000, 0x3000, 0x2000);
        Assert.Equal(0, scene.Call(HypercallNumber.SetSegmentBase, (ulong)SegmentBase.GsUserSel, Selectors.Ring3Data));
        Assert.Equal(Selectors.Ring3Data, scene.Cpu.Segments[3]);
        MsrsAre(scene, 0x1000, 0x3000, 0);
        Assert.Equal(0, scene.Call(HypercallNumber.SetSegmentBase, (ulong)SegmentBase.GsUserSel, 0x1234));
        Assert.Equal(0, scene.Cpu.Segments[3]);
    }

    [Fact]
    public void A_GDT_whose_list_cannot_be_read_changes_nothing()
    {
        using PvScene scene = new();
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.SetGdt, PvCalls.Nowhere, 8));
        Assert.Equal(0u, scene.Vcpu.Pv.GdtEntries);
    }

    [Fact]
    public void The_return_from_an_NMI_lets_the_next_one_come()
    {
        using PvScene scene = new();
        PvVcpu pv = scene.Vcpu.Pv;
        foreach (bool isPending in (bool[])[false, true])
        {
            pv.NmiMasked = true;
            pv.NmiPending = isPending;
            scene.Frame.Rsp = PvScene.KernelStack + 0x800;
            scene.Put(scene.Frame.Rsp, new IretContext { Rip = PvScene.Code, Cs = Selectors.Ring3Code64 & ~3, Rflags = Rflags.Interrupt, Rsp = PvScene.KernelStack + 0x700, Ss = Selectors.Ring3Data });
            scene.Call(HypercallNumber.Iret);
            Assert.Equal((PvScene.Code, PvScene.KernelStack + 0x700, false), (scene.Frame.Rip, scene.Frame.Rsp, pv.NmiMasked));
        }
    }

    private static void MsrsAre(PvScene scene, ulong fs, ulong gs, ulong inactiveGs) => Assert.Equal(
        (fs, gs, inactiveGs), (scene.Cpu.Msrs.Read(Msr.FsBase), scene.Cpu.Msrs.Read(Msr.GsBase), scene.Cpu.Msrs.Read(Msr.KernelGsBase)));

    private static long Register(PvScene scene, CallbackType type, ulong address, bool masks) =>
        scene.CallWith(HypercallNumber.CallbackOp, (ulong)CallbackOp.Register, new CallbackRegister { Type = (ushort)type, Flags = masks ? (ushort)CallbackFlags.MaskEvents : (ushort)0, Address = address });
}
