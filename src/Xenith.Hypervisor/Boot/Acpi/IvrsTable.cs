// The table that describes AMD's IOMMUs (AMD I/O Virtualization Technology Specification 3.07, chapter 5.2). A unit may be described more than
// once, by blocks of newer kinds that say more.

namespace Xenith.Hypervisor.Boot;

/// <summary>A block that describes a unit.</summary>
internal struct IvrsUnit
{
    /// <summary>0x10, 0x11 or 0x40.</summary>
    internal byte Kind;

    internal ushort Segment;

    /// <summary>The PCI device that is the unit: bus, device and function.</summary>
    internal ushort Device;

    internal ulong Address;
}

/// <summary>A view of the table.</summary>
internal readonly ref struct IvrsTable(TableBytes table)
{
    private const int FirstEntry = 48;

    private readonly TableBytes _table = table;

    /// <summary>Bits of physical addresses that the units use.</summary>
    internal int AddressWidth => unchecked((int)(_table.U32(36) >> 8 & 0x7f));

    /// <summary>Goes on to the next block; begins with <paramref name="at"/> 0. False at the end, and where a length cannot be.</summary>
    internal bool MoveNext(ref int at, out TableBytes entry) => _table.TryNext(FirstEntry, ref at, out entry);

    internal static bool TryUnit(TableBytes entry, out IvrsUnit unit)
    {
        unit = new IvrsUnit { Kind = entry.U8(0), Device = entry.U16(4), Address = entry.U64(8), Segment = entry.U16(16) };
        return unit.Kind is 0x10 or 0x11 or 0x40 && entry.Length >= 24;
    }
}
