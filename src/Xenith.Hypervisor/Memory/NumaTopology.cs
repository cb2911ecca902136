using System;
using System.Numerics;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// Which memory is near which CPUs: nodes, numbered from 0, and how far they are from each other. Made once while booting. The node of a frame is one look into a table of
/// equal chunks of memory; where firmware draws the line between two nodes inside of a chunk, the chunk counts as the first one's.
/// </summary>
public sealed class NumaTopology
{
    /// <summary>Nodes of the largest machine.</summary>
    public const int MostNodes = 64;

    /// <summary>The distance of a node to itself (ACPI 6.5, 5.2.17), and that to another one if firmware says nothing.</summary>
    public const byte LocalDistance = 10, RemoteDistance = 20;

    private const int MostChunks = 1 << 15;
    private const int NoShift = 63;

    private readonly byte[] _nodeOfChunk;
    private readonly int _chunkShift;
    private readonly byte[] _distances;
    private readonly byte[] _order;
    private readonly uint[] _domains;
    private readonly NumaRange[] _spans;
    private uint[] _apicIds = new uint[0];
    private byte[] _nodeOfApic = new byte[0];

    private NumaTopology(ReadOnlySpan<NumaRange> ranges, ReadOnlySpan<uint> domains, ulong frames)
    {
        Count = domains.Length;
        _domains = new uint[Count];
        domains.CopyTo(_domains);
        _distances = new byte[Count * Count];
        _order = new byte[Count * Count];
        _spans = new NumaRange[Count];
        for (int node = 0; node < Count; node++)
        {
            for (int other = 0; other < Count; other++)
                _distances[node * Count + other] = node == other ? LocalDistance : RemoteDistance;
        }
        for (int i = 0; i < ranges.Length; i++)
        {
            NumaRange range = ranges[i];
            ref NumaRange span = ref _spans[range.Node];
            bool isFirst = span.First == span.End;
            span.Node = range.Node;
            span.First = isFirst ? range.First : Math.Min(span.First, range.First);
            span.End = Math.Max(span.End, range.End);
        }
        _chunkShift = Count == 1 ? NoShift : ShiftOf(ranges, frames);
        _nodeOfChunk = new byte[(int)(frames >> _chunkShift) + 1];
        FillChunks(ranges);
        Sort();
    }

    /// <summary>Number of nodes.</summary>
    public int Count { get; }

    /// <summary>Frames of a chunk as a power of two; 63 if one chunk is everything.</summary>
    public int ChunkShift => _chunkShift;

    /// <summary>A machine whose memory is all equally near.</summary>
    public static NumaTopology OneNode(ulong frames) => Create([new NumaRange { End = frames }], [0], frames);

    /// <summary>Makes a topology.</summary>
    /// <param name="ranges">Memory, sorted by address and without overlaps, with its nodes.</param>
    /// <param name="domains">The firmware's number of each node; their number is that of the nodes.</param>
    /// <param name="frames">Number of frames up to the end of memory.</param>
    public static NumaTopology Create(ReadOnlySpan<NumaRange> ranges, ReadOnlySpan<uint> domains, ulong frames) => new(ranges, domains, frames);

    /// <summary>The node of a frame; what lies beyond memory counts as the last chunk's.</summary>
    public int NodeOf(ulong frame)
    {
        ulong chunk = frame >> _chunkShift;
        return chunk < (ulong)_nodeOfChunk.Length ? _nodeOfChunk[(int)chunk] : _nodeOfChunk[^1];
    }

    /// <summary>The first frame after <paramref name="frame"/> that another node may have.</summary>
    public ulong ChunkEnd(ulong frame) => _chunkShift == NoShift ? ulong.MaxValue : ((frame >> _chunkShift) + 1) << _chunkShift;

    /// <summary>The node of a CPU; 0 for one that firmware did not mention.</summary>
    public int NodeOfApic(uint apicId)
    {
        for (int i = 0; i < _apicIds.Length; i++)
        {
            if (_apicIds[i] == apicId)
                return _nodeOfApic[i];
        }
        return 0;
    }

    /// <summary>How far one node is from another, <see cref="LocalDistance"/> being here.</summary>
    public byte Distance(int from, int to) => _distances[from * Count + to];

    /// <summary>The nodes in the order of their distance from one, which comes first itself.</summary>
    public int Nearest(int node, int rank) => _order[node * Count + rank];

    /// <summary>The firmware's number of a node (a proximity domain).</summary>
    public uint DomainOf(int node) => _domains[node];

    /// <summary>The span of a node's memory, which may hold memory of others; empty for a node without memory.</summary>
    public NumaRange SpanOf(int node) => _spans[node];

    /// <summary>Takes the nodes of CPUs by APIC id; while booting.</summary>
    internal void SetCpus(ReadOnlySpan<uint> apicIds, ReadOnlySpan<byte> nodes)
    {
        _apicIds = new uint[apicIds.Length];
        apicIds.CopyTo(_apicIds);
        _nodeOfApic = new byte[nodes.Length];
        nodes.CopyTo(_nodeOfApic);
    }

    /// <summary>Takes distances, row by row; while booting.</summary>
    internal void SetDistances(ReadOnlySpan<byte> distances)
    {
        distances.Slice(0, _distances.Length).CopyTo(_distances);
        Sort();
    }

    /// <summary>The largest chunk whose borders include all those between nodes, or as large a one as the table has room for.</summary>
    private static int ShiftOf(ReadOnlySpan<NumaRange> ranges, ulong frames)
    {
        ulong borders = 0;
        for (int i = 1; i < ranges.Length; i++)
        {
            if (ranges[i].Node != ranges[i - 1].Node)
                borders |= ranges[i].First;
        }
        int shift = borders == 0 ? NoShift : BitOperations.TrailingZeroCount(borders);
        while (frames >> shift >= MostChunks)
            shift++;
        return shift;
    }

    private void FillChunks(ReadOnlySpan<NumaRange> ranges)
    {
        int range = 0;
        for (int chunk = 0; chunk < _nodeOfChunk.Length; chunk++)
        {
            ulong first = (ulong)chunk << _chunkShift;
            while (range + 1 < ranges.Length && ranges[range].End <= first)
                range++;
            if (ranges.Length != 0)
                _nodeOfChunk[chunk] = ranges[range].Node;
        }
    }

    /// <summary>Sorts the nodes by distance from each; equally far ones by number, counted from the node on, so that not all fall back on the same one.</summary>
    private void Sort()
    {
        for (int node = 0; node < Count; node++)
        {
            for (int rank = 0; rank < Count; rank++)
            {
                byte next = (byte)((node + rank) % Count);
                int place = rank;
                while (place > 1 && Distance(node, _order[node * Count + place - 1]) > Distance(node, next))
                {
                    _order[node * Count + place] = _order[node * Count + place - 1];
                    place--;
                }
                _order[node * Count + place] = next;
            }
        }
    }
}

/// <summary>Frames of a node.</summary>
public struct NumaRange
{
    /// <summary>The first frame, and the first one after the range.</summary>
    public ulong First, End;

    /// <summary>The node.</summary>
    public byte Node;
}
