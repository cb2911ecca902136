// The simulated translation caches. Their purpose is to make a missing flush fail, so most of these tests show that something stays
// reachable until exactly the operation that the manual names.

using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Machine;

public sealed class TlbTests
{
    private const ulong Page = 0x7f12_3456_7000;
    private const ulong Other = 0x7f12_3460_0000;

    [Fact]
    public void An_old_translation_lives_until_INVLPG()
    {
        using var scene = new Scene();
        (Mfn first, Mfn second) = (scene.NewFrame(), scene.NewFrame());
        Mfn table = scene.Map(Page, first);
        Assert.True(GuestMemory.TryWrite(Page, 1UL));

        scene.Write(table, Page, 1, new PageTableEntry(second, Scene.Flags));
        Assert.True(GuestMemory.TryWrite(Page, 2UL));
        Assert.Equal((2UL, 0UL), (Frame.At(first).Read<ulong>(0), Frame.At(second).Read<ulong>(0)));
        Assert.True(scene.Cpu0.Tlb.Reaches(first, forWriting: true));

        Cpu.InvalidatePage(Page + 8);
        Assert.False(scene.Cpu0.Tlb.Reaches(first));
        Assert.True(GuestMemory.TryWrite(Page, 3UL));
        Assert.Equal(3UL, Frame.At(second).Read<ulong>(0));
    }

    [Fact]
    public void A_page_that_was_unmapped_stays_reachable_until_CR3_is_loaded()
    {
        using var scene = new Scene();
        Mfn table = scene.Map(Page, scene.NewFrame());
        Assert.True(GuestMemory.TryRead(Page, out ulong _));
        scene.Write(table, Page, 1, default);
        Assert.True(GuestMemory.TryRead(Page, out ulong _));
        Cpu.WriteCr3(Cpu.ReadCr3());
        Assert.False(GuestMemory.TryRead(Page, out ulong _));
        Assert.Equal(Page, Cpu.PageFaultAddress);
    }

    [Fact]
    public void A_load_of_CR3_does_not_flush_global_pages_but_a_full_flush_does()
    {
        using var scene = new Scene();
        Mfn table = scene.Map(Page, scene.NewFrame(), Scene.Flags | PageFlags.Global);
        Assert.True(GuestMemory.TryRead(Page, out ulong _));
        scene.Write(table, Page, 1, default);
        Cpu.WriteCr3(Cpu.ReadCr3());
        Assert.True(GuestMemory.TryRead(Page, out ulong _));
        Cpu.FlushTlb();
        Assert.False(GuestMemory.TryRead(Page, out ulong _));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_full_flush_and_a_load_of_a_root_drop_everything_whether_global_pages_are_on_or_off(bool globalPages)
    {
        using var scene = new Scene();
        if (!globalPages)
            Cpu.WriteCr4(Cpu.ReadCr4() & ~Cr4.GlobalPages);
        ulong cr4 = Cpu.ReadCr4();
        foreach (Action flush in (Action[])[Cpu.FlushTlb, () => Cpu.LoadRoot(Cpu.ReadCr3())])
        {
            Mfn table = scene.Map(Page, scene.NewFrame(), Scene.Flags | PageFlags.Global);
            Assert.True(GuestMemory.TryRead(Page, out ulong _));
            scene.Write(table, Page, 1, default);
            Assert.True(GuestMemory.TryRead(Page, out ulong _));
            flush();
            Assert.False(GuestMemory.TryRead(Page, out ulong _));
            Assert.Equal(cr4, Cpu.ReadCr4());
        }
    }

    [Fact]
    public void An_unlinked_table_is_walked_until_it_is_flushed_even_for_pages_that_were_never_used()
    {
        using var scene = new Scene();
        Mfn table = scene.Map(Page, scene.NewFrame());
        scene.Map(Page + 0x1000, scene.NewFrame());
        Assert.True(GuestMemory.TryRead(Page, out ulong _));
        scene.Write(scene.TableFor(Page, 2), Page, 2, default);

        Assert.True(scene.Cpu0.Tlb.Walks(table));
        Assert.True(GuestMemory.TryRead(Page + 0x1000, out ulong _));
        Cpu.InvalidatePage(Other);
        Assert.False(scene.Cpu0.Tlb.Walks(table));
        Assert.False(GuestMemory.TryRead(Page + 0x3000, out ulong _));
    }

    [Fact]
    public void INVLPG_in_a_large_page_drops_all_of_it()
    {
        using var scene = new Scene();
        scene.Write(scene.TableFor(Page, 2), Page, 2, new PageTableEntry(new Mfn(0x1000), Scene.Flags | PageFlags.PageSize));
        ulong start = Page & ~0x1f_ffffUL;
        Assert.True(GuestMemory.TryWrite(start + 0x5008, 7UL));
        Assert.True(GuestMemory.TryRead(start + 0x9000, out ulong _));
        Assert.Equal(7UL, Frame.At(new Mfn(0x1005)).Read<ulong>(8));

        scene.Write(scene.TableFor(Page, 2), Page, 2, default);
        Assert.True(GuestMemory.TryRead(start + 0x9000, out ulong _));
        Cpu.InvalidatePage(start + 0x1f_0000);
        Assert.False(GuestMemory.TryRead(start + 0x9000, out ulong _));
    }

    [Fact]
    public void More_rights_need_no_flush()
    {
        using var scene = new Scene();
        Mfn frame = scene.NewFrame();
        Mfn table = scene.Map(Page, frame, Scene.Flags & ~PageFlags.Writable);
        Assert.True(GuestMemory.TryRead(Page, out ulong _));
        Assert.False(GuestMemory.TryWrite(Page, 1UL));
        scene.Write(table, Page, 1, new PageTableEntry(frame, Scene.Flags));
        Assert.True(GuestMemory.TryWrite(Page, 1UL));
    }

    [Fact]
    public void Each_CPU_has_caches_of_its_own()
    {
        using var scene = new Scene(cpus: 2);
        SimulatedCpu second = scene.Machine.Cpus[1];
        second.WriteCr3(scene.Root.Address);
        Mfn table = scene.Map(Page, scene.NewFrame());
        Assert.True(GuestMemory.TryRead(Page, out ulong _));
        using (second.Enter())
            Assert.True(GuestMemory.TryRead(Page, out ulong _));

        scene.Write(table, Page, 1, default);
        Cpu.InvalidatePage(Page);
        Assert.False(GuestMemory.TryRead(Page, out ulong _));
        using (second.Enter())
            Assert.True(GuestMemory.TryRead(Page, out ulong _));
    }
}
