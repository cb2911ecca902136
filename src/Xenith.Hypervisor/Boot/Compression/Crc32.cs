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
            Span<uint> t = tables.Slice(0, TablesLength);
            uint crc = uint.MaxValue;
            while (data.Length >= 8)
            {
                ulong word = BinaryPrimitives.ReadUInt64LittleEndian(data) ^ crc;
                data = data.Slice(8);
                uint low = (uint)word;
                uint high = (uint)(word >> 32);
                crc = t[(int)(0x700 + (low & 0xff))]
                    ^ t[(int)(0x600 + ((low >> 8) & 0xff))]
                    ^ t[(int)(0x500 + ((low >> 16) & 0xff))]
                    ^ t[(int)(0x400 + (low >> 24))]
                    ^ t[(int)(0x300 + (high & 0xff))]
                    ^ t[(int)(0x200 + ((high >> 8) & 0xff))]
                    ^ t[(int)(0x100 + ((high >> 16) & 0xff))]
                    ^ t[(int)(high >> 24)];
            }

            foreach (byte value in data)
            {
                crc = (crc >> 8) ^ t[(int)((crc ^ value) & 0xff)];
            }

            return ~crc;
        }
    }
}
