// The machine's memory as the firmware describes it. Firmware lists ranges in any order, lets them overlap and forgets to join them; the
// hypervisor, dom0 and the tools all work on the list made here.

using System;
using System.Runtime.CompilerServices;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>What a range of physical addresses is, by the types of ACPI's address range table (ACPI 6.5, 15.2). Of two that overlap, the higher wins.</summary>
internal enum MemoryKind : uint
{
    Usable = 1,
    Reserved = 2,
    AcpiData = 3,
    AcpiNonVolatile = 4,
    Unusable = 5,
}

/// <summary>A range of physical addresses of one kind.</summary>
internal struct MemoryRange
{
    internal ulong Start, End;
    internal MemoryKind Kind;
}

/// <summary>Room for ranges.</summary>
[InlineArray(Capacity)]
internal struct MemoryRanges
{
    internal const int Capacity = 128;
    private MemoryRange _first;
}

/// <summary>The firmware's memory map: after <see cref="Normalize"/> sorted, without overlaps, neighbours of one kind joined.</summary>
internal struct MemoryMap
{
    private const ulong AddressLimit = 1UL << 52;

    internal MemoryRanges Ranges;
    internal int Count;

    /// <summary>Ranges that there was no room for.</summary>
    internal int Lost;

    /// <summary>The kind of a firmware type number; unknown ones are reserved.</summary>
    internal static MemoryKind KindOf(uint type) => type is >= 1 and <= 5 ? (MemoryKind)type : MemoryKind.Reserved;

    /// <summary>Adds a range as the firmware gives it; empty ones and those beyond physical addresses are cut.</summary>
    internal void Add(ulong start, ulong length, MemoryKind kind)
    {
        if (start >= AddressLimit || length == 0)
            return;
        ulong end = length > AddressLimit - start ? AddressLimit : start + length;
        Append(new MemoryRange { Start = start, End = end, Kind = kind });
    }

    /// <summary>Sorts the ranges and resolves overlaps: the stricter kind wins.</summary>
    internal void Normalize()
    {
        MemoryMap from = this;
        Count = 0;
        ulong at = 0;
        while (NextEdge(in from, at, out ulong start))
        {
            // The piece from this edge to the next has one answer.
            MemoryKind kind = 0;
            ulong end = AddressLimit;
            for (int i = 0; i < from.Count; i++)
            {
                MemoryRange range = from.Ranges[i];
                if (range.Start <= start && start < range.End)
                {
                    if (range.Kind > kind)
                        kind = range.Kind;
                    if (range.End < end)
                        end = range.End;
                }
                else if (range.Start > start && range.Start < end)
                    end = range.Start;
            }
            if (Count > 0 && Ranges[Count - 1].End == start && Ranges[Count - 1].Kind == kind)
                Ranges[Count - 1].End = end;
            else
                Append(new MemoryRange { Start = start, End = end, Kind = kind });
            at = end;
        }
    }

    /// <summary>True if every address of a range is of one kind. The map is normalized.</summary>
    internal readonly bool Contains(ulong start, ulong end, MemoryKind kind)
    {
        for (int i = 0; i < Count; i++)
        {
            MemoryRange range = Ranges[i];
            if (range.Kind == kind && range.Start <= start && end <= range.End)
                return true;
        }
        return false;
    }

    /// <summary>End of the highest usable range below a limit, 0 if there is none.</summary>
    internal readonly ulong TopOfRam(ulong limit)
    {
        ulong top = 0;
        for (int i = 0; i < Count; i++)
        {
            MemoryRange range = Ranges[i];
            if (range.Kind == MemoryKind.Usable && range.Start < limit && range.End > top)
                top = range.End < limit ? range.End : limit;
        }
        return top & ~4095UL;
    }

    /// <summary>The whole frames inside a usable range: rounded inwards. False if there is none, or the range is of another kind.</summary>
    internal readonly bool TryFrames(int index, out ulong first, out ulong end)
    {
        MemoryRange range = Ranges[index];
        first = (range.Start + (AddressSpace.PageSize - 1)) / AddressSpace.PageSize;
        end = range.End / AddressSpace.PageSize;
        return range.Kind == MemoryKind.Usable && first < end;
    }

    /// <summary>Number of whole usable frames below a limit (an address).</summary>
    internal readonly ulong UsableFrames(ulong limit)
    {
        ulong frames = 0;
        for (int i = 0; i < Count; i++)
        {
            if (TryFrames(i, out ulong first, out ulong end) && first < limit / AddressSpace.PageSize)
                frames += Math.Min(end, limit / AddressSpace.PageSize) - first;
        }
        return frames;
    }

    /// <summary>The kind of the range that holds an address; false in a hole of the map. The map must have been normalized.</summary>
    internal readonly bool TryKindAt(ulong address, out MemoryKind kind)
    {
        kind = default;
        for (int i = 0; i < Count; i++)
        {
            MemoryRange range = Ranges[i];
            if (range.Start <= address && address < range.End)
            {
                kind = range.Kind;
                return true;
            }
        }
        return false;
    }

    /// <summary>Takes usable memory from an address on out of the map: more than the hypervisor can manage, or was told to.</summary>
    internal void Clip(ulong limit)
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            MemoryRange range = Ranges[i];
            if (range.Kind == MemoryKind.Usable)
                range.End = Math.Min(range.End, limit);
            if (range.Start >= range.End)
                continue;
            Ranges[kept] = range;
            kept++;
        }
        Count = kept;
    }

    /// <summary>Keeps so many bytes of usable memory, the lowest, and takes the rest out of the map. The map must have been normalized.</summary>
    internal void ClipAmount(ulong bytes)
    {
        for (int i = 0; i < Count; i++)
        {
            MemoryRange range = Ranges[i];
            if (range.Kind != MemoryKind.Usable)
                continue;
            ulong size = range.End - range.Start;
            if (size > bytes)
            {
                Clip(range.Start + bytes);
                return;
            }
            bytes -= size;
        }
    }

    private void Append(MemoryRange range)
    {
        if (Count < MemoryRanges.Capacity)
            Ranges[Count++] = range;
        else
            Lost++;
    }

    /// <summary>The lowest address from <paramref name="at"/> on that some range covers.</summary>
    private static bool NextEdge(in MemoryMap map, ulong at, out ulong start)
    {
        start = ulong.MaxValue;
        for (int i = 0; i < map.Count; i++)
        {
            MemoryRange range = map.Ranges[i];
            if (range.End <= at)
                continue;
            ulong candidate = range.Start > at ? range.Start : at;
            if (candidate < start)
                start = candidate;
        }
        return start != ulong.MaxValue;
    }
}
