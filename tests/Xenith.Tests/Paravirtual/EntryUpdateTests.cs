// Single changes of L1 entries by every way there is (a hypercall, an emulated write, a compare and exchange): what is refused changes nothing, and whatever happens the
// references of frames are those of the entries that stand in tables.

using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class EntryUpdateTests
{
    private const ulong Readable = PageFlags.Present | PageFlags.User, Writable = Readable | PageFlags.Writable;
    private const int Slot = 30;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_change_takes_the_new_entrys_references_and_gives_back_the_old_ones(bool isFresh)
    {
        using PvScene scene = new();
        // A frame that has been mapped writable before, and one that was never anything.
        Mfn frame = isFresh ? PvCalls.NewFrame(scene.Domain) : scene.FrameOf(PvScene.Data);
        (uint References, uint Types) before = Books(scene, frame);
        Assert.Equal(XenError.None, Exchange(scene, default, new PageTableEntry(frame, Writable)));
        // A type that comes into force holds one general reference for all its users.
        Assert.Equal((before.References + (isFresh ? 1u : 0), before.Types + 1), Books(scene, frame));
        Assert.Equal(XenError.None, Exchange(scene, Entry(scene), new PageTableEntry(frame, Readable)));
        Assert.Equal((before.References + 1, before.Types), Books(scene, frame));
        // The same references: only the bits change.
        Assert.Equal(XenError.None, Exchange(scene, Entry(scene), new PageTableEntry(frame, Readable | PageFlags.NoExecute)));
        Assert.Equal((before.References + 1, before.Types), Books(scene, frame));
        Assert.NotEqual(0UL, Entry(scene).Bits & PageFlags.NoExecute);
        Assert.Equal(XenError.None, Exchange(scene, Entry(scene), default));
        Assert.Equal(before, Books(scene, frame));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(Readable)]
    [InlineData(Writable)]
    public void An_entry_that_is_another_one_by_now_is_left_alone(ulong flags)
    {
        using PvScene scene = new();
        Mfn frame = scene.FrameOf(PvScene.Data), other = scene.FrameOf(PvCalls.List);
        Assert.Equal(XenError.None, Exchange(scene, default, new PageTableEntry(other, Readable)));
        PageTableEntry present = Entry(scene);
        (uint, uint) before = Books(scene, frame), beforeOther = Books(scene, other);
        PageTableEntry value = flags == 0 ? default : new PageTableEntry(frame, flags);
        foreach (PageTableEntry expected in (PageTableEntry[])[default, new PageTableEntry(frame, flags | PageFlags.Present | PageFlags.Accessed)])
        {
            Assert.Equal(XenError.None, PvMemory.UpdateL1Entry(scene.Vcpu, scene.L1, Slot, expected, value, out PageTableEntry found));
            Assert.Equal(present.Bits, found.Bits);
            Assert.Equal(present.Bits, Entry(scene).Bits);
            Assert.Equal((before, beforeOther), (Books(scene, frame), Books(scene, other)));
        }
    }

    [Fact]
    public void What_the_guest_may_not_map_changes_nothing()
    {
        using PvScene scene = new();
        Domain other = scene.NewDomain();
        Mfn theirs = PvCalls.NewFrame(other), theirsMapped = PvCalls.NewFrame(other), frame = scene.FrameOf(PvScene.Data);
        Assert.Equal(XenError.None, scene.Host.Memory.Types.TryGetWritable(theirsMapped, other));
        foreach (PageTableEntry value in (PageTableEntry[])
            [new(theirs, Readable), new(theirs, Writable), new(theirsMapped, Writable), new(scene.L1, Writable), new(frame, Readable | PageFlags.CacheDisable), new(new Mfn(1UL << 38), Readable)])
        {
            (uint, uint)[] All() => [Books(scene, theirs), Books(scene, theirsMapped), Books(scene, scene.L1), Books(scene, frame)];
            (uint, uint)[] before = All();
            Assert.NotEqual(XenError.None, Exchange(scene, default, value));
            Assert.NotEqual(XenError.None, PageTableUpdate.UpdateEntry(scene.Vcpu, scene.Domain, scene.L1, Slot, value, false));
            Assert.False(Entry(scene).IsPresent);
            Assert.Equal(before, All());
        }
        // Cacheability cannot come in by the back door of a change that shares its references either.
        Assert.Equal(XenError.None, Exchange(scene, default, new PageTableEntry(frame, Readable)));
        Assert.NotEqual(XenError.None, Exchange(scene, Entry(scene), new PageTableEntry(frame, Readable | PageFlags.WriteThrough)));
        Assert.Equal(0UL, Entry(scene).Bits & EntryRules.CacheBits);
    }

    [Fact]
    public void A_domain_with_devices_chooses_how_its_memory_is_cached()
    {
        using PvScene scene = new(isPrivileged: true);
        Mfn frame = scene.FrameOf(PvScene.Data);
        (uint, uint) before = Books(scene, frame);
        Assert.Equal(XenError.None, Exchange(scene, default, new PageTableEntry(frame, Readable | PageFlags.CacheDisable)));
        Assert.NotEqual(0UL, Entry(scene).Bits & PageFlags.CacheDisable);
        Assert.Equal(XenError.None, Exchange(scene, Entry(scene), default));
        Assert.Equal(before, Books(scene, frame));
    }

    [Fact]
    public void Only_L1_tables_of_the_guest_are_written_entry_by_entry()
    {
        using PvScene scene = new();
        Mfn root = scene.Vcpu.Pv.KernelRoot, l3 = PageTableView.At(root)[AddressSpace.TableIndex(PvScene.Base, 4)].Frame;
        PageTableEntry value = new(scene.FrameOf(PvScene.Data), Readable);
        foreach (Mfn table in (Mfn[])[root, l3, scene.FrameOf(PvScene.Data), PvCalls.NewFrame(scene.NewDomain())])
        {
            Assert.False(PvMemory.IsOwnL1Table(scene.Domain, table));
            Assert.Equal(XenError.Invalid, PvMemory.UpdateL1Entry(scene.Vcpu, table, Slot, default, value, out _));
            Assert.Equal(XenError.Invalid, PvMemory.UpdateL1Entry(scene.Vcpu, table, Slot, default, default, out _));
        }
        Assert.False(PvMemory.IsOwnL1Table(scene.Domain, new Mfn(1UL << 38)));
        Assert.True(PvMemory.IsOwnL1Table(scene.Domain, scene.L1));
    }

    [Fact]
    public void Upper_entries_link_tables_of_the_next_level_only()
    {
        using PvScene scene = new();
        Mfn root = scene.Vcpu.Pv.KernelRoot, l3 = PageTableView.At(root)[AddressSpace.TableIndex(PvScene.Base, 4)].Frame;
        Mfn l2 = PageTableView.At(l3)[AddressSpace.TableIndex(PvScene.Base, 3)].Frame, data = scene.FrameOf(PvScene.Data);
        XenError Update(Mfn table, int index, Mfn frame, ulong flags) => PageTableUpdate.UpdateEntry(scene.Vcpu, scene.Domain, table, index, new PageTableEntry(frame, flags), false);
        Assert.NotEqual(XenError.None, Update(l2, 5, data, Writable));
        Assert.NotEqual(XenError.None, Update(l3, 5, scene.L1, Writable));
        Assert.NotEqual(XenError.None, Update(l2, 5, scene.L1, Writable | PageFlags.PageSize));
        Assert.NotEqual(XenError.None, Update(root, AddressSpace.FirstHypervisorSlot, l3, Writable));
        Assert.Equal(XenError.None, Update(l2, 5, scene.L1, Writable));
        Assert.Equal(XenError.None, Update(l2, 5, scene.L1, Writable | PageFlags.NoExecute));
        Assert.Equal(XenError.None, PageTableUpdate.UpdateEntry(scene.Vcpu, scene.Domain, l2, 5, default, false));
        // Another's frames are never linked, whoever may map them.
        Domain other = scene.NewDomain();
        Assert.Equal(XenError.Invalid, PageTableUpdate.UpdateEntry(scene.Vcpu, other, l2, 5, new PageTableEntry(PvCalls.NewFrame(other), Writable), false));
    }

    private static PageTableEntry Entry(PvScene scene) => PageTableView.At(scene.L1)[Slot];

    private static XenError Exchange(PvScene scene, PageTableEntry expected, PageTableEntry value) =>
        PvMemory.UpdateL1Entry(scene.Vcpu, scene.L1, Slot, expected, value, out _);

    private static (uint References, uint Types) Books(PvScene scene, Mfn frame)
    {
        ref FrameInfo info = ref scene.Host.Memory.Frames[frame];
        return (unchecked((uint)info.Count), TypeBits.ReferencesOf(info.Type));
    }
}
