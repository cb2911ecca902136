// The table that describes Intel's IOMMUs (VT-d specification 4.1, chapter 8).

namespace Xenith.Hypervisor.Boot;

/// <summary>A remapping unit.</summary>
internal struct DmarUnit
{
    internal ulong Address;
    internal ushort Segment;

    /// <summary>It serves all devices of its segment that no other unit names.</summary>
    internal bool ServesRest;
}

/// <summary>Memory that firmware uses with a device, which must stay mapped for it.</summary>
internal struct DmarReserved
{
    internal ushort Segment;

    /// <summary>First and last address.</summary>
    internal ulong First, Last;
}

/// <summary>A view of the table.</summary>
internal readonly ref struct DmarTable(TableBytes table)
{
    private const int FirstEntry = 48;
    private const ushort HardwareUnit = 0, ReservedMemory = 1;

    private readonly TableBytes _table = table;

    /// <summary>Bits of the addresses that devices can use.</summary>
    internal int AddressWidth => _table.U8(36) + 1;

    /// <summary>Goes on to the next structure; begins with <paramref name="at"/> 0. False at the end, and where a length cannot be.</summary>
    internal bool MoveNext(ref int at, out TableBytes entry) => _table.TryNext(FirstEntry, ref at, out entry);

    internal static bool TryUnit(TableBytes entry, out DmarUnit unit)
    {
        unit = new DmarUnit { ServesRest = (entry.U8(4) & 1) != 0, Segment = entry.U16(6), Address = entry.U64(8) };
        return entry.U16(0) == HardwareUnit && entry.Length >= 16;
    }

    internal static bool TryReserved(TableBytes entry, out DmarReserved reserved)
    {
        reserved = new DmarReserved { Segment = entry.U16(6), First = entry.U64(8), Last = entry.U64(16) };
        return entry.U16(0) == ReservedMemory && entry.Length >= 24;
    }
}
