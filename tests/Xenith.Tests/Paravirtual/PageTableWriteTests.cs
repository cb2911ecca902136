// Writes of a guest to its own L1 tables, which it sees read-only.

using Xenith.Hypervisor;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class PageTableWriteTests
{
    /// <summary>Index of an entry that nobody else uses, and the frame of page 7.</summary>
    private const int Index = 20;
    private const ulong Entry = PvScene.L1View + Index * 8;

    [Fact]
    public void A_store_becomes_a_checked_update()
    {
        using PvScene scene = Ready(out Mfn frame);
        uint before = References(scene, frame);
        Write(scene, new PageTableEntry(frame, PageFlags.Present | PageFlags.Writable).Bits);
        PageTableEntry entry = PageTableView.At(scene.L1)[Index];
        Assert.Equal(frame, entry.Frame);
        Assert.Equal(PageFlags.User | PageFlags.GuestKernel, entry.Bits & (PageFlags.User | PageFlags.GuestKernel | PageFlags.Global));
        Assert.Equal(before + 1, References(scene, frame));
        Write(scene, 0);
        Assert.Equal(0UL, PageTableView.At(scene.L1)[Index].Bits);
        Assert.Equal(before, References(scene, frame));
    }

    [Fact]
    public void A_locked_instruction_changes_one_bit_and_sets_its_flags()
    {
        using PvScene scene = Ready(out Mfn frame);
        Write(scene, new PageTableEntry(frame, PageFlags.Present | PageFlags.Writable | PageFlags.User | PageFlags.Accessed).Bits);
        // lock btr $5, (%rdi)
        Fault(scene, 0xf0, 0x48, 0x0f, 0xba, 0x37, 0x05);
        Assert.NotEqual(0UL, scene.Frame.Rflags & Rflags.Carry);
        Assert.Equal(0UL, PageTableView.At(scene.L1)[Index].Bits & PageFlags.Accessed);
        // lock andb $~2, (%rdi)
        uint before = WritableReferences(scene, frame);
        Fault(scene, 0xf0, 0x80, 0x27, 0xfd);
        Assert.False(PageTableView.At(scene.L1)[Index].IsWritable);
        Assert.Equal(before - 1, WritableReferences(scene, frame));
        // xchg %rax, (%rdi)
        scene.Frame.Rax = 0;
        PageTableEntry old = PageTableView.At(scene.L1)[Index];
        Fault(scene, 0x48, 0x87, 0x07);
        Assert.Equal(old.Bits, scene.Frame.Rax);
    }

    [Fact]
    public void A_comparison_that_fails_changes_nothing_but_RAX()
    {
        using PvScene scene = Ready(out Mfn frame);
        ulong value = new PageTableEntry(frame, PageFlags.Present).Bits;
        (scene.Frame.Rax, scene.Frame.Rsi) = (5, value);
        Fault(scene, 0xf0, 0x48, 0x0f, 0xb1, 0x37);
        Assert.Equal((0UL, 0UL), (scene.Frame.Rax, PageTableView.At(scene.L1)[Index].Bits));
        Assert.Equal(0UL, scene.Frame.Rflags & Arithmetic.ZeroFlag);
        Fault(scene, 0xf0, 0x48, 0x0f, 0xb1, 0x37);
        Assert.Equal(frame, PageTableView.At(scene.L1)[Index].Frame);
        Assert.NotEqual(0UL, scene.Frame.Rflags & Arithmetic.ZeroFlag);
    }

    [Fact]
    public void What_may_not_stand_in_a_table_is_the_guests_page_fault()
    {
        using PvScene scene = Ready(out _);
        scene.SetGate(ExceptionVector.PageFault);
        // A page table, writable; a frame that does not exist.
        foreach (ulong value in (ulong[])[new PageTableEntry(scene.L1, PageFlags.Present | PageFlags.Writable).Bits, 0x000f_ffff_ffff_f001])
        {
            scene.Frame.Rdi = Entry;
            scene.Frame.Rax = value;
            scene.SetCode(0x48, 0x89, 0x07);
            scene.Cpu.Cr2 = Entry;
            Assert.True(scene.Trap(ExceptionVector.PageFault, PvExceptions.Present | PvExceptions.Write));
            Assert.Equal(0UL, PageTableView.At(scene.L1)[Index].Bits);
        }
    }

    [Fact]
    public void Stores_elsewhere_are_the_guests_own()
    {
        using PvScene scene = Ready(out _);
        scene.SetGate(ExceptionVector.PageFault);
        scene.Frame.Rdi = Entry + 8;
        scene.SetCode(0x48, 0x89, 0x07);
        scene.Cpu.Cr2 = Entry;
        Assert.True(scene.Trap(ExceptionVector.PageFault, PvExceptions.Present | PvExceptions.Write));
    }

    [Fact]
    public void A_repeated_store_is_done_entry_by_entry()
    {
        using PvScene scene = Ready(out Mfn frame);
        (scene.Frame.Rdi, scene.Frame.Rcx, scene.Frame.Rax) = (Entry, 3, new PageTableEntry(frame, PageFlags.Present).Bits);
        scene.SetCode(0xf3, 0x48, 0xab);
        ulong rip = scene.Frame.Rip;
        for (ulong left = 3; left > 0; left--)
        {
            Assert.Equal((rip, left), (scene.Frame.Rip, scene.Frame.Rcx));
            scene.Cpu.Cr2 = scene.Frame.Rdi;
            Assert.False(scene.Trap(ExceptionVector.PageFault, PvExceptions.Present | PvExceptions.Write));
        }
        Assert.Equal((rip + 3, Entry + 24), (scene.Frame.Rip, scene.Frame.Rdi));
        Assert.Equal(frame, PageTableView.At(scene.L1)[Index + 2].Frame);
    }

    [Fact]
    public void A_fault_on_a_page_that_is_allowed_by_now_is_forgotten()
    {
        using PvScene scene = new();
        scene.Cpu.Cr2 = PvScene.Data;
        Assert.False(scene.Trap(ExceptionVector.PageFault, PvExceptions.Present | PvExceptions.Write));
        Assert.Equal(PvScene.Code, scene.Frame.Rip);
    }

    private static PvScene Ready(out Mfn frame)
    {
        PvScene scene = new();
        frame = PageTableView.At(scene.L1)[7].Frame;
        return scene;
    }

    private static uint References(PvScene scene, Mfn frame) => WritableReferences(scene, frame);

    private static uint WritableReferences(PvScene scene, Mfn frame) => unchecked((uint)scene.Host.Memory.Frames[frame].Type);

    /// <summary>mov %rax, (%rdi)</summary>
    private static void Write(PvScene scene, ulong value)
    {
        scene.Frame.Rax = value;
        Fault(scene, 0x48, 0x89, 0x07);
    }

    private static void Fault(PvScene scene, params ReadOnlySpan<byte> code)
    {
        scene.Frame.Rdi = Entry;
        scene.SetCode(code);
        scene.Cpu.Cr2 = Entry;
        Assert.False(scene.Trap(ExceptionVector.PageFault, PvExceptions.Present | PvExceptions.Write));
        Assert.Equal(PvScene.Code + 0x100 + (ulong)code.Length, scene.Frame.Rip);
        Assert.False(scene.Domain.IsShutDown);
    }
}
