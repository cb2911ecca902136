// bzip2: blocks that were run-length coded, sorted (Burrows-Wheeler), moved to front, and Huffman coded; unpacking goes back through these
// steps. The sort needs four bytes of working memory for each byte of a block, of which there are at most 900,000.
//
// Format: "BZIP2: Format Specification", Joe Tsai, 2016. Blocks with the old "randomised" bit are not supported; nothing has written them
// since 1998.

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>Decoder of bzip2 streams.</summary>
public static class Bzip2Decoder
{
    /// <summary>Bytes needed in <see cref="UnpackScratch.Buffer"/>.</summary>
    internal const int BufferLength = Selectors + MostSelectors;

    private const int LevelLength = 100_000;
    private const int MostSelectors = 18_002;
    private const int Selectors = 9 * LevelLength * 4;

    private const ulong BlockMark = 0x3141_5926_5359;
    private const ulong EndMark = 0x1772_4538_5090;
    private const int HeaderLength = 4;

    private static ReadOnlySpan<byte> Signature => "BZh"u8;

    /// <summary>Whether the bytes begin as a stream does.</summary>
    public static bool IsBzip2(ReadOnlySpan<byte> source) => source.StartsWith(Signature);

    /// <summary>Unpacks the stream at the start of <paramref name="source"/>.</summary>
    /// <param name="source">The stream; more may follow it.</param>
    /// <param name="destination">Where the data go, from the first byte on. After an error its contents mean nothing.</param>
    /// <param name="scratch">Working memory.</param>
    /// <param name="outcome">Sizes; valid on success.</param>
    public static UnpackError Decode(ReadOnlySpan<byte> source, Span<byte> destination, UnpackScratch scratch, out UnpackOutcome outcome)
    {
        outcome = default;
        if (!scratch.IsLargeEnough || scratch.Buffer.Length < BufferLength)
        {
            return UnpackError.ScratchTooSmall;
        }

        if (!IsBzip2(source))
        {
            return UnpackError.NotThisFormat;
        }

        if (source.Length < HeaderLength)
        {
            return UnpackError.Truncated;
        }

        int level = source[3] - '0';
        if (level is < 1 or > 9)
        {
            return UnpackError.HeaderDamaged;
        }

        FillTable(scratch.ChecksumTables);
        BigEndianBits bits = new(source.Slice(HeaderLength));
        Bzip2Codes codes = new(scratch.Model, scratch.Buffer.Slice(Selectors, MostSelectors));
        Span<byte> links = scratch.Buffer.Slice(0, level * LevelLength * 4);
        uint combined = 0;
        int produced = 0;
        while (true)
        {
            ulong mark = ((ulong)bits.Take(24) << 24) | bits.Take(24);
            uint check = (bits.Take(16) << 16) | bits.Take(16);
            if (bits.IsOverrun)
            {
                return UnpackError.Truncated;
            }

            if (mark == EndMark)
            {
                outcome.Consumed = HeaderLength + bits.Position;
                outcome.Produced = produced;
                return check == combined ? UnpackError.None : UnpackError.FooterDamaged;
            }

            if (mark != BlockMark)
            {
                return UnpackError.BlockHeaderDamaged;
            }

            UnpackError error = DecodeBlock(ref bits, codes, links, destination.Slice(produced), out int count);
            if (bits.IsOverrun)
            {
                return UnpackError.Truncated;
            }

            if (error != UnpackError.None)
            {
                return error;
            }

            if (Checksum(destination.Slice(produced, count), scratch.ChecksumTables) != check)
            {
                return UnpackError.CheckMismatch;
            }

            combined = unchecked((combined << 1) | (combined >> 31)) ^ check;
            produced += count;
        }
    }

    private static UnpackError DecodeBlock(ref BigEndianBits bits, Bzip2Codes codes, Span<byte> links, Span<byte> destination, out int produced)
    {
        produced = 0;
        if (bits.Take(1) != 0)
        {
            return UnpackError.UnsupportedOption;
        }

        uint origin = bits.Take(24);
        Span<int> counts = stackalloc int[256];
        counts.Clear();
        if (!codes.TryRead(ref bits) || !codes.TryDecode(ref bits, links, counts, out int length) || origin >= unchecked((uint)length))
        {
            return UnpackError.DataDamaged;
        }

        return Unsort(links.Slice(0, length * 4), counts, origin, destination, out produced);
    }

    // Each element has a byte of the sorted block; above it goes the index of the element that follows in the original order.
    private static UnpackError Unsort(Span<byte> links, Span<int> counts, uint origin, Span<byte> destination, out int produced)
    {
        unchecked
        {
            produced = 0;
            int length = links.Length / 4;
            int sum = 0;
            for (int value = 0; value < 256; value++)
            {
                int count = counts[value];
                counts[value] = sum;
                sum += count;
            }

            for (int i = 0; i < length; i++)
            {
                byte value = links[i * 4];
                int place = counts[value];
                counts[value]++;
                Span<byte> link = links.Slice(place * 4, 4);
                BinaryPrimitives.WriteUInt32LittleEndian(link, (BinaryPrimitives.ReadUInt32LittleEndian(link) & 0xff) | ((uint)i << 8));
            }

            // Four equal bytes are followed by the number of further ones.
            uint at = BinaryPrimitives.ReadUInt32LittleEndian(links.Slice((int)origin * 4)) >> 8;
            int run = 0;
            int last = -1;
            int position = 0;
            for (int i = 0; i < length; i++)
            {
                uint link = BinaryPrimitives.ReadUInt32LittleEndian(links.Slice((int)at * 4));
                byte value = (byte)link;
                at = link >> 8;
                if (run == 4)
                {
                    if (value > destination.Length - position)
                    {
                        return UnpackError.DestinationTooSmall;
                    }

                    destination.Slice(position, value).Fill((byte)last);
                    position += value;
                    run = 0;
                    last = -1;
                    continue;
                }

                if (position >= destination.Length)
                {
                    return UnpackError.DestinationTooSmall;
                }

                destination[position] = value;
                position++;
                run = value == last ? run + 1 : 1;
                last = value;
            }

            produced = position;
            return UnpackError.None;
        }
    }

    // CRC32 with the highest bit first, polynomial 0x04c11db7.
    private static void FillTable(Span<uint> table)
    {
        unchecked
        {
            for (int i = 0; i < 256; i++)
            {
                uint crc = (uint)i << 24;
                for (int bit = 0; bit < 8; bit++)
                {
                    crc = (crc << 1) ^ (0x04c1_1db7 & (0 - (crc >> 31)));
                }

                table[i] = crc;
            }
        }
    }

    private static uint Checksum(ReadOnlySpan<byte> data, Span<uint> tables)
    {
        unchecked
        {
            Span<uint> table = tables.Slice(0, 256);
            uint crc = uint.MaxValue;
            foreach (byte value in data)
            {
                crc = (crc << 8) ^ table[(byte)((crc >> 24) ^ value)];
            }

            return ~crc;
        }
    }
}
