// Translation by the simulated CPU: rights, error codes, accessed and dirty bits (SDM vol. 3, 4.5 to 4.8).

using CsCheck;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Machine;

public sealed class PageWalkTests
{
    private const ulong Page = 0xffff_8880_0123_4000;

    [Fact]
    public void A_walk_sets_accessed_and_a_write_sets_dirty()
    {
        using var scene = new Scene();
        Mfn table = scene.Map(Page, scene.NewFrame());
        Assert.True(GuestMemory.TryRead(Page, out ulong _));
        Assert.Equal(PageFlags.Accessed, scene.Read(table, Page, 1).Bits & (PageFlags.Accessed | PageFlags.Dirty));
        Assert.Equal(PageFlags.Accessed, scene.Read(scene.Root, Page, 4).Bits & (PageFlags.Accessed | PageFlags.Dirty));
        Assert.True(GuestMemory.TryWrite(Page, 1UL));
        Assert.Equal(PageFlags.Accessed | PageFlags.Dirty, scene.Read(table, Page, 1).Bits & (PageFlags.Accessed | PageFlags.Dirty));
    }

    [Theory]
    [InlineData(0, AccessKind.Read, AccessMode.User, PageFaultError.User)]
    [InlineData(0, AccessKind.Write, AccessMode.Supervisor, PageFaultError.Write)]
    [InlineData(PageFlags.Present, AccessKind.Read, AccessMode.User, PageFaultError.User | PageFaultError.Present)]
    [InlineData(PageFlags.Present | PageFlags.User, AccessKind.Write, AccessMode.User, PageFaultError.User | PageFaultError.Present | PageFaultError.Write)]
    [InlineData(PageFlags.Present | PageFlags.User, AccessKind.Write, AccessMode.SupervisorForGuest, PageFaultError.Present | PageFaultError.Write)]
    [InlineData(PageFlags.Present | PageFlags.User | PageFlags.NoExecute, AccessKind.Execute, AccessMode.User, PageFaultError.User | PageFaultError.Present | PageFaultError.Fetch)]
    [InlineData(PageFlags.Present | PageFlags.User | 1UL << 51, AccessKind.Read, AccessMode.User, PageFaultError.User | PageFaultError.Present | PageFaultError.Reserved)]
    public void A_fault_has_the_error_code_of_the_manual(ulong flags, AccessKind kind, AccessMode mode, uint expected)
    {
        using var scene = new Scene();
        scene.Map(Page, scene.NewFrame(), flags);
        Assert.False(scene.Cpu0.TryTranslate(Page, kind, mode, out _, out uint error));
        Assert.Equal(expected, error);
        Assert.Equal(Page, scene.Cpu0.Cr2);
    }

    [Fact]
    public void SMAP_and_SMEP_keep_the_hypervisor_off_user_pages()
    {
        using var scene = new Scene();
        scene.Map(Page, scene.NewFrame());
        Assert.True(scene.Cpu0.TryTranslate(Page, AccessKind.Read, AccessMode.Supervisor, out _, out _));
        Assert.Equal(Cr4.Smep | Cr4.Smap, Protection.Enable(smep: true, smap: true));
        Assert.False(scene.Cpu0.TryTranslate(Page, AccessKind.Read, AccessMode.Supervisor, out _, out _));
        Assert.False(scene.Cpu0.TryTranslate(Page, AccessKind.Execute, AccessMode.Supervisor, out _, out _));
        Assert.True(GuestMemory.TryRead(Page, out ulong _));
    }

    [Fact]
    public void A_copy_over_a_missing_page_does_what_lies_before_it()
    {
        using var scene = new Scene();
        Mfn frame = scene.NewFrame();
        scene.Map(Page, frame);
        Assert.False(GuestMemory.TryWrite(Page + 0xff0, new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17 }));
        Assert.Equal(16, Frame.At(frame).Read<byte>(0xfff));
        Assert.False(GuestMemory.TryWrite(Page + 0xffc, 0xffff_ffff_ffff_ffffUL));
        Assert.Equal(13, Frame.At(frame).Read<byte>(0xffc));
    }

    [Theory]
    [InlineData(0x0000_7fff_ffff_fff9, 8)]
    [InlineData(0x8000_0000_0000_0000, 1)]
    [InlineData(0xffff_8000_0000_0000, 8)]
    [InlineData(0xffff_87ff_ffff_ffff, 2)]
    [InlineData(0xffff_ffff_ffff_ffff, 2)]
    public void A_guest_cannot_name_what_is_not_its_own(ulong address, int length)
    {
        using var scene = new Scene();
        Assert.False(GuestMemory.TryRead(address, new byte[length]));
    }

    [Fact]
    public void The_machine_starts_with_the_image_and_four_gigabytes_mapped()
    {
        using var machine = new SimulatedMachine();
        SimulatedCpu cpu = machine.Cpus[0];
        Assert.True(cpu.TryTranslate(AddressSpace.DirectMap + 0x12_3456, AccessKind.Write, AccessMode.Supervisor, out ulong at, out _));
        Assert.Equal(0x12_3456UL, at);
        Assert.True(cpu.TryTranslate(AddressSpace.Image + ImageModel.TextStart, AccessKind.Execute, AccessMode.Supervisor, out at, out _));
        Assert.Equal(ImageModel.TextStart, at);
        Assert.False(cpu.TryTranslate(AddressSpace.Image + ImageModel.TextStart, AccessKind.Write, AccessMode.Supervisor, out _, out _));
        Assert.False(cpu.TryTranslate(AddressSpace.Image + ImageModel.DataStart, AccessKind.Execute, AccessMode.Supervisor, out _, out _));
    }

    /// <summary>With a flush before each access, the cached translation is that of a plain walk, whatever the tables say.</summary>
    [Fact]
    public void After_a_flush_translation_follows_the_tables()
    {
        Gen.Select(Gen.ULong[0, 7], Gen.ULong[0, 7], Gen.Int[0, 3], Gen.Bool).Sample((flags, upper, kindOrMode, second) =>
        {
            using var scene = new Scene();
            Mfn frame = scene.NewFrame();
            Mfn table = scene.Map(Page, frame);
            Assert.True(scene.Cpu0.TryTranslate(Page, AccessKind.Write, AccessMode.User, out _, out _));
            scene.Write(table, Page, 1, new PageTableEntry(frame, flags));
            scene.Write(scene.TableFor(Page, 3), Page, 3, new PageTableEntry(scene.TableFor(Page, 2), upper));
            Cpu.WriteCr3(Cpu.ReadCr3());

            AccessKind kind = (kindOrMode & 1) != 0 ? AccessKind.Write : AccessKind.Read;
            AccessMode mode = second ? AccessMode.User : AccessMode.Supervisor;
            ulong needed = PageFlags.Present | (kind == AccessKind.Write ? PageFlags.Writable : 0) | (second ? PageFlags.User : 0);
            bool expected = (flags & upper & needed) == needed;
            Assert.Equal(expected, scene.Cpu0.TryTranslate(Page, kind, mode, out ulong at, out _) && at == frame.Address);
        }, iter: 500);
    }
}
