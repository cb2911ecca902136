// VCPUOP_initialise: the pieces of vcpu_guest_context are read where the structure has them, and a vCPU starts once.

using System.Runtime.InteropServices;
using Xenith.Abi;
using Xenith.Hypervisor.Hypercalls;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;
using Xenith.Tests.Paravirtual;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed class VcpuContextTests : IDisposable
{
    private const ulong Argument = PvScene.Data;

    private readonly PvScene _scene = new();
    private readonly Vcpu _second;

    public VcpuContextTests()
    {
        // The scene's domain has room for one vCPU: the second takes its place in the table while the first is loaded.
        _second = new Vcpu(_scene.Domain, 0) { Info = _scene.Vcpu.Info };
        _scene.Domain.Vcpus[0] = _second;
    }

    public void Dispose() => _scene.Dispose();

    [Fact]
    public void The_tail_has_the_layout_of_the_structure()
    {
        (string Tail, string Whole)[] names =
        [
            (nameof(VcpuContext.Tail.LdtBase), nameof(VcpuGuestContext.LdtBase)), (nameof(VcpuContext.Tail.GdtEntries), nameof(VcpuGuestContext.GdtEnts)),
            (nameof(VcpuContext.Tail.KernelSp), nameof(VcpuGuestContext.KernelSp)), (nameof(VcpuContext.Tail.Cr0), nameof(VcpuGuestContext.Ctrlreg)),
            (nameof(VcpuContext.Tail.DebugRegisters), nameof(VcpuGuestContext.Debugreg)), (nameof(VcpuContext.Tail.EventCallback), nameof(VcpuGuestContext.EventCallbackEip)),
            (nameof(VcpuContext.Tail.GsBaseUser), nameof(VcpuGuestContext.GsBaseUser)),
        ];
        foreach ((string tail, string whole) in names)
            Assert.Equal(Marshal.OffsetOf<VcpuGuestContext>(whole) - Marshal.OffsetOf<VcpuGuestContext>(nameof(VcpuGuestContext.LdtBase)), Marshal.OffsetOf<VcpuContext.Tail>(tail));
        Assert.Equal((520, 720, 4816), ((int)Marshal.OffsetOf<VcpuGuestContext>(nameof(VcpuGuestContext.UserRegs)), (int)Marshal.OffsetOf<VcpuGuestContext>(nameof(VcpuGuestContext.TrapCtxt)), (int)Marshal.OffsetOf<VcpuGuestContext>(nameof(VcpuGuestContext.LdtBase))));
    }

    [Fact]
    public void A_vCPU_gets_registers_tables_and_callbacks_once()
    {
        VcpuGuestContext context = Context();
        Assert.Equal(0, Initialise(context));
        Assert.Equal((true, 0x1234UL, 0x33UL | 0xe000, 0x2000UL), (_second.IsInitialised, _second.Registers.Rip, _second.Registers.Cs, _second.Registers.Rsp));
        Assert.Equal((_scene.Vcpu.Pv.KernelRoot, 0x5000UL, 0x4444UL), (_second.Pv.KernelRoot, _second.Pv.EventCallback, _second.Pv.Traps[14].Address));
        Assert.Equal(Rflags.Interrupt, _second.Registers.Rflags & (Rflags.Interrupt | Rflags.IoPrivilege));
        Assert.Equal(-17, Initialise(context));
        Assert.Equal(0, _scene.Cpu.Hypercall((uint)HypercallNumber.VcpuOp, (ulong)VcpuOp.Up, 0));
        Assert.True(_second.Scheduling.IsUp);
    }

    [Fact]
    public void Bad_contexts_start_nothing()
    {
        Assert.Equal(-14, _scene.Cpu.Hypercall((uint)HypercallNumber.VcpuOp, (ulong)VcpuOp.Initialise, 0, 0x5555_0000_0000));
        VcpuGuestContext context = Context();
        context.EventCallbackEip = 1UL << 63;
        Assert.Equal(-22, Initialise(context));
        context = Context();
        context.Flags = 0;
        Assert.Equal(-22, Initialise(context));
        context = Context();
        context.Ctrlreg[3] = 0x7000_0000_0000;
        Assert.Equal(-22, Initialise(context));
        context = Context();
        context.GdtEnts = 7169;
        Assert.Equal(-22, Initialise(context));
        Assert.False(_second.IsInitialised);
        Assert.Equal(-22, _scene.Cpu.Hypercall((uint)HypercallNumber.VcpuOp, (ulong)VcpuOp.Up, 0));
    }

    private VcpuGuestContext Context()
    {
        VcpuGuestContext context = default;
        context.Flags = (ulong)VcpuGuestContextFlags.InKernel;
        context.UserRegs.Rip = 0x1234;
        context.UserRegs.Cs = 0xe030;
        context.UserRegs.Rsp = 0x2000;
        context.UserRegs.Rflags = Rflags.IoPrivilege;
        context.TrapCtxt[14].Address = 0x4444;
        context.Ctrlreg[3] = _scene.Vcpu.Pv.KernelRoot.Address;
        context.EventCallbackEip = 0x5000;
        return context;
    }

    private long Initialise(VcpuGuestContext context)
    {
        Assert.True(_scene.Cpu.TryWriteAsUser(Argument, context));
        return _scene.Cpu.Hypercall((uint)HypercallNumber.VcpuOp, (ulong)VcpuOp.Initialise, 0, Argument);
    }
}
