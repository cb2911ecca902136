// CRC32 as .xz, gzip and Ethernet use it: polynomial 0xedb88320 reflected, initial value and final exclusive-or all ones. Eight tables
// of 256 entries let one step consume eight bytes, each table standing for a byte's distance from the end of the group
// (Kounavis and Berry, "A systematic approach to building high performance software-based CRC generators", 2005).

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

internal static class Crc32
{
    /// <summary>Elements of the table memory that <see cref="FillTables"/> writes.</summary>
    internal const int TablesLength = 8 * 256;

    private const uint Polynomial = 0xedb8_8320;

    /// <summary>Computes the tables; <paramref name="tables"/> must hold at least <see cref="TablesLength"/> elements.</summary>
    internal static void FillTables(Span<uint> tables)
    {
        Span<uint> all = tables.Slice(0, TablesLength);
        for (int i = 0; i < 256; i++)
        {
            uint crc = unchecked((uint)i);
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (Polynomial & unchecked(0 - (crc & 1)));
            }

            all[i] = crc;
        }

        for (int i = 256; i < TablesLength; i++)
        {
            uint oneByteNearer = all[i - 256];
            all[i] = (oneByteNearer >> 8) ^ all[(int)(oneByteNearer & 0xff)];
        }
    }

    /// <summary>The CRC32 of <paramref name="data"/>.</summary>
    internal static uint Compute(ReadOnlySpan<byte> data, Span<uint> tables)
    {
        unchecked
        {
            Span<uint> table0 = tables.Slice(0x000, 0x100);
            Span<uint> table1 = tables.Slice(0x100, 0x100);
            Span<uint> table2 = tables.Slice(0x200, 0x100);
            Span<uint> table3 = tables.Slice(0x300, 0x100);
            Span<uint> table4 = tables.Slice(0x400, 0x100);
            Span<uint> table5 = tables.Slice(0x500, 0x100);
            Span<uint> table6 = tables.Slice(0x600, 0x100);
            Span<uint> table7 = tables.Slice(0x700, 0x100);
            uint crc = uint.MaxValue;
            while (data.Length >= 8)
            {
                ulong word = BinaryPrimitives.ReadUInt64LittleEndian(data) ^ crc;
                data = data.Slice(8);
                crc = table7[(byte)word];
                word >>= 8;
                crc ^= table6[(byte)word];
                word >>= 8;
                crc ^= table5[(byte)word];
                word >>= 8;
                crc ^= table4[(byte)word];
                word >>= 8;
                crc ^= table3[(byte)word];
                word >>= 8;
                crc ^= table2[(byte)word];
                word >>= 8;
                crc ^= table1[(byte)word];
                crc ^= table0[(byte)(word >> 8)];
            }

            foreach (byte value in data)
            {
                crc = (crc >> 8) ^ table0[(byte)(crc ^ value)];
            }

            return ~crc;
        }
    }
}
