using System;
using System.Runtime.CompilerServices;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// The buddy allocator for machine frames: blocks of 2^order frames, aligned to their size; a freed block joins its other half if that is free too. Frames freed
/// are dirty until they are scrubbed, in idle time or at the latest when they are allocated, and only after a flush of the TLBs that could still reach them.
/// </summary>
public sealed partial class PageAllocator
{
    /// <summary>Largest block: 2^20 frames.</summary>
    public const int MaxOrder = FreeLists.MaxOrder;

    private readonly FrameTable _frames;
    private readonly FreeLists _lists;
    private readonly SpinLock _lock;
    private readonly FramesInHand _inHand;
    private readonly NumaTopology _topology;
    private readonly int _nodes;
    private readonly ulong[] _freeByGroup;
    private readonly ulong[] _totalByNode;
    private ulong _free;
    private ulong _dirty;

    /// <summary>An allocator without memory, for a machine with these nodes.</summary>
    public PageAllocator(FrameTable frames, NumaTopology topology)
    {
        _frames = frames;
        _topology = topology;
        _nodes = topology.Count;
        _lists = new FreeLists(frames, _nodes);
        _lock = new SpinLock(LockRank.PageAllocator, new FreeListsRepair(this));
        _inHand = new FramesInHand(this);
        _freeByGroup = new ulong[_lists.Groups];
        _totalByNode = new ulong[_nodes];
    }

    /// <summary>Flushes before frames get new owners.</summary>
    internal TlbFlush Tlb { get; } = new();

    /// <summary>Number of NUMA nodes.</summary>
    public int Nodes => _nodes;

    /// <summary>Which memory is whose, and how far the nodes are from each other.</summary>
    public NumaTopology Topology => _topology;

    /// <summary>Free frames.</summary>
    public ulong FreeFrames => _free;

    /// <summary>Free frames that still have to be scrubbed.</summary>
    public ulong DirtyFrames => _dirty;

    /// <summary>Frames set aside by XENMEM_claim_pages; other allocations leave as many free.</summary>
    public ulong ClaimedFrames { get; private set; }

    /// <summary>All frames of a node.</summary>
    public ulong TotalFramesOf(int node) => _totalByNode[node];

    /// <summary>Free frames of a node whose addresses fit in so many bits; 64 for all.</summary>
    public ulong FreeFramesOf(int node, int addressBits)
    {
        ulong free = 0;
        for (int zone = 0; zone < FreeLists.Zones && zone + FreeLists.LowestZoneBits <= addressBits; zone++)
            free += _freeByGroup[node * FreeLists.Zones + zone];
        return free;
    }

    /// <summary>Gives RAM to the allocator: while booting, or what the boot loader's modules lay in.</summary>
    public void AddRange(ulong firstMfn, ulong count)
    {
        // Links use 0 for "none", so frame 0 stays out; no loss, nobody wants it.
        if (firstMfn == 0 && count != 0)
        {
            firstMfn++;
            count--;
        }
        while (count != 0)
        {
            ulong part = Math.Min(count, _topology.ChunkEnd(firstMfn) - firstMfn);
            AddPart(firstMfn, part);
            firstMfn += part;
            count -= part;
        }
    }

    /// <summary>Adds memory that is all one node's.</summary>
    private void AddPart(ulong firstMfn, ulong count)
    {
        Invariant.Holds(_frames.Contains(new Mfn(firstMfn + count - 1)));
        _totalByNode[_topology.NodeOf(firstMfn)] += count;
        for (ulong i = 0; i < count; i++)
        {
            ref FrameInfo frame = ref _frames[new Mfn(firstMfn + i)];
            Invariant.Holds(frame.Count == 0);
            frame.Count = FrameBits.Managed;
        }
        while (count != 0)
        {
            int order = 0;
            while (order < MaxOrder && 2UL << order <= count && (firstMfn & (2UL << order) - 1) == 0)
                order++;
            Free(new Mfn(firstMfn), order);
            firstMfn += 1UL << order;
            count -= 1UL << order;
        }
    }

    /// <summary>Takes in a frame that was never the allocator's but is RAM that it will be given back some day, such as a boot module.</summary>
    internal void Adopt(Mfn mfn, ref FrameInfo frame)
    {
        frame.Count = FrameBits.Managed;
        _totalByNode[_topology.NodeOf(mfn.Value)]++;
    }

    /// <summary>Allocates 2^order frames that follow each other, aligned to their number; false if there are none such.</summary>
    public bool TryAllocate(int order, AllocationFlags flags, out Mfn first)
    {
        if (!TryAllocate(order, flags, out first, out int note))
            return false;
        PerCpu.Ledger.Strike(note);
        return true;
    }

    /// <summary>The same; the frames are the allocator's after a trap until the caller strikes <paramref name="note"/> out of the ledger: just before he writes down that they are his.</summary>
    internal bool TryAllocate(int order, AllocationFlags flags, out Mfn first, out int note)
    {
        first = Mfn.Invalid;
        note = -1;
        if ((uint)order > MaxOrder)
            return false;
        Ledger ledger = PerCpu.Ledger;
        note = ledger.Enter(_inHand, FramesInHand.None);
        if (TryAllocateNoted(order, flags, ledger, note, out first))
            return true;
        ledger.Strike(note);
        return false;
    }

    private bool TryAllocateNoted(int order, AllocationFlags flags, Ledger ledger, int note, out Mfn first)
    {
        first = Mfn.Invalid;
        uint block;
        ulong stamp;
        bool dirty;
        using (_lock.Enter())
        {
            if (!TryTake(order, flags, out block))
                return false;
            ledger.Amend(note, FramesInHand.Of(block, order));
            Detach(block, order, out stamp, out dirty);
        }
        Tlb.FlushSince(stamp);
        if (dirty)
            Scrub(block, 1u << order, !flags.MayBeDirty);
        first = new Mfn(block);
        return true;
    }

    /// <summary>
    /// Gives frames back, in whatever pieces of what was allocated; they are dirty. Traps if one of them is free already, belongs to somebody, or never was the allocator's.
    /// </summary>
    public void Free(Mfn first, int order)
    {
        Invariant.Holds((uint)order <= MaxOrder && (first.Value & (1UL << order) - 1) == 0);
        if (order == 0)
        {
            FreeOne(first);
            return;
        }
        ulong count = 1UL << order;
        for (ulong i = 0; i < count; i++)
            Invariant.Holds((_frames[first.Plus(i)].Count & ~FrameBits.Dirty) == FrameBits.Managed);
        Free(first, order, EnterInHand(first, order));
    }

    /// <summary>Notes that somebody has frames in his hands which nothing else says the place of: after a trap they go back, if they are not somebody's then.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int EnterInHand(Mfn first, int order) => PerCpu.Ledger.Enter(_inHand, FramesInHand.Of(first.Value, order));

    /// <summary>Gives back frames that have been noted; the note is struck out.</summary>
    internal void Free(Mfn first, int order, int note)
    {
        ulong count = 1UL << order;
        int group = GroupOf(first.Value);
        Ledger ledger = PerCpu.Ledger;
        using (_lock.Enter())
        {
            for (ulong i = 0; i < count; i++)
            {
                ref FrameInfo frame = ref _frames[first.Plus(i)];
                frame.Count = FrameBits.Managed | FrameBits.Free | FrameBits.Dirty;
                frame.Type = 0;
            }
            _free += count;
            _dirty += count;
            _freeByGroup[group] += count;
            Merge(group, (uint)first.Value, order, 0);
            // Under the lock: nobody else can have got the frames yet.
            ledger.Amend(note, FramesInHand.None);
        }
        ledger.Strike(note);
    }

    /// <summary>The same for a single frame that nobody else can see: what domains give back.</summary>
    internal void FreeOne(Mfn mfn, ref FrameInfo frame, int note)
    {
        int group = GroupOf(mfn.Value);
        Ledger ledger = PerCpu.Ledger;
        using (_lock.Enter())
        {
            PutBack(mfn, ref frame, group);
            ledger.Amend(note, FramesInHand.None);
        }
        ledger.Strike(note);
    }

    /// <summary>The same for a single frame that is not noted.</summary>
    private void FreeOne(Mfn mfn)
    {
        ref FrameInfo frame = ref _frames[mfn];
        Invariant.Holds((frame.Count & ~FrameBits.Dirty) == FrameBits.Managed);
        int group = GroupOf(mfn.Value);
        using (_lock.Enter())
            PutBack(mfn, ref frame, group);
    }

    /// <summary>Makes a frame a free block, or part of one. The lock is held.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PutBack(Mfn mfn, ref FrameInfo frame, int group)
    {
        frame.Count = FrameBits.Managed | FrameBits.Free | FrameBits.Dirty;
        frame.Type = 0;
        _free++;
        _dirty++;
        _freeByGroup[group]++;
        Merge(group, unchecked((uint)mfn.Value), 0, 0);
    }

    /// <summary>Changes what is set aside; false if so much is not free.</summary>
    internal bool TryClaim(ulong old, ulong claim)
    {
        using (_lock.Enter())
        {
            ulong others = ClaimedFrames - old;
            if (claim > _free || others > _free - claim)
                return false;
            ClaimedFrames = others + claim;
            return true;
        }
    }

    /// <summary>Ends part of a claim, because the frames have been allocated or are not wanted any more.</summary>
    internal void EndClaim(ulong frames)
    {
        using (_lock.Enter())
            ClaimedFrames -= Math.Min(frames, ClaimedFrames);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int GroupOf(ulong frame) => _nodes == 1 ? FreeLists.ZoneOf(frame) : _topology.NodeOf(frame) * FreeLists.Zones + FreeLists.ZoneOf(frame);

    private bool TryTake(int order, AllocationFlags flags, out uint block)
    {
        block = 0;
        int top = FreeLists.Zones - 1;
        if (flags.AddressBits != 0)
            top = Math.Min(top, flags.AddressBits - FreeLists.LowestZoneBits);
        ulong available = flags.UsesClaim ? _free : _free - Math.Min(_free, ClaimedFrames);
        if (top < 0 || 1UL << order > available)
            return false;
        int preferred = unchecked((uint)flags.Node) < (uint)_nodes ? flags.Node : EmptiestNode();
        int nodes = flags.IsExactNode && flags.Node == preferred ? 1 : _nodes;
        for (int rank = 0; rank < nodes; rank++)
        {
            if (TryTakeFrom(_topology.Nearest(preferred, rank), top, order, out block))
                return true;
        }
        return false;
    }

    /// <summary>The node with the most free memory: for those who do not care.</summary>
    private int EmptiestNode()
    {
        if (_nodes == 1)
            return 0;
        int best = 0;
        ulong most = 0;
        for (int node = 0; node < _nodes; node++)
        {
            ulong free = FreeFramesOf(node, 64);
            if (free > most)
            {
                most = free;
                best = node;
            }
        }
        return best;
    }

    /// <summary>Takes the smallest block that is large enough from the highest zone that has one, and puts the rest of it back.</summary>
    private bool TryTakeFrom(int node, int topZone, int order, out uint block)
    {
        block = 0;
        int zone = _lists.HighestZone(node, topZone, order);
        if (zone < 0)
            return false;
        int group = node * FreeLists.Zones + zone;
        int found = _lists.SmallestOrder(group, order);
        block = _lists.First(group, found);
        uint firstDirty = FreeLists.FirstDirtyOf(in _frames[new Mfn(block)]);
        if (firstDirty != FreeLists.Clean && order != 0)
        {
            // None is clean. The last one is what was put back lately, perhaps half scrubbed.
            block = _lists.Last(group, found);
            firstDirty = FreeLists.FirstDirtyOf(in _frames[new Mfn(block)]);
        }
        _lists.Remove(group, block, found);
        Cut(group, block, found, order, firstDirty);
        _free -= 1UL << order;
        _freeByGroup[group] -= 1UL << order;
        return true;
    }

    /// <summary>Cuts a block that is on no list down to its first 2^order frames; the others become blocks again. Returns where the first piece may be dirty.</summary>
    private uint Cut(int group, uint block, int from, int order, uint firstDirty)
    {
        while (from > order)
        {
            from--;
            uint half = 1u << from;
            // What the upper half holds is only known if the lower one is clean: then it starts where the whole did.
            uint upper = firstDirty == FreeLists.Clean ? FreeLists.Clean : firstDirty >= half ? firstDirty - half : 0;
            _lists.Add(group, block + half, from, upper);
            if (firstDirty >= half)
                firstDirty = FreeLists.Clean;
        }
        return firstDirty;
    }

    /// <summary>Joins a block, which is on no list, with its free neighbours, and lists the result.</summary>
    private void Merge(int group, uint block, int order, uint firstDirty)
    {
        while (order < MaxOrder)
        {
            uint size = 1u << order;
            uint buddy = block ^ size;
            // Both halves of a block have the same number of address bits, as no block begins at frame 0; nodes may part them.
            if (!_lists.IsBlock(buddy, order) || (_nodes != 1 && GroupOf(buddy) != group))
                break;
            uint other = FreeLists.FirstDirtyOf(in _frames[new Mfn(buddy)]);
            _lists.Remove(group, buddy, order);
            uint lower = buddy < block ? other : firstDirty;
            uint upper = buddy < block ? firstDirty : other;
            firstDirty = lower != FreeLists.Clean ? lower : upper != FreeLists.Clean ? upper + size : FreeLists.Clean;
            block &= ~size;
            order++;
        }
        _lists.Add(group, block, order, firstDirty);
    }

    /// <summary>Makes the frames of a block that was taken nobody's but not free. They keep their dirty marks.</summary>
    private void Detach(uint block, int order, out ulong stamp, out bool dirty)
    {
        stamp = 0;
        ulong marks = 0;
        uint count = 1u << order;
        for (uint i = 0; i < count; i++)
        {
            ref FrameInfo frame = ref _frames[new Mfn(block + i)];
            stamp = Math.Max(stamp, frame.TlbStamp);
            ulong mark = frame.Count & FrameBits.Dirty;
            marks |= mark;
            if (mark != 0)
                _dirty--;
            frame.Count = FrameBits.Managed | mark;
            frame.Type = 0;
        }
        dirty = marks != 0;
    }
}
