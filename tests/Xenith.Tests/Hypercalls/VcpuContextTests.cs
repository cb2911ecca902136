// VCPUOP_initialise: the pieces of vcpu_guest_context are read where the structure has them, and a vCPU starts once.

using System.Runtime.InteropServices;
using Xenith.Abi;
using Xenith.Hypervisor.Hypercalls;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xenith.Tests.Paravirtual;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed class VcpuContextTests : IDisposable
{
    private const ulong Argument = PvScene.Data;

    private readonly PvScene _scene = new(isPrivileged: true);
    private readonly Vcpu _second;

    public VcpuContextTests()
    {
        // The scene's domain has room for one vCPU: the second takes its place in the table while the first is loaded.
        _second = new Vcpu(_scene.Domain, 0) { Info = _scene.Vcpu.Info };
        _scene.Domain.Vcpus[0] = _second;
        Assert.True(_scene.Host.Vectors.TryCreate(_scene.Host.Memory.Allocator, out Mfn area));
        _second.VectorArea = area;
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
        foreach ((ulong address, ulong entries) in ((ulong, ulong)[])[(0x1008, 1), (0x1000, 8193), (0xffff_8200_0000_0000, 1)])
        {
            context = Context();
            (context.LdtBase, context.LdtEnts) = (address, entries);
            Assert.Equal(-22, Initialise(context));
        }
        Assert.False(_second.IsInitialised);
        Assert.Equal(-22, _scene.Cpu.Hypercall((uint)HypercallNumber.VcpuOp, (ulong)VcpuOp.Up, 0));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void x87_and_SSE_state_is_taken_over_if_the_context_says_so(bool valid)
    {
        VcpuGuestContext context = Context();
        if (valid)
            context.Flags |= (ulong)VcpuGuestContextFlags.I387Valid;
        Random random = new(1);
        for (int i = 0; i < 512; i++)
            context.FpuCtxtX[i] = (byte)random.Next(256);
        Assert.Equal(0, Initialise(context));

        // What the vCPU finds when it is loaded. MXCSR lost the bits that the CPU has not, which would fault; without the flag all is as after a reset.
        GuestFrame frame = default;
        Assert.True(Cpu.TrySetExtendedControl(0, _scene.Host.Vectors.Components));
        _scene.Host.Vectors.Restore(_second.VectorArea, ref frame);
        Span<byte> registers = _scene.Cpu.VectorRegisters;
        uint given = BitConverter.ToUInt32(((ReadOnlySpan<byte>)context.FpuCtxtX)[24..]);
        Assert.NotEqual(0u, given & ~0xffbfu);
        Assert.Equal(valid ? given & 0xffbf : 0x1f80, BitConverter.ToUInt32(registers[24..]));
        Assert.Equal(valid ? context.FpuCtxtX[160] : 0, (byte)frame.Xmm0Low);
        if (valid)
            Assert.Equal(((ReadOnlySpan<byte>)context.FpuCtxtX)[160..416], registers[160..416]);
        else
            Assert.Equal(0x37f, BitConverter.ToUInt16(registers));
    }

    [Fact]
    public void Debug_registers_CR4_and_bases_are_taken_over()
    {
        VcpuGuestContext context = Context();
        context.Debugreg[0] = 0x7000;
        context.Debugreg[3] = 0xffff_8200_0000_0000;
        context.Debugreg[6] = 0x4000;
        context.Debugreg[7] = 0x0009_0401;
        context.Ctrlreg[4] = Cr4.TimeStampDisable | Cr4.Smep;
        (context.FsBase, context.GsBaseKernel, context.GsBaseUser, context.UserRegs.Gs) = (0x1000, 0x2000, 0x3000, Selectors.Ring3Data);
        Assert.Equal(0, Initialise(context));
        PvVcpu pv = _second.Pv;
        Assert.Equal((0x7000UL, 0UL, 0xffff_4ff0UL, 0x0009_0401UL), (pv.Dr0, pv.Dr3, pv.Dr6, pv.Dr7));
        Assert.Equal(0x400UL, _scene.Cpu.DebugRegisters[7]);
        Assert.Equal(Cr4.TimeStampDisable, pv.Cr4);
        Assert.Equal((0x1000UL, 0x2000UL, 0UL), (pv.FsBase, pv.GsKernelBase, pv.GsUserBase));
    }

    [Fact]
    public void A_bad_debug_register_is_as_after_a_reset()
    {
        VcpuGuestContext context = Context();
        // General detect, and a breakpoint on a port without CR4.DE.
        foreach (ulong bad in (ulong[])[0x2401, 0x0002_0401])
        {
            context.Debugreg[7] = bad;
            Assert.Equal(0, Initialise(context));
            Assert.True(PvDebugRegisters.TryRead(_second.Pv, 7, out ulong value));
            Assert.Equal(0x400UL, value);
            _second.IsInitialised = false;
        }
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
