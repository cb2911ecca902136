// The table that says where PCI configuration space is mapped in memory (PCI Firmware Specification 3.3, 4.1.2).

namespace Xenith.Hypervisor.Boot;

/// <summary>The configuration space of some buses: 1 MiB for each.</summary>
internal struct McfgRange
{
    /// <summary>Address of bus 0 of the segment, whether or not the range begins there.</summary>
    internal ulong Address;

    internal ushort Segment;
    internal byte FirstBus;
    internal byte LastBus;
}

/// <summary>A view of the table.</summary>
internal readonly ref struct McfgTable(TableBytes table)
{
    private const int FirstRange = 44;
    private const int RangeLength = 16;

    private readonly TableBytes _table = table;

    internal int Count => _table.Length < FirstRange ? 0 : (_table.Length - FirstRange) / RangeLength;

    /// <summary>A range; the index must be below <see cref="Count"/>. False if it ends before it begins or wraps around.</summary>
    internal bool TryRange(int index, out McfgRange range)
    {
        int at = FirstRange + (index * RangeLength);
        range = new McfgRange
        {
            Address = _table.U64(at),
            Segment = _table.U16(at + 8),
            FirstBus = _table.U8(at + 10),
            LastBus = _table.U8(at + 11),
        };
        return range.FirstBus <= range.LastBus && range.Address <= ulong.MaxValue - ((range.LastBus + 1UL) << 20);
    }
}
