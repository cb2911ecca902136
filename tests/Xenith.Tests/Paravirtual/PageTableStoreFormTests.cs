// The forms in which an instruction can name an entry of a page table and change it, and those that are the guest's own fault.

using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class PageTableStoreFormTests
{
    private const int Index = 20;
    private const ulong Entry = PvScene.L1View + Index * 8;
    private const uint WriteToPresent = PvExceptions.Present | PvExceptions.Write;

    [Theory]
    [InlineData(new byte[] { 0x48, 0x89, 0x07 })]                           // mov %rax, (%rdi)
    [InlineData(new byte[] { 0x48, 0x89, 0x47, 0x00 })]
    [InlineData(new byte[] { 0x48, 0x89, 0x04, 0x25, 0xa0, 0x80, 0x00, 0x80 })] // by a 32-bit address, which is sign-extended
    [InlineData(new byte[] { 0x48, 0x89, 0x05, 0x99, 0x7f, 0x00, 0x00 })]   // relative to RIP
    [InlineData(new byte[] { 0x48, 0x89, 0x44, 0xf3, 0xf0 })]               // -0x10(%rbx,%rsi,8)
    [InlineData(new byte[] { 0x4b, 0x89, 0x04, 0xc8 })]                     // (%r8,%r9,8)
    [InlineData(new byte[] { 0x64, 0x48, 0x89, 0x02 })]                     // %fs:(%rdx)
    [InlineData(new byte[] { 0x65, 0x48, 0x89, 0x02 })]                     // %gs:(%rdx)
    [InlineData(new byte[] { 0x48, 0xa3, 0xa0, 0x80, 0x00, 0x80, 0xff, 0xff, 0xff, 0xff })] // movabs
    [InlineData(new byte[] { 0x48, 0x0f, 0xc3, 0x07 })]                     // movnti
    [InlineData(new byte[] { 0x48, 0x87, 0x07 })]                           // xchg
    [InlineData(new byte[] { 0x48, 0x01, 0x07 })]                           // add to 0
    [InlineData(new byte[] { 0xf0, 0x48, 0x0f, 0xc1, 0x07 })]               // lock xadd
    [InlineData(new byte[] { 0x48, 0x09, 0x07 })]                           // or
    [InlineData(new byte[] { 0x48, 0x31, 0x07 })]                           // xor
    [InlineData(new byte[] { 0x48, 0xab })]                                 // stosq
    public void The_entry_is_found_and_set(byte[] code)
    {
        using PvScene scene = Scene(out Mfn frame);
        PageTableEntry value = new(frame, PageFlags.Present | PageFlags.User | PageFlags.Global);
        Assert.True(Run(scene, value.Bits, code));
        Assert.Equal(value.Bits, PageTableView.At(scene.L1)[Index].Bits);
    }

    [Theory]
    [InlineData(new byte[] { 0x48, 0xff, 0x07 }, 1UL)]                      // inc: an entry that was present is not
    [InlineData(new byte[] { 0x48, 0xff, 0x0f }, ulong.MaxValue)]           // dec
    [InlineData(new byte[] { 0x48, 0x83, 0x2f, 0x01 }, ulong.MaxValue)]     // sub $1
    public void Arithmetic_on_an_entry(byte[] code, ulong difference)
    {
        using PvScene scene = Scene(out Mfn frame);
        PageTableEntry value = new(frame, PageFlags.Present | PageFlags.User | PageFlags.Global);
        Assert.True(Run(scene, value.Bits, [0x48, 0x89, 0x07]));
        // Complemented it is not present; complemented once more it is what it was.
        foreach (ulong expected in (ulong[])[~value.Bits, value.Bits])
        {
            Assert.True(Run(scene, 0, [0x48, 0xf7, 0x17]));
            Assert.Equal(expected, PageTableView.At(scene.L1)[Index].Bits);
        }
        Assert.True(Run(scene, 0, code));
        Assert.Equal(unchecked(value.Bits + difference), PageTableView.At(scene.L1)[Index].Bits);
    }

    [Fact]
    public void Eight_bytes_are_compared_and_exchanged_by_a_32_bit_instruction()
    {
        using PvScene scene = Scene(out Mfn frame);
        ulong value = new PageTableEntry(frame, PageFlags.Present | PageFlags.User | PageFlags.Global).Bits;
        (scene.Frame.Rdx, scene.Frame.Rbx, scene.Frame.Rcx) = (0, value & 0xffff_ffff, value >> 32);
        scene.Frame.Rdi = Entry;
        scene.Frame.Rax = 0;
        Assert.True(Fault(scene, [0xf0, 0x0f, 0xc7, 0x0f]));
        Assert.Equal(value, PageTableView.At(scene.L1)[Index].Bits);
        (scene.Frame.Rdx, scene.Frame.Rax) = (7, 7);
        Assert.True(Fault(scene, [0xf0, 0x0f, 0xc7, 0x0f]));
        Assert.Equal((value >> 32, value & 0xffff_ffff), (scene.Frame.Rdx, scene.Frame.Rax));
        Assert.Equal(value, PageTableView.At(scene.L1)[Index].Bits);
    }

    [Theory]
    [InlineData(new byte[] { 0x48, 0x39, 0x07 })]                           // a comparison writes nothing
    [InlineData(new byte[] { 0x48, 0xf7, 0x07, 0x01, 0x00, 0x00, 0x00 })]   // test
    [InlineData(new byte[] { 0x48, 0x0f, 0xc7, 0x0f })]                     // cmpxchg16b: two entries
    [InlineData(new byte[] { 0x66, 0x0f, 0xc3, 0x07 })]
    [InlineData(new byte[] { 0x48, 0x0f, 0xba, 0x27, 0x05 })]               // bt
    [InlineData(new byte[] { 0x48, 0x0f, 0xff, 0x07 })]
    [InlineData(new byte[] { 0x48, 0xff, 0x37 })]                           // push
    [InlineData(new byte[] { 0x48, 0xc7, 0x4f, 0x00, 0x01, 0x00, 0x00, 0x00 })]
    [InlineData(new byte[] { 0x48, 0x89, 0xc7 })]                           // no memory at all
    [InlineData(new byte[] { 0x0f, 0x05 })]
    [InlineData(new byte[] { 0x0f, 0x38, 0xf1, 0x07 })]
    [InlineData(new byte[] { 0xc5, 0xf8, 0x29, 0x07 })]                     // a vector
    [InlineData(new byte[] { 0x48, 0x89, 0x47, 0x08 })]                     // the next entry, not the one that faulted
    public void Other_instructions_are_the_guests_page_fault(byte[] code)
    {
        using PvScene scene = Scene(out _);
        Assert.False(Run(scene, 1, code));
        Assert.Equal(0UL, PageTableView.At(scene.L1)[Index].Bits);
    }

    [Fact]
    public void A_store_across_two_entries_and_one_of_user_mode_are_the_guests_too()
    {
        using PvScene scene = Scene(out _);
        scene.Frame.Rdi = Entry + 4;
        scene.SetCode(0x48, 0x89, 0x07);
        scene.Cpu.Cr2 = Entry + 4;
        Assert.True(scene.Trap(ExceptionVector.PageFault, WriteToPresent));
        scene.EnterUserMode();
        scene.Frame.Rdi = Entry;
        Assert.False(Fault(scene, [0x48, 0x89, 0x07]));
        Assert.Equal(0UL, PageTableView.At(scene.L1)[Index].Bits);
    }

    [Fact]
    public void Half_an_entry_is_written_without_the_other_half()
    {
        using PvScene scene = Scene(out Mfn frame);
        ulong value = new PageTableEntry(frame, PageFlags.Present | PageFlags.User | PageFlags.Global).Bits;
        Assert.True(Run(scene, value, [0x48, 0x89, 0x07]));
        // The upper half: no-execute. The entry stays one of the same frame.
        scene.Frame.Rdi = Entry + 4;
        scene.Frame.Rax = 0x8000_0000 | value >> 32;
        scene.SetCode(0x89, 0x07);
        scene.Cpu.Cr2 = Entry + 4;
        Assert.False(scene.Trap(ExceptionVector.PageFault, WriteToPresent));
        Assert.Equal(value | 1UL << 63, PageTableView.At(scene.L1)[Index].Bits);
    }

    private static PvScene Scene(out Mfn frame)
    {
        PvScene scene = new();
        frame = PageTableView.At(scene.L1)[7].Frame;
        scene.SetGate(ExceptionVector.PageFault);
        scene.Cpu.Msrs.Define(Msr.FsBase, 0x40);
        scene.Cpu.Msrs.Define(Msr.GsBase, 0x40);
        return scene;
    }

    /// <summary>Runs an instruction that writes RAX to the entry, by whichever registers it finds it; false if the guest got its page fault.</summary>
    private static bool Run(PvScene scene, ulong value, byte[] code)
    {
        scene.Frame.Rax = value;
        scene.Frame.Rdi = Entry;
        (scene.Frame.Rbx, scene.Frame.Rsi) = (Entry + 0x10 - 0x20, 4);
        (scene.Frame.R8, scene.Frame.R9) = (unchecked(Entry + 8), ulong.MaxValue);
        scene.Frame.Rdx = Entry - 0x40;
        return Fault(scene, code);
    }

    private static bool Fault(PvScene scene, byte[] code)
    {
        scene.SetCode(code);
        scene.Cpu.Cr2 = Entry;
        if (scene.Trap(ExceptionVector.PageFault, WriteToPresent))
            return false;
        Assert.Equal(PvScene.Code + 0x100 + (ulong)code.Length, scene.Frame.Rip);
        return true;
    }
}
