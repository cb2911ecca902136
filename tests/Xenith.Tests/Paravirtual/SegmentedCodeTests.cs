// Port instructions in code whose segments come from the guest's own descriptors: 32-bit and 16-bit code, limits, segments that grow downwards, and FS and GS of 64-bit code.

using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class SegmentedCodeTests
{
    private const ushort CodeSelector = 0x1b, DataSelector = 0x23;
    private const ulong Flat32 = 0x00cf_fb00_0000_ffff, Flat64 = 0x00af_fb00_0000_ffff, Flat16 = 0x008f_fb00_0000_ffff;
    private const uint Base = (uint)(PvScene.Low + 0x4000);
    private const int ReadOnly = 0, Writable = 2, Down = 6, ExecuteOnly = 8, Readable = 10, InPages = 8, Big = 4;

    [Theory]
    [InlineData(Writable, 0x1ffu, 0, 0x1ffu, false, true)]
    [InlineData(Writable, 0x1ffu, 0, 0x200u, false, false)]                 // beyond the limit
    [InlineData(Writable, 0x1ffu, 0, 0x1ffu, true, true)]
    [InlineData(Writable, 1u, InPages, 0x1fffu, true, true)]
    [InlineData(Writable, 1u, InPages, 0x2000u, true, false)]
    [InlineData(ReadOnly, 0x1ffu, 0, 0x10u, false, true)]
    [InlineData(ReadOnly, 0x1ffu, 0, 0x10u, true, false)]
    [InlineData(Readable, 0x1ffu, Big, 0x10u, false, true)]
    [InlineData(Readable, 0x1ffu, Big, 0x10u, true, false)]
    [InlineData(ExecuteOnly, 0x1ffu, Big, 0x10u, false, false)]
    [InlineData(Down, 0x1ffu, Big, 0x200u, true, true)]                     // the limit is the end of what is forbidden
    [InlineData(Down, 0x1ffu, Big, 0x1ffu, true, false)]
    [InlineData(Down, 0x1ffu, 0, 0x3000u, false, true)]
    [InlineData(Down, 0x1ffu, 0, 0x1_0000u, false, false)]
    [InlineData(Down, 0xf_ffffu, Big | InPages, 0x200u, false, false)]
    public void Type_and_limit_of_a_data_segment_are_obeyed(int type, uint limit, int flags, uint offset, bool isWrite, bool allowed)
    {
        using PvScene scene = Scene(Flat32, Descriptor(type, limit, flags));
        scene.Cpu.Segments[isWrite ? 1 : 0] = DataSelector;
        Assert.Equal(allowed, Move(scene, isWrite, offset));
        if (allowed && isWrite)
            Assert.Equal(0xff, scene.Get<byte>(PvScene.Low + 0x4000 + offset));
    }

    [Theory]
    [InlineData(0, false, false)]                                           // null
    [InlineData(3, false, false)]
    [InlineData(Selectors.Ring3Data, true, true)]
    [InlineData(Selectors.Ring3Data, false, true)]
    [InlineData(Selectors.Ring3Code32, false, true)]
    [InlineData(Selectors.Ring3Code32, true, false)]
    [InlineData(0x2b, false, false)]                                        // not present
    [InlineData(0x1003, false, false)]                                      // beyond the GDT
    [InlineData(0x0f, false, true)]                                         // of the LDT
    [InlineData(0x0f, true, true)]
    [InlineData(0x47, false, false)]                                        // beyond the LDT
    public void The_selector_names_a_descriptor_that_exists(ushort selector, bool isWrite, bool allowed)
    {
        using PvScene scene = Scene(Flat32, Descriptor(Writable, 0xfff, 0));
        scene.Put(PvScene.Data + 0x3008, Descriptor(Writable, 0xf_ffff, InPages | Big, 0));
        Assert.Equal(Hypervisor.XenError.None, DescriptorTables.SetLdt(scene.Vcpu, PvScene.Data + 0x3000, 4));
        scene.Cpu.Segments[isWrite ? 1 : 0] = selector;
        Assert.Equal(allowed, Move(scene, isWrite, Base));
    }

    [Theory]
    [InlineData(0x26, 0)]                                                   // ES: of the four, the one that is set
    [InlineData(0x3e, 1)]
    [InlineData(0x64, 2)]
    [InlineData(0x65, 3)]
    public void An_override_names_the_segment_of_a_source(byte prefix, int which)
    {
        using PvScene scene = Scene(Flat32, Descriptor(Writable, 0xfff, 0));
        int[] order = [1, 0, 2, 3];
        scene.Cpu.Segments[order[which]] = DataSelector;
        Assert.True(Run(scene, 0x10, prefix, 0x6e));
        Assert.False(Run(scene, 0x10, (byte)(prefix == 0x26 ? 0x3e : 0x26), 0x6e));
    }

    [Fact]
    public void The_stack_and_the_code_can_be_a_source_too()
    {
        using PvScene scene = Scene(Flat32, Descriptor(Writable, 0xfff, 0));
        scene.Frame.Ss = DataSelector;
        Assert.True(Run(scene, 0x10, 0x36, 0x6e));
        Assert.True(Run(scene, Base, 0x2e, 0x6e));
    }

    [Theory]
    [InlineData(Flat32, true)]
    [InlineData(Flat64, true)]
    [InlineData(0x00cf_f300_0000_ffffUL, false)]                            // data
    [InlineData(0x00cf_7b00_0000_ffffUL, false)]                            // not present
    public void Code_is_where_a_code_segment_says(ulong descriptor, bool runs)
    {
        using PvScene scene = Scene(descriptor, Descriptor(Writable, 0xfff, 0));
        Assert.Equal(runs, Run(scene, 0x10, 0xfa));
    }

    [Fact]
    public void A_code_segments_base_is_added()
    {
        using PvScene scene = Scene(0x0040_fb00_0000_ffff | PvScene.Low << 16, Descriptor(Writable, 0xfff, 0));
        scene.SetCode(0xfa);
        Enter(scene);
        scene.Frame.Rip = 0x100;
        Assert.False(scene.Trap(ExceptionVector.GeneralProtection));
        Assert.Equal(0x101UL, scene.Frame.Rip);
    }

    [Fact]
    public void Sixteen_bit_code_counts_in_sixteen_bits()
    {
        using PvScene scene = Scene(Flat16, Descriptor(Writable, 0xffff, 0));
        scene.Cpu.Segments[0] = DataSelector;
        scene.Frame.Rcx = 0x5_0002;
        Assert.True(Run(scene, 0x1_0010, 0xf3, 0x6f));
        Assert.Equal((0x5_0000UL, 0x1_0014UL), (scene.Frame.Rcx, scene.Frame.Rsi));
    }

    [Theory]
    [InlineData(0x6e, 1)]
    [InlineData(0x6f, 4)]
    [InlineData(0x666f, 2)]
    [InlineData(0x6c, 1)]
    [InlineData(0x6d, 4)]
    [InlineData(0x666d, 2)]
    public void A_string_goes_up_or_down_by_the_size_of_its_elements(int opcode, int size)
    {
        using PvScene scene = new(isPrivileged: true);
        scene.SetGate(ExceptionVector.GeneralProtection);
        scene.Vcpu.Pv.Iopl = 1 << 12;
        byte[] code = opcode > 0xff ? [0x66, 0xf3, (byte)opcode] : [0xf3, (byte)opcode];
        foreach (bool down in (bool[])[false, true])
        {
            scene.SetCode(code);
            (scene.Frame.Rcx, scene.Frame.Rsi, scene.Frame.Rdi, scene.Frame.Rdx) = (3, PvScene.Data + 0x100, PvScene.Data + 0x100, 0x90);
            scene.Frame.Rflags = down ? scene.Frame.Rflags | Rflags.Direction : scene.Frame.Rflags & ~Rflags.Direction;
            scene.Put(PvScene.Data + 0x100, 0UL);
            Assert.False(scene.Trap(ExceptionVector.GeneralProtection));
            bool isInput = (opcode & 2) == 0;
            ulong moved = down ? PvScene.Data + 0x100 - 3 * (ulong)size : PvScene.Data + 0x100 + 3 * (ulong)size;
            Assert.Equal((0UL, moved), (scene.Frame.Rcx, isInput ? scene.Frame.Rdi : scene.Frame.Rsi));
            if (isInput)
                Assert.Equal(ulong.MaxValue >> (64 - 8 * size), scene.Read(PvScene.Data + 0x100) & ulong.MaxValue >> (64 - 8 * size));
        }
    }

    [Fact]
    public void FS_and_GS_have_bases_in_64_bit_code_and_a_32_bit_address_is_cut()
    {
        using PvScene scene = new(isPrivileged: true);
        scene.MapLow();
        scene.SetGate(ExceptionVector.GeneralProtection);
        scene.SetGate(ExceptionVector.PageFault, 0, PvScene.Handler + 8);
        scene.Vcpu.Pv.Iopl = 1 << 12;
        foreach (byte prefix in (byte[])[0x64, 0x65])
        {
            scene.Cpu.Msrs.Define(prefix == 0x64 ? Msr.FsBase : Msr.GsBase, PvScene.Data);
            scene.SetCode(prefix, 0x6e);
            (scene.Frame.Rsi, scene.Frame.Rdx) = (0x10, 0x90);
            Assert.False(scene.Trap(ExceptionVector.GeneralProtection));
            Assert.Equal((PvScene.Code + 0x102, 0x11UL), (scene.Frame.Rip, scene.Frame.Rsi));
        }
        scene.SetCode(0x67, 0x6e);
        (scene.Frame.Rsi, scene.Frame.Rdx) = (0xffff_0000_0040_4000, 0x90);
        Assert.False(scene.Trap(ExceptionVector.GeneralProtection));
        Assert.Equal(0x0040_4001UL, scene.Frame.Rsi);
        // A source that is not there: the fault is a read of a page that is not present.
        scene.SetCode(0x6e);
        (scene.Frame.Rsi, scene.Frame.Rdx) = (PvCalls.Nowhere, 0x90);
        scene.Trap(ExceptionVector.GeneralProtection);
        Assert.Equal((PvScene.Handler + 8, PvCalls.Nowhere), (scene.Frame.Rip, scene.Vcpu.Info.Load64(VcpuInfoOffsets.Cr2)));
        Assert.Equal(0UL, scene.Read(scene.Frame.Rsp + 16));
    }

    [Fact]
    public void A_string_on_a_watched_port_traps_behind_the_instruction()
    {
        using PvScene scene = new(isPrivileged: true);
        scene.SetGate(ExceptionVector.GeneralProtection);
        scene.SetGate(ExceptionVector.Debug, 0, PvScene.Handler + 8);
        PvVcpu pv = scene.Vcpu.Pv;
        (pv.Iopl, pv.Cr4) = (1 << 12, Cr4.DebuggingExtensions);
        Assert.Equal(Hypervisor.XenError.None, PvDebugRegisters.Write(pv, 0, 0x90));
        Assert.Equal(Hypervisor.XenError.None, PvDebugRegisters.Write(pv, 7, 2UL << 16 | 1));
        scene.SetCode(0x6e);
        (scene.Frame.Rsi, scene.Frame.Rdx) = (PvScene.Data, 0x90);
        scene.Frame.Rflags |= Rflags.Trap;
        scene.Trap(ExceptionVector.GeneralProtection);
        Assert.Equal((PvScene.Handler + 8, PvScene.Code + 0x101), (scene.Frame.Rip, scene.Read(scene.Frame.Rsp + 16)));
        Assert.Equal(1UL | 1 << 14, pv.Dr6 & (15 | 1 << 14));
    }

    [Fact]
    public void Without_the_right_to_a_port_a_string_faults()
    {
        using PvScene scene = new(isPrivileged: true);
        scene.SetGate(ExceptionVector.GeneralProtection);
        scene.SetCode(0x6e);
        scene.Frame.Rsi = PvScene.Data;
        Assert.True(scene.Trap(ExceptionVector.GeneralProtection));
    }

    /// <summary>A guest that may use ports, with a code segment and a data segment that starts at <see cref="Base"/> in its GDT; the third one is not present.</summary>
    private static PvScene Scene(ulong code, ulong data)
    {
        PvScene scene = new(isPrivileged: true);
        scene.MapLow();
        scene.SetGate(ExceptionVector.GeneralProtection);
        scene.Vcpu.Pv.Iopl = 1 << 12;
        int index = AddressSpace.TableIndex(PvScene.UserStack, 1);
        PageTableEntry entry = PageTableView.At(scene.L1)[index];
        PageTableView.At(entry.Frame).Write(CodeSelector >> 3, new PageTableEntry(code));
        PageTableView.At(entry.Frame).Write(DataSelector >> 3, new PageTableEntry(data));
        PageTableView.At(entry.Frame).Write(5, new PageTableEntry(data & ~(1UL << 47)));
        Assert.Equal(Hypervisor.XenError.None, PvMemory.UpdateL1Entry(scene.Vcpu, scene.L1, index, entry, entry.Without(PageFlags.Writable), out _));
        scene.Cpu.Tlb.FlushAll();
        scene.Put(PvScene.Data, entry.Frame.Value);
        Assert.Equal(0, scene.Cpu.Hypercall(2, PvScene.Data, 64));
        return scene;
    }

    private static ulong Descriptor(int type, uint limit, int flags, uint segmentBase = Base) =>
        limit & 0xffff | (ulong)(segmentBase & 0xff_ffff) << 16 | (ulong)(0xf1 | type) << 40 | (ulong)(limit >> 16 & 15) << 48 | (ulong)flags << 52 | (ulong)(segmentBase >> 24) << 56;

    /// <summary>Output from, or input to, an offset of DS or ES. False if it raised #GP.</summary>
    private static bool Move(PvScene scene, bool isWrite, uint offset) => Run(scene, offset, isWrite ? (byte)0x6c : (byte)0x6e);

    private static bool Run(PvScene scene, ulong offset, params ReadOnlySpan<byte> code)
    {
        scene.SetCode(code);
        Enter(scene);
        ulong end = scene.Frame.Rip + (ulong)code.Length;
        (scene.Frame.Rsi, scene.Frame.Rdi, scene.Frame.Rdx) = (offset, offset, 0x90);
        if (scene.Trap(ExceptionVector.GeneralProtection))
            return false;
        Assert.Equal(end, scene.Frame.Rip);
        return true;
    }

    private static void Enter(PvScene scene)
    {
        scene.Frame.Rip = PvScene.Low + 0x100;
        scene.Frame.Rsp = PvScene.KernelStack + 0x800;
        scene.Frame.Cs = CodeSelector;
    }
}
