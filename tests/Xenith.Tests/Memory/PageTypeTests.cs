// Page types one by one: what may be mapped how, what a promotion takes and a demotion gives back, what the guest sees in its tables.

using Xenith.Hypervisor;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Memory;

public sealed class PageTypeTests
{
    private const ulong ReadOnly = PageFlags.Present | PageFlags.User, Writable = ReadOnly | PageFlags.Writable;

    [Fact]
    public void Entries_are_marked_as_the_guest_meant_them()
    {
        using var scene = new MemoryScene();
        Mfn l1 = scene.NewFrame(), data = scene.NewFrame();
        scene.Write(l1, 0, data, PageFlags.Present);
        scene.Write(l1, 1, data, PageFlags.Present | PageFlags.Global);
        scene.Write(l1, 2, data, ReadOnly);
        scene.Write(l1, 3, data, Writable | PageFlags.GuestKernel | PageFlags.Global);
        Assert.Equal(XenError.None, Pin(scene, l1, 1));
        const ulong kernel = ReadOnly | PageFlags.GuestKernel;
        Assert.Equal([kernel, kernel | PageFlags.Global, ReadOnly | PageFlags.Global, kernel | PageFlags.Writable | PageFlags.Global], Enumerable.Range(0, 4).Select(i => PageTableView.At(l1)[i].Flags));
        Assert.Equal((PageType.Writable, 1u), (scene.TypeOf(data), scene.TypeReferencesOf(data)));
        // Its own, three read-only mappings, and the one that the type holds.
        Assert.Equal(5u, scene.ReferencesOf(data));
    }

    [Theory]
    [InlineData(1, ReadOnly | PageFlags.CacheDisable)]
    [InlineData(2, ReadOnly | PageFlags.PageSize)]
    [InlineData(3, ReadOnly | PageFlags.Global)]
    [InlineData(4, ReadOnly | PageFlags.WriteThrough)]
    public void Forbidden_bits_refuse_the_whole_table(int level, ulong flags)
    {
        using var scene = new MemoryScene();
        Mfn table = scene.NewFrame(), target = scene.NewFrame(), good = scene.NewFrame();
        scene.Write(table, 3, good, ReadOnly);
        scene.Write(table, 7, target, flags);
        Assert.Equal(XenError.Invalid, Pin(scene, table, level));
        Assert.Equal([1u, 1u, 1u], new[] { table, target, good }.Select(scene.ReferencesOf));
        Assert.Equal(0u, scene.TypeReferencesOf(table));
        Assert.Equal(0, PerCpu.Ledger.Depth);
    }

    [Fact]
    public void A_page_table_cannot_be_writable_and_a_writable_page_no_table()
    {
        using var scene = new MemoryScene();
        Mfn l1 = scene.NewFrame(), view = scene.NewFrame();
        Assert.Equal(XenError.None, Pin(scene, l1, 1));
        Assert.Equal(XenError.Busy, scene.Types.TryGetWritable(l1, scene.Domain));
        scene.Write(view, 0, l1, Writable);
        Assert.Equal(XenError.Busy, Pin(scene, view, 1));
        scene.Write(view, 0, l1, ReadOnly);
        Assert.Equal(XenError.None, Pin(scene, view, 1));
        Assert.Equal(XenError.Busy, Update(scene, view, 0, new PageTableEntry(l1, Writable)));
        Assert.Equal(XenError.None, Unpin(scene, l1));
        Assert.Equal(XenError.None, Update(scene, view, 0, new PageTableEntry(l1, Writable)));
        Assert.Equal(XenError.Invalid, Pin(scene, l1, 1));
    }

    [Fact]
    public void A_table_that_would_map_itself_writable_is_refused_at_once()
    {
        using var scene = new MemoryScene();
        Mfn l1 = scene.NewFrame();
        scene.Write(l1, 5, l1, Writable);
        Assert.Equal(XenError.Busy, Pin(scene, l1, 1));
        Assert.Equal(1u, scene.ReferencesOf(l1));
    }

    [Fact]
    public void A_table_maps_itself_read_only_and_counts_nothing_for_it()
    {
        using var scene = new MemoryScene();
        Mfn l4 = scene.NewFrame();
        scene.Write(l4, 300, l4, Writable);
        Assert.Equal(XenError.Invalid, Pin(scene, l4, 4));
        scene.Write(l4, 300, l4, ReadOnly);
        Assert.Equal(XenError.None, Pin(scene, l4, 4));
        Assert.Equal((1u, 2u), (scene.TypeReferencesOf(l4), scene.ReferencesOf(l4)));
        Assert.Equal(XenError.None, Unpin(scene, l4));
        Assert.Equal(1u, scene.ReferencesOf(l4));
    }

    [Fact]
    public void The_hypervisors_slots_are_its_own()
    {
        using var scene = new MemoryScene();
        Mfn l4 = scene.NewFrame(), l3 = scene.NewFrame();
        scene.Write(l4, 260, l3, Writable);
        Assert.Equal(XenError.None, Pin(scene, l4, 4));
        Assert.Equal(PageTableView.At(Image.RootTable)[261].Bits, PageTableView.At(l4)[261].Bits);
        Assert.Equal(1u, scene.ReferencesOf(l3));
        foreach (int slot in new[] { 256, 260, 271 })
            Assert.Equal(XenError.Invalid, Update(scene, l4, slot, new PageTableEntry(l3, ReadOnly)));
        Assert.Equal(XenError.None, Update(scene, l4, 272, new PageTableEntry(l3, ReadOnly)));
        Assert.Equal(PageType.L3, scene.TypeOf(l3));
        Assert.Equal(XenError.None, Unpin(scene, l4));
        Assert.False(PageTableView.At(l4)[261].IsPresent);
    }

    [Fact]
    public void A_tree_of_tables_comes_and_goes_in_single_steps()
    {
        using var scene = new MemoryScene();
        Mfn[] tables = [scene.NewFrame(), scene.NewFrame(), scene.NewFrame(), scene.NewFrame()];
        for (int level = 4; level > 1; level--)
            scene.Write(tables[4 - level], level, tables[5 - level], Writable);
        Mfn[] data = [.. Enumerable.Range(0, 6).Select(_ => scene.NewFrame())];
        for (int i = 0; i < data.Length; i++)
            scene.Write(tables[3], 80 * i, data[i], Writable);
        scene.Hurry(true);
        int turns = 0;
        while (Pin(scene, tables[0], 4) == XenError.Restart)
            Assert.True(turns++ < 20);
        Assert.Equal(5, turns);
        Assert.All(data, frame => Assert.Equal(1u, scene.TypeReferencesOf(frame)));
        Assert.Equal([2u, 2u, 2u, 2u], tables.Select(scene.ReferencesOf));

        turns = 0;
        Assert.Equal(XenError.Restart, Unpin(scene, tables[0]));
        Assert.Equal(XenError.Invalid, Unpin(scene, tables[0]));
        while (scene.Vcpu.Pv.Unfinished.Any)
        {
            StepBudget budget = scene.Budget();
            scene.Types.Finish(scene.Vcpu.Pv.Unfinished, ref budget);
            Assert.True(turns++ < 20);
        }
        Assert.All(data.Concat(tables), frame => Assert.Equal((1u, 0u), (scene.ReferencesOf(frame), scene.TypeReferencesOf(frame))));
    }

    [Fact]
    public void Device_frames_are_for_privileged_domains_and_never_cached()
    {
        using var scene = new MemoryScene();
        Hypervisor.Domains.Domain dom0 = scene.NewDomain(0, 1, privileged: true);
        scene.Serve(dom0.Vcpus[0]!);
        scene.Memory.MarkDevices(0x100, 4);
        scene.Memory.Devices.Deny(new Mfn(0x101), 1);
        scene.Memory.Devices.MakeReadOnly(new Mfn(0x102), 1);
        Mfn l1 = scene.NewFrame(dom0), theirs = scene.NewFrame();
        StepBudget budget = scene.Budget();
        Assert.Equal(XenError.None, scene.Types.Pin(l1, 1, dom0, ref budget));
        Assert.Equal(XenError.None, Update(scene, l1, 0, new PageTableEntry(new Mfn(0x100), Writable)));
        Assert.Equal(XenError.NotPermitted, Update(scene, l1, 1, new PageTableEntry(new Mfn(0x101), ReadOnly)));
        Assert.Equal(XenError.None, Update(scene, l1, 2, new PageTableEntry(new Mfn(0x102), Writable | PageFlags.CacheDisable)));
        Assert.Equal(XenError.None, Update(scene, l1, 3, new PageTableEntry(new Mfn(0xfd000), Writable)));
        // Not marked: the hypervisor's own memory.
        Assert.Equal(XenError.Busy, Update(scene, l1, 4, new PageTableEntry(new Mfn(0x200), ReadOnly)));
        Assert.Equal(XenError.Busy, Update(scene, l1, 5, new PageTableEntry(theirs, ReadOnly)));
        const ulong uncached = PageFlags.CacheDisable | PageFlags.WriteThrough;
        PageTableView view = PageTableView.At(l1);
        Assert.Equal([Writable | uncached | PageFlags.Global, ReadOnly | PageFlags.CacheDisable | PageFlags.Global, Writable | uncached | PageFlags.Global],
            new[] { view[0].Flags, view[2].Flags, view[3].Flags });

        scene.Serve(scene.Domain.Vcpus[0]!);
        Mfn other = scene.NewFrame();
        Assert.Equal(XenError.None, Pin(scene, other, 1));
        Assert.Equal(XenError.NotPermitted, Update(scene, other, 0, new PageTableEntry(new Mfn(0x100), ReadOnly)));
        Assert.Equal(XenError.Invalid, Update(scene, other, 0, new PageTableEntry(new Mfn(PageFlags.AddressMask >> 12), ReadOnly)));
    }

    [Fact]
    public void The_control_domain_maps_frames_of_another_under_its_name_only()
    {
        using var scene = new MemoryScene();
        Hypervisor.Domains.Domain dom0 = scene.NewDomain(0, 1, privileged: true);
        scene.Serve(dom0.Vcpus[0]!);
        Mfn l1 = scene.NewFrame(dom0), theirs = scene.NewFrame();
        StepBudget budget = scene.Budget();
        Assert.Equal(XenError.None, scene.Types.Pin(l1, 1, dom0, ref budget));
        var entry = new PageTableEntry(theirs, Writable);
        Assert.Equal(XenError.Busy, Update(scene, l1, 0, entry));
        Assert.Equal(XenError.None, PageTableUpdate.UpdateEntry(scene.Vcpu, scene.Domain, l1, 0, entry, false));
        Assert.Equal((PageType.Writable, 1u), (scene.TypeOf(theirs), scene.TypeReferencesOf(theirs)));
        Assert.True(scene.Domain.Pages.TryGiveBack(theirs));
        Assert.Equal(1UL, scene.Domain.Pages.TotalPages);
        // Changing flags needs no new permission; unmapping frees the frame.
        Assert.Equal(XenError.None, Update(scene, l1, 0, entry.With(PageFlags.Accessed)));
        Assert.Equal(XenError.None, Update(scene, l1, 0, default));
        Assert.Equal(0UL, scene.Domain.Pages.TotalPages);
        Assert.Equal(FrameState.Free, scene.Types.StateOf(theirs));
    }

    [Fact]
    public void What_the_CPU_noted_is_kept_if_asked_for()
    {
        using var scene = new MemoryScene();
        Mfn l1 = scene.NewFrame(), data = scene.NewFrame();
        Assert.Equal(XenError.None, Pin(scene, l1, 1));
        Assert.Equal(XenError.None, Update(scene, l1, 9, new PageTableEntry(data, Writable | PageFlags.Accessed | PageFlags.Dirty)));
        Assert.Equal(XenError.None, PageTableUpdate.UpdateEntry(scene.Vcpu, scene.Domain, l1, 9, new PageTableEntry(data, ReadOnly), true));
        Assert.Equal(ReadOnly | PageFlags.Global | PageFlags.Accessed | PageFlags.Dirty, PageTableView.At(l1)[9].Flags);
        Assert.Equal((0u, 2u), (scene.TypeReferencesOf(data), scene.ReferencesOf(data)));
        Assert.Equal(XenError.None, Update(scene, l1, 9, new PageTableEntry(data, ReadOnly)));
        Assert.Equal(ReadOnly | PageFlags.Global, PageTableView.At(l1)[9].Flags);
    }

    [Fact]
    public void A_page_of_descriptors_is_checked_and_kept_from_writing()
    {
        using var scene = new MemoryScene();
        Mfn page = scene.NewFrame();
        Frame.At(page).Write(16, 0x00af_9b00_0000_ffffUL);
        Assert.Equal(XenError.None, scene.Types.TryGetDescriptors(page, scene.Domain));
        Assert.Equal(0x00af_fb00_0000_ffffUL, Frame.At(page).Read<ulong>(16));
        Assert.Equal(XenError.Busy, scene.Types.TryGetWritable(page, scene.Domain));
        Assert.Equal(FrameState.SegmentDescriptors, scene.Types.StateOf(page));
        scene.Types.PutType(page);
        // A task-state segment.
        Frame.At(page).Write(24, 0x0000_8900_0000_0067UL);
        Assert.Equal(XenError.Invalid, scene.Types.TryGetDescriptors(page, scene.Domain));
        Assert.Equal(1u, scene.ReferencesOf(page));
    }

    [Fact]
    public void A_trap_in_a_promotion_leaves_what_the_end_of_the_domain_can_clean_up()
    {
        using var scene = new MemoryScene();
        Mfn hollow = new(MemoryScene.FirstHollow + 3);
        Assert.True(scene.Domain.Pages.TryAssign(hollow));
        Mfn l4 = scene.NewFrame(), l3 = scene.NewFrame(), l2 = scene.NewFrame(), l1 = scene.NewFrame();
        scene.Write(l4, 0, l3, Writable);
        scene.Write(l3, 0, l2, Writable);
        scene.Write(l2, 0, l1, Writable);
        scene.Write(l2, 1, hollow, Writable);
        Assert.False(scene.Cpu.TryServe(() => Pin(scene, l4, 4)));
        Assert.Equal(0, PerCpu.Ledger.Depth);
        Assert.Equal((PageType.L2, 1), (scene.TypeOf(l2), TypeBits.EntriesOf(scene.Info(l2).Type)));
        Assert.NotEqual(0UL, scene.Info(l4).Type & TypeBits.Partial);
        Assert.Equal(0UL, scene.Destroy(scene.Domain));
    }

    private static XenError Pin(MemoryScene scene, Mfn table, int level)
    {
        StepBudget budget = scene.Budget();
        return scene.Types.Pin(table, level, scene.Domain, ref budget);
    }

    private static XenError Unpin(MemoryScene scene, Mfn table)
    {
        StepBudget budget = scene.Budget();
        return scene.Types.Unpin(table, scene.Domain, ref budget);
    }

    private static XenError Update(MemoryScene scene, Mfn table, int index, PageTableEntry value) =>
        PageTableUpdate.UpdateEntry(scene.Vcpu, scene.Vcpu.Domain, table, index, value, false);
}
