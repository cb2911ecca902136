using System.Text;
using Xenith.Hypervisor.Boot;
using Xunit;

namespace Xenith.Tests.Boot;

public class KernelImageTests
{
    [Fact]
    public void ReadsAKernelLikeDebians()
    {
        Assert.Equal(KernelError.None, KernelImage.Parse(ElfBuilder.Linux().Build(), true, out KernelImage kernel));
        Assert.Equal(0xffff_ffff_8000_0000, kernel.VirtualBase);
        Assert.Equal(0xffff_ffff_8100_0000, kernel.VirtualStart);
        Assert.Equal(0xffff_ffff_8100_6000, kernel.VirtualEnd);
        Assert.Equal(0x6000, kernel.Length);
        Assert.Equal(0xffff_ffff_8100_41c0, kernel.Entry);
        Assert.Equal("linux", Encoding.ASCII.GetString(kernel.Notes.GuestOs));
        Assert.Equal("2.6", Encoding.ASCII.GetString(kernel.Notes.GuestVersion));
        Assert.Equal("generic", Encoding.ASCII.GetString(kernel.Notes.Loader));
        Assert.Equal("yes", Encoding.ASCII.GetString(kernel.Notes.PaeMode));
        Assert.Equal(0x80_0000_0000u, kernel.Notes.InitialP2m);
        Assert.Equal(0xffff_8000_0000_0000, kernel.Notes.HypervisorStartLow);
        Assert.Equal(0x8801u | 1u | 0x10u, kernel.Notes.SupportedFeatures);
        Assert.Equal(1u, kernel.Notes.RequiredFeatures);
        Assert.Equal(1u, kernel.Notes.ValidMfnMask);
        Assert.Equal(1u, kernel.Notes.ValidMfnValue);
        Assert.True(kernel.Notes.InitrdByFrame);
        Assert.True(kernel.Notes.SuspendCancel);
        Assert.False(kernel.Notes.Has(XenNote.HypercallPage));
        Assert.True(kernel.Notes.Has(XenNote.Entry));
    }

    [Fact]
    public void CopiesSegmentsAndZeroesTheRest()
    {
        Assert.Equal(KernelError.None, KernelImage.Parse(ElfBuilder.Linux().Build(), true, out KernelImage kernel));
        byte[] destination = new byte[kernel.Length + 1];
        destination.AsSpan().Fill(0xaa);
        Assert.False(kernel.TryCopyTo(destination.AsSpan(0, kernel.Length - 1)));
        Assert.True(kernel.TryCopyTo(destination));
        byte[] expected = new byte[kernel.Length + 1];
        expected[^1] = 0xaa;
        ((ReadOnlySpan<byte>)[1, 2, 3, 4]).CopyTo(expected);
        ((ReadOnlySpan<byte>)[5, 6]).CopyTo(expected.AsSpan(0x3000));
        expected[0x4000] = 7;
        Assert.Equal(expected, destination);
    }

    [Fact]
    public void CopiesSegmentsInAnyOrder()
    {
        byte[] file = new ElfBuilder { Entry = 0x3000 }
            .Segment(0, 0x3000, [3], 2).Segment(0, 0x1000, [1], 1).Segment(0, 0x2000, [2, 2], 2)
            .Note(XenNote.Loader, "generic").Note(XenNote.XenVersion, "xen-3.0").Build();
        Assert.Equal(KernelError.None, KernelImage.Parse(file, false, out KernelImage kernel));
        byte[] destination = new byte[kernel.Length];
        destination.AsSpan().Fill(0xaa);
        Assert.True(kernel.TryCopyTo(destination));
        byte[] expected = new byte[0x2002];
        expected[0] = 1;
        expected[0x1000] = expected[0x1001] = 2;
        expected[0x2000] = 3;
        Assert.Equal(expected, destination);
        Assert.Equal(0x3000u, kernel.Entry);
    }

    [Fact]
    public void FindsNotesInSections()
    {
        ElfBuilder builder = ElfBuilder.Linux();
        builder.NotesInSection = true;
        Assert.Equal(KernelError.None, KernelImage.Parse(builder.Build(), true, out KernelImage kernel));
        Assert.Equal(0xffff_ffff_8100_41c0, kernel.Entry);
    }

    [Fact]
    public void PassesOverOtherNotes()
    {
        ElfBuilder builder = ElfBuilder.Linux().Note(XenNote.Entry, BitConverter.GetBytes(5UL), "GNU\0").Note((XenNote)77, "?");
        Assert.Equal(KernelError.None, KernelImage.Parse(builder.Build(), true, out KernelImage kernel));
        Assert.Equal(0xffff_ffff_8100_41c0, kernel.Entry);
    }

    public static TheoryData<KernelError, byte[]> Refused => new()
    {
        { KernelError.NotAKernel, [1, 2, 3] },
        { KernelError.Truncated, ElfBuilder.Linux().Build()[..63] },
        { KernelError.BadProgramHeaders, ElfBuilder.Linux().Build()[..200] },
        { KernelError.NotX86, new ElfBuilder { Machine = 3 }.Build() },
        { KernelError.PositionIndependent, new ElfBuilder { Type = 3 }.Build() },
        { KernelError.NotExecutable, new ElfBuilder { Type = 1 }.Build() },
        { KernelError.NotElf64, Changed(ElfBuilder.Linux(), 4, 1) },
        { KernelError.NotLittleEndian, Changed(ElfBuilder.Linux(), 5, 2) },
        { KernelError.ElfVersion, Changed(ElfBuilder.Linux(), 6, 0) },
        { KernelError.NothingToLoad, new ElfBuilder().Build() },
        { KernelError.NothingToLoad, new ElfBuilder().Segment(0, 0x1000, [], 0).Build() },
        { KernelError.NothingToLoad, new ElfBuilder().Segment(0, 0x1000, [1], 1, 0).Build() },
        { KernelError.NoXenNotes, ElfBuilder.Linux().WithoutNotes().Build() },
        { KernelError.BadXenNotes, ElfBuilder.Linux().Note(XenNote.L1MfnValid, [1, 2]).Build() },
        { KernelError.BadSegment, ElfBuilder.Linux().Segment(0, 0x100_0fff, [], 2).Build() },
        { KernelError.BadSegment, ElfBuilder.Linux().Segment(0, ulong.MaxValue, [], 2).Build() },
        { KernelError.BadSegment, ElfBuilder.Linux().Segment(0, 0x900_0000, [1, 2], 1).Build() },
        { KernelError.ImageTooLarge, ElfBuilder.Linux().Segment(0, 0x900_0000, [], 1UL << 30).Build() },
        { KernelError.WrongLoader, ElfBuilder.Linux().Note(XenNote.Loader, "own").Note(XenNote.GuestOs, "bsd").Build() },
        { KernelError.WrongXenVersion, ElfBuilder.Linux().Note(XenNote.XenVersion, "xen-4").Build() },
        { KernelError.UnknownFeatureRequired, ElfBuilder.Linux().Note(XenNote.Features, "x|!telepathy").Build() },
        { KernelError.NotForParavirtual, ElfBuilder.Linux().Note(XenNote.Features, "!supervisor_mode_kernel").Build() },
        { KernelError.NotForParavirtual, PvhOnly().Build() },
        { KernelError.NotForDom0, NotDom0().Build() },
        { KernelError.OffsetWithoutBase, Bare().Note(XenNote.PhysicalOffset, 0).Build() },
        { KernelError.EntryOutsideImage, ElfBuilder.Linux().Note(XenNote.Entry, 0xffff_ffff_8100_6000).Build() },
        { KernelError.EntryOutsideImage, ElfBuilder.Linux().Note(XenNote.Entry, 5).Build() },
        { KernelError.ImageBelowBase, ElfBuilder.Linux().Note(XenNote.PhysicalOffset, 0x200_0000).Build() },
        { KernelError.ImageOutsideGuest, ElfBuilder.Linux().Note(XenNote.VirtualBase, 0xffff_8100_0000_0000).Build() },
        { KernelError.ImageOutsideGuest, ElfBuilder.Linux().Note(XenNote.VirtualBase, 0x7fff_ff00_0000).Build() },
        { KernelError.P2mInsideImage, ElfBuilder.Linux().Note(XenNote.InitialP2m, 0xffff_ffff_8100_1000).Build() },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Refuses(KernelError error, byte[] file)
    {
        Assert.Equal(error, KernelImage.Parse(file, true, out _));
    }

    [Fact]
    public void TakesAKernelThatIsNotForDom0AsAnotherDomain()
    {
        Assert.Equal(KernelError.None, KernelImage.Parse(NotDom0().Build(), false, out _));
    }

    [Fact]
    public void EveryErrorHasASentence()
    {
        foreach (KernelError error in Enum.GetValues<KernelError>())
        {
            Assert.NotEqual("unknown kernel error", error.Message());
        }
    }

    private static ElfBuilder Bare() => new ElfBuilder()
        .Segment(0x100_0000, 0x100_0000, [1], 0x1000)
        .Note(XenNote.Loader, "generic").Note(XenNote.XenVersion, "xen-3.0");

    private static ElfBuilder NotDom0() => Bare().Note(XenNote.SupportedFeatures, 1);

    private static ElfBuilder PvhOnly() => new ElfBuilder()
        .Segment(0x100_0000, 0x100_0000, [1], 0x1000)
        .Note(XenNote.Physical32Entry, 0x100_0000);

    private static byte[] Changed(ElfBuilder builder, int at, byte value)
    {
        byte[] file = builder.Build();
        file[at] = value;
        return file;
    }
}
