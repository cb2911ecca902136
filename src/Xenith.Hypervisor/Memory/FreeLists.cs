using System.Numerics;
using System.Runtime.CompilerServices;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// Free blocks of 2^order frames in doubly linked lists, one for each node, zone and order. The links are in the frames' own entries of the frame table, so no other memory
/// is needed however much RAM there is. A zone is all memory whose highest address has the same number of bits: a limit in address bits then is a choice of zones, not a search.
/// </summary>
internal sealed class FreeLists
{
    /// <summary>Largest block: 2^20 frames, 4 GiB.</summary>
    internal const int MaxOrder = 20;

    private const int Orders = MaxOrder + 1;

    /// <summary>Zone 0 is below 2^24 bytes (ISA DMA), zone n has addresses of 24 + n bits.</summary>
    internal const int LowestZoneBits = 24;

    /// <summary>The last zone has 44-bit addresses: frame numbers of 32 bits.</summary>
    internal const int Zones = 21;

    /// <summary>No frame of the block can be dirty.</summary>
    internal const uint Clean = uint.MaxValue;

    private readonly FrameTable _frames;
    private readonly uint[] _first;
    private readonly uint[] _last;
    private readonly uint[] _orders;
    private readonly uint[] _zones;

    internal FreeLists(FrameTable frames, int nodes)
    {
        _frames = frames;
        Groups = nodes * Zones;
        _first = new uint[Groups * Orders];
        _last = new uint[Groups * Orders];
        _orders = new uint[Groups];
        _zones = new uint[nodes];
    }

    /// <summary>Pairs of node and zone: group = node * <see cref="Zones"/> + zone.</summary>
    internal int Groups { get; }

    /// <summary>Zone of a block that begins at a frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int ZoneOf(ulong frame)
    {
        int bits = unchecked(64 - BitOperations.LeadingZeroCount(frame) + AddressSpace.PageShift);
        return bits <= LowestZoneBits ? 0 : unchecked(bits - LowestZoneBits);
    }

    /// <summary>Order of a block, kept in its head.</summary>
    internal static int OrderOf(in FrameInfo head) => unchecked((int)(head.Type & 0xff));

    /// <summary>Index in the block of the first frame that may be dirty, or <see cref="Clean"/>.</summary>
    internal static uint FirstDirtyOf(in FrameInfo head) => unchecked((uint)(head.Type >> 8));

    /// <summary>The smallest order of at least <paramref name="order"/> that the group has a block of, or -1.</summary>
    internal int SmallestOrder(int group, int order)
    {
        uint fitting = _orders[group] >> order << order;
        return fitting == 0 ? -1 : BitOperations.TrailingZeroCount(fitting);
    }

    /// <summary>The highest zone of a node, up to <paramref name="topZone"/>, that has a block of at least this order; -1 if there is none.</summary>
    internal int HighestZone(int node, int topZone, int order)
    {
        uint zones = _zones[node] & ((2u << topZone) - 1);
        while (zones != 0)
        {
            int zone = 31 - BitOperations.LeadingZeroCount(zones);
            if (_orders[node * Zones + zone] >> order != 0)
                return zone;
            zones &= ~(1u << zone);
        }
        return -1;
    }

    /// <summary>The block to allocate from: clean ones come first.</summary>
    internal uint First(int group, int order) => _first[group * Orders + order];

    /// <summary>The block to scrub: dirty ones come last.</summary>
    internal uint Last(int group, int order) => _last[group * Orders + order];

    /// <summary>True if the frame heads a free block of this order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsBlock(ulong frame, int order)
    {
        if (!_frames.Contains(new Mfn(frame)))
            return false;
        ref FrameInfo head = ref _frames[new Mfn(frame)];
        const ulong wanted = FrameBits.Free | FrameBits.BlockHead;
        return (head.Count & wanted) == wanted && OrderOf(in head) == order;
    }

    /// <summary>Forgets all blocks.</summary>
    internal void Clear()
    {
        System.Span<uint> first = _first, last = _last, orders = _orders, zones = _zones;
        first.Clear();
        last.Clear();
        orders.Clear();
        zones.Clear();
    }

    /// <summary>Puts a block on its list.</summary>
    internal void Add(int group, uint block, int order, uint firstDirty)
    {
        int list = unchecked(group * Orders + order);
        ref FrameInfo head = ref _frames[new Mfn(block)];
        head.Count |= FrameBits.BlockHead;
        head.Type = unchecked((ulong)(uint)order) | (ulong)firstDirty << 8;
        uint first = _first[list], last = _last[list];
        if (firstDirty == Clean)
        {
            head.Previous = 0;
            head.Next = first;
            _first[list] = block;
            if (first == 0)
                _last[list] = block;
            else
                _frames[new Mfn(first)].Previous = block;
        }
        else
        {
            head.Next = 0;
            head.Previous = last;
            _last[list] = block;
            if (last == 0)
                _first[list] = block;
            else
                _frames[new Mfn(last)].Next = block;
        }
        uint orders = _orders[group];
        if ((orders >> order & 1) != 0)
            return;
        _orders[group] = orders | 1u << order;
        if (orders == 0)
            _zones[group / Zones] |= 1u << group % Zones;
    }

    /// <summary>Takes a block off its list.</summary>
    internal void Remove(int group, uint block, int order)
    {
        int list = unchecked(group * Orders + order);
        ref FrameInfo head = ref _frames[new Mfn(block)];
        if (head.Previous == 0)
            _first[list] = head.Next;
        else
            _frames[new Mfn(head.Previous)].Next = head.Next;
        if (head.Next == 0)
            _last[list] = head.Previous;
        else
            _frames[new Mfn(head.Next)].Previous = head.Previous;
        head.Next = 0;
        head.Previous = 0;
        head.Type = 0;
        head.Count &= ~FrameBits.BlockHead;
        if (_first[list] != 0)
            return;
        _orders[group] &= ~(1u << order);
        if (_orders[group] == 0)
            _zones[group / Zones] &= ~(1u << group % Zones);
    }
}
