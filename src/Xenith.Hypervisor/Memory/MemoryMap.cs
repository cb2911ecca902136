using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Xenith.Hypervisor.Memory;

/// <summary>One range of a memory map, as firmware (ACPI, 15.3, INT 15h E820h) and Xen's toolstack describe it: 20 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public struct MemoryRange
{
    /// <summary>RAM.</summary>
    public const uint Ram = 1;

    /// <summary>Not RAM, or not free.</summary>
    public const uint Reserved = 2;

    /// <summary>First byte.</summary>
    public ulong Address;

    /// <summary>Number of bytes.</summary>
    public ulong Size;

    /// <summary>Address range type.</summary>
    public uint Type;
}

/// <summary>A list of ranges in a fixed space.</summary>
public sealed class MemoryMap
{
    /// <summary>Room for ranges: what the first boot protocols had, and Xen's limit for guests.</summary>
    public const int Capacity = 128;

    private Ranges _ranges;

    /// <summary>Number of ranges.</summary>
    public int Count { get; private set; }

    /// <summary>A range; 0 is the first.</summary>
    public MemoryRange this[int index] => _ranges[index];

    /// <summary>Forgets all.</summary>
    public void Clear() => Count = 0;

    /// <summary>Adds a range at the end; false if there is no room.</summary>
    public bool TryAdd(MemoryRange range)
    {
        if (Count == Capacity)
            return false;
        _ranges[Count] = range;
        Count++;
        return true;
    }

    [InlineArray(Capacity)]
    private struct Ranges
    {
        private MemoryRange _first;
    }
}
