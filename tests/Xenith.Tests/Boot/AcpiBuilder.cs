using System.Buffers.Binary;
using System.Text;

namespace Xenith.Tests.Boot;

/// <summary>A machine with ACPI tables, as a BIOS leaves it.</summary>
internal sealed class AcpiBuilder
{
    public const int RootPointer = 0xf_0100;
    private const int FirstTable = 0x10_0000;

    private readonly List<uint> _tables = [];
    private uint _next = FirstTable;

    public byte[] Memory { get; } = new byte[0x12_0000];

    /// <summary>QEMU's q35, in short.</summary>
    public static AcpiBuilder Q35() => new AcpiBuilder()
        .Table("FACP", Fadt())
        .Table("APIC", Madt())
        .Table("HPET", [0x01, 0xa2, 0x86, 0x80, .. Address(0, 0, 0xfed0_0000), 0, 0, 0, 0])
        .Table("MCFG", [.. new byte[8], .. U64(0xb000_0000), 0, 0, 0, 255, 0, 0, 0, 0])
        .Table("SRAT", Srat())
        .Table("SLIT", [.. U64(2), 10, 20, 20, 10]);

    public static byte[] U16(ushort value) => BitConverter.GetBytes(value);

    public static byte[] U32(uint value) => BitConverter.GetBytes(value);

    public static byte[] U64(ulong value) => BitConverter.GetBytes(value);

    public static byte[] Address(byte space, byte bits, ulong value) => [space, bits, 0, 0, .. U64(value)];

    /// <summary>Adds a table: header, then the given bytes.</summary>
    public AcpiBuilder Table(string signature, byte[] body)
    {
        _tables.Add(Place(signature, body));
        return this;
    }

    /// <summary>Adds an entry of the root table that points anywhere.</summary>
    public AcpiBuilder Entry(uint address)
    {
        _tables.Add(address);
        return this;
    }

    /// <summary>Address of the table that was added last.</summary>
    public uint Last => _tables[^1];

    /// <summary>Writes root table and root pointer.</summary>
    public byte[] Build(bool wide = true, int rootPointer = RootPointer)
    {
        uint rsdt = Place("RSDT", [.. _tables.SelectMany(U32)]);
        uint xsdt = wide ? Place("XSDT", [.. _tables.SelectMany(table => U64(table))]) : 0;
        byte[] root = [.. "RSD PTR "u8, 0, .. "BOCHS "u8, (byte)(wide ? 2 : 0), .. U32(rsdt), .. U32(36), .. U64(xsdt), 0, 0, 0, 0];
        root[8] = Missing(root.AsSpan(0, 20));
        root[32] = Missing(root);
        root.CopyTo(Memory, rootPointer);
        return Memory;
    }

    private static byte[] Fadt()
    {
        byte[] body = new byte[276 - 36];
        void At(int offset, byte[] value) => value.CopyTo(body, offset - 36);
        At(36, U32(0x7fe_0000));
        At(40, U32(0x7fe_1000));
        At(46, U16(9));
        At(48, U32(0xb2));
        At(52, [2, 3]);
        At(56, U32(0x600));
        At(64, U32(0x604));
        At(76, U32(0x608));
        At(88, [4, 2, 0, 4]);
        At(108, [0x32]);
        At(109, U16(2));
        At(112, U32((1 << 10) | (1 << 8)));
        At(116, Address(1, 8, 0xcf9));
        At(128, [0x0f]);
        At(208, Address(1, 32, 0x608));
        return body;
    }

    private static byte[] Madt() =>
    [
        .. U32(0xfee0_0000), .. U32(1),
        0, 8, 0, 0, .. U32(1),
        0, 8, 1, 2, .. U32(1),
        0, 8, 2, 4, .. U32(2),
        9, 16, 0, 0, .. U32(0x100), .. U32(1), .. U32(7),
        1, 12, 0, 0, .. U32(0xfec0_0000), .. U32(0),
        2, 10, 0, 0, .. U32(2), .. U16(0),
        2, 10, 0, 9, .. U32(9), .. U16(0x0f),
        3, 8, .. U16(5), .. U32(23),
        4, 6, 0xff, .. U16(0), 1,
        5, 12, 0, 0, .. U64(0xfee0_0000),
        77, 3, 0,
    ];

    private static byte[] Srat() =>
    [
        .. U32(1), .. new byte[8],
        0, 16, 1, 2, .. U32(1), .. U32(0), .. U32(0),
        2, 24, 0, 0, .. U32(3), .. U32(0x100), .. U32(1), .. U32(0), .. U32(0),
        1, 40, .. U32(1), 0, 0, .. U64(0x1000_0000), .. U64(0x2000_0000), .. U32(0), .. U32(1), .. U64(0),
    ];

    private static byte Missing(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte value in bytes)
        {
            sum = unchecked((byte)(sum + value));
        }

        return unchecked((byte)-sum);
    }

    private uint Place(string signature, byte[] body)
    {
        uint address = _next;
        Span<byte> table = Memory.AsSpan((int)address, 36 + body.Length);
        Encoding.ASCII.GetBytes(signature).CopyTo(table);
        BinaryPrimitives.WriteInt32LittleEndian(table[4..], table.Length);
        table[8] = 3;
        body.CopyTo(table[36..]);
        table[9] = Missing(table);
        _next += (uint)(table.Length + 15) & ~15u;
        return address;
    }
}
