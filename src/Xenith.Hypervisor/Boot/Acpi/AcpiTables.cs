// The list of ACPI tables: the root table's entries are physical addresses of the others (ACPI 6.5, 5.2.7 and 5.2.8). A table is used
// only if it can be read as a whole and its bytes add up to zero.

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>One entry of the list.</summary>
internal struct AcpiTable
{
    internal const int HeaderLength = 36;

    /// <summary>Four characters, the first in the lowest byte; 0 if not even the header can be read.</summary>
    internal uint Signature;

    internal ulong Address;

    /// <summary>Bytes, as the header says.</summary>
    internal uint Length;

    internal byte Revision;

    /// <summary>Who made the table: six characters, then eight that name it, then its own revision; zeros if the header cannot be read.</summary>
    internal ulong Maker, Name;

    internal uint MakerRevision;

    /// <summary>The program that made the table, and its revision.</summary>
    internal uint Creator, CreatorRevision;

    /// <summary>Why the table cannot be used.</summary>
    internal AcpiError Error;

    /// <summary>Writes the four characters, with '?' for what cannot be printed.</summary>
    internal readonly void WriteSignature(Span<byte> text) => WriteText(Signature, text.Slice(0, 4));

    /// <summary>Writes characters, the first in the lowest byte: '?' for what cannot be printed, blanks for zeros.</summary>
    internal static void WriteText(ulong characters, Span<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            byte value = unchecked((byte)(characters >> (8 * i)));
            text[i] = value is >= 0x20 and < 0x7f ? value : value == 0 ? (byte)' ' : (byte)'?';
        }
    }
}

/// <summary>The tables of one machine.</summary>
internal readonly struct AcpiTables<TMemory>
    where TMemory : struct, IFirmwareMemory
{
    // Larger than any table: the DSDT of a large server has a few hundred KiB.
    private const uint LargestTable = 16u << 20;

    private readonly TMemory _memory;
    private readonly ulong _entries;
    private readonly int _entryLength;

    private AcpiTables(TMemory memory, AcpiRoot root, ulong entries, int count, int entryLength)
    {
        _memory = memory;
        Root = root;
        _entries = entries;
        Count = count;
        _entryLength = entryLength;
    }

    internal AcpiRoot Root { get; }

    /// <summary>Entries of the root table, sound or not.</summary>
    internal int Count { get; }

    /// <summary>Finds the root pointer and a root table that can be used, the 64-bit one first.</summary>
    internal static AcpiError Open(TMemory memory, ulong rootHint, out AcpiTables<TMemory> tables)
    {
        tables = default;
        AcpiError error = AcpiRoot.Find(memory, rootHint, out AcpiRoot root);
        if (error != AcpiError.None)
        {
            return error;
        }

        return TryRootTable(memory, root, root.Xsdt, "XSDT"u8, 8, out tables) || TryRootTable(memory, root, root.Rsdt, "RSDT"u8, 4, out tables)
            ? AcpiError.None
            : AcpiError.NoRootTable;
    }

    /// <summary>The root table itself.</summary>
    internal AcpiTable List
    {
        get
        {
            Load(_memory, _entries - AcpiTable.HeaderLength, out AcpiTable table);
            return table;
        }
    }

    /// <summary>A table at an address that another table gives.</summary>
    internal AcpiTable At(ulong address)
    {
        Load(_memory, address, out AcpiTable table);
        return table;
    }

    /// <summary>An entry of the list. The index must be below <see cref="Count"/>.</summary>
    internal AcpiTable this[int index]
    {
        get
        {
            ulong at = _entries + unchecked((ulong)(index * _entryLength));
            ReadOnlySpan<byte> entry = _memory.Bytes(at, unchecked((ulong)_entryLength));
            ulong address = entry.Length switch
            {
                8 => BinaryPrimitives.ReadUInt64LittleEndian(entry),
                4 => BinaryPrimitives.ReadUInt32LittleEndian(entry),
                _ => 0,
            };
            Load(_memory, address, out AcpiTable table);
            return table;
        }
    }

    /// <summary>
    /// Finds a table by its signature. A damaged one is passed over if a sound one with the same signature follows; else its error is the
    /// answer.
    /// </summary>
    internal AcpiError Find(ReadOnlySpan<byte> signature, out TableBytes table)
    {
        table = default;
        uint wanted = BinaryPrimitives.ReadUInt32LittleEndian(signature);
        AcpiError error = AcpiError.NotFound;
        for (int i = 0; i < Count; i++)
        {
            AcpiTable entry = this[i];
            if (entry.Signature != wanted)
            {
                continue;
            }

            if (entry.Error == AcpiError.None)
            {
                table = new TableBytes(_memory.Bytes(entry.Address, entry.Length));
                return AcpiError.None;
            }

            error = entry.Error;
        }

        return error;
    }

    private static bool TryRootTable(
        TMemory memory, AcpiRoot root, ulong address, ReadOnlySpan<byte> signature, int entryLength, out AcpiTables<TMemory> tables)
    {
        tables = default;
        if (address == 0 || Load(memory, address, out AcpiTable table).Length == 0
            || table.Signature != BinaryPrimitives.ReadUInt32LittleEndian(signature))
        {
            return false;
        }

        int count = unchecked((int)(table.Length - AcpiTable.HeaderLength)) / entryLength;
        tables = new AcpiTables<TMemory>(memory, root, address + AcpiTable.HeaderLength, count, entryLength);
        return true;
    }

    // The table's bytes, empty unless the table is sound.
    private static ReadOnlySpan<byte> Load(TMemory memory, ulong address, out AcpiTable table)
    {
        table = new AcpiTable { Address = address, Error = AcpiError.NotReadable };
        ReadOnlySpan<byte> header = memory.Bytes(address, AcpiTable.HeaderLength);
        if (address == 0 || header.IsEmpty)
        {
            return default;
        }

        table.Signature = BinaryPrimitives.ReadUInt32LittleEndian(header);
        table.Length = BinaryPrimitives.ReadUInt32LittleEndian(header.Slice(4));
        table.Revision = header[8];
        table.Maker = BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(10)) & 0xffff_ffff_ffff;
        table.Name = BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(16));
        table.MakerRevision = BinaryPrimitives.ReadUInt32LittleEndian(header.Slice(24));
        table.Creator = BinaryPrimitives.ReadUInt32LittleEndian(header.Slice(28));
        table.CreatorRevision = BinaryPrimitives.ReadUInt32LittleEndian(header.Slice(32));
        if (table.Length is < AcpiTable.HeaderLength or > LargestTable)
        {
            table.Error = AcpiError.BadLength;
            return default;
        }

        ReadOnlySpan<byte> bytes = memory.Bytes(address, table.Length);
        if (bytes.IsEmpty)
        {
            return default;
        }

        table.Error = new TableBytes(bytes).SumIsZero() ? AcpiError.None : AcpiError.BadChecksum;
        return table.Error == AcpiError.None ? bytes : default;
    }
}
