// DEFLATE: blocks of literals and matches under two Huffman codes, or of stored bytes. The output itself is the dictionary, so the window
// of 32 KiB needs no memory of its own.
//
// Format: RFC 1951. Every length, distance and code that the input names is checked; input that ends too early reads as zeros and is
// noticed at the end of the symbol.

using System;

namespace Xenith.Hypervisor.Boot;

internal static class InflateDecoder
{
    /// <summary>Elements of the working memory: the two codes and the lengths that describe them.</summary>
    internal const int ScratchLength = (2 * HuffmanCode.Length) + HuffmanCode.MostSymbols;

    private const int EndOfBlock = 256;
    private const int FirstLength = 257;
    private const int MostLiterals = 286;
    private const int MostDistances = 30;
    private const int FixedLiterals = 288;

    /// <summary>For each length symbol from 257 on: the shortest length and the extra bits (3.2.5).</summary>
    private static ReadOnlySpan<ushort> LengthBase => [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];

    private static ReadOnlySpan<byte> LengthBits => [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

    private static ReadOnlySpan<ushort> DistanceBase =>
        [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];

    private static ReadOnlySpan<byte> DistanceBits => [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

    /// <summary>The order in which the lengths of the code for code lengths are given (3.2.7).</summary>
    private static ReadOnlySpan<byte> LengthOrder => [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    /// <summary>Unpacks blocks up to the last one.</summary>
    /// <param name="source">Begins with the first block and may be longer than the data.</param>
    /// <param name="destination">Receives the data from its first byte on.</param>
    /// <param name="memory">At least <see cref="ScratchLength"/> elements.</param>
    /// <param name="outcome">Sizes; valid on success.</param>
    internal static UnpackError Decode(ReadOnlySpan<byte> source, Span<byte> destination, Span<ushort> memory, out UnpackOutcome outcome)
    {
        outcome = default;
        ForwardBits bits = new(source);
        HuffmanCode literals = new(memory);
        HuffmanCode distances = new(memory.Slice(HuffmanCode.Length));
        Span<ushort> lengths = memory.Slice(2 * HuffmanCode.Length, HuffmanCode.MostSymbols);
        int produced = 0;
        bool last;
        do
        {
            last = bits.Take(1) != 0;
            UnpackError error;
            switch (bits.Take(2))
            {
                case 0:
                    error = Stored(ref bits, destination, ref produced);
                    break;
                case 1:
                    error = FixedCodes(literals, distances, lengths) ? Block(ref bits, destination, ref produced, literals, distances) : UnpackError.BlockHeaderDamaged;
                    break;
                case 2:
                    error = TryReadCodes(ref bits, literals, distances, lengths)
                        ? Block(ref bits, destination, ref produced, literals, distances)
                        : bits.IsOverrun ? UnpackError.Truncated : UnpackError.BlockHeaderDamaged;
                    break;
                default:
                    error = UnpackError.BlockHeaderDamaged;
                    break;
            }

            if (bits.IsOverrun)
            {
                return UnpackError.Truncated;
            }

            if (error != UnpackError.None)
            {
                return error;
            }
        }
        while (!last);
        outcome.Consumed = bits.Position;
        outcome.Produced = produced;
        return UnpackError.None;
    }

    private static UnpackError Stored(ref ForwardBits bits, Span<byte> destination, ref int produced)
    {
        bits.Drop(bits.Count & 7);
        uint length = bits.Take(16);
        uint complement = bits.Take(16);
        if (bits.IsOverrun)
        {
            return UnpackError.Truncated;
        }

        if ((length ^ complement) != 0xffff)
        {
            return UnpackError.BlockHeaderDamaged;
        }

        if (!bits.TryBytes((int)length, out ReadOnlySpan<byte> stored))
        {
            return UnpackError.Truncated;
        }

        if (stored.Length > destination.Length - produced)
        {
            return UnpackError.DestinationTooSmall;
        }

        stored.CopyTo(destination.Slice(produced));
        produced += stored.Length;
        return UnpackError.None;
    }

    private static bool FixedCodes(HuffmanCode literals, HuffmanCode distances, Span<ushort> lengths)
    {
        lengths.Slice(0, 144).Fill(8);
        lengths.Slice(144, 112).Fill(9);
        lengths.Slice(256, 24).Fill(7);
        lengths.Slice(280, 8).Fill(8);
        if (!literals.TryBuild(lengths.Slice(0, FixedLiterals)))
        {
            return false;
        }

        // Thirty-two codes, of which two never occur in sound data.
        lengths.Slice(0, 32).Fill(5);
        return distances.TryBuild(lengths.Slice(0, 32));
    }

    private static bool TryReadCodes(ref ForwardBits bits, HuffmanCode literals, HuffmanCode distances, Span<ushort> lengths)
    {
        int literalCount = (int)bits.Take(5) + FirstLength;
        int distanceCount = (int)bits.Take(5) + 1;
        int lengthCount = (int)bits.Take(4) + 4;
        if (literalCount > MostLiterals || distanceCount > MostDistances)
        {
            return false;
        }

        lengths.Slice(0, LengthOrder.Length).Clear();
        for (int i = 0; i < lengthCount; i++)
        {
            lengths[LengthOrder[i]] = (ushort)bits.Take(3);
        }

        if (!literals.TryBuild(lengths.Slice(0, LengthOrder.Length)))
        {
            return false;
        }

        int count = 0;
        while (count < literalCount + distanceCount)
        {
            bits.Fill();
            int symbol = literals.Decode(bits.Bits, out int length);
            if (symbol < 0 || bits.IsOverrun)
            {
                return false;
            }

            bits.Drop(length);
            if (symbol < 16)
            {
                lengths[count] = (ushort)symbol;
                count++;
                continue;
            }

            if (symbol == 16 && count == 0)
            {
                return false;
            }

            ushort repeated = symbol == 16 ? lengths[count - 1] : (ushort)0;
            int times = symbol switch { 16 => 3 + (int)bits.Take(2), 17 => 3 + (int)bits.Take(3), _ => 11 + (int)bits.Take(7) };
            if (times > literalCount + distanceCount - count)
            {
                return false;
            }

            lengths.Slice(count, times).Fill(repeated);
            count += times;
        }

        return lengths[EndOfBlock] != 0
            && literals.TryBuild(lengths.Slice(0, literalCount))
            && distances.TryBuild(lengths.Slice(literalCount, distanceCount));
    }

    private static UnpackError Block(ref ForwardBits outerBits, Span<byte> destination, ref int produced, HuffmanCode literals, HuffmanCode distances)
    {
        unchecked
        {
            ForwardBits bits = outerBits;
            int position = produced;
            UnpackError error = UnpackError.None;
            while (true)
            {
                // A literal takes at most 15 bits; a match 15 and 5 extra, 15 and 13 extra: 48 together.
                bits.Fill();
                int symbol = literals.Decode(bits.Bits, out int length);
                bits.Drop(length);
                if ((uint)symbol < EndOfBlock)
                {
                    if ((uint)position >= (uint)destination.Length)
                    {
                        error = bits.IsOverrun ? UnpackError.Truncated : UnpackError.DestinationTooSmall;
                        break;
                    }

                    destination[position] = (byte)symbol;
                    position++;
                    continue;
                }

                if (symbol == EndOfBlock || bits.IsOverrun)
                {
                    break;
                }

                int index = symbol - FirstLength;
                if ((uint)index >= (uint)LengthBase.Length)
                {
                    error = UnpackError.DataDamaged;
                    break;
                }

                int extra = LengthBits[index];
                int count = LengthBase[index] + (int)(bits.Bits & ((1u << extra) - 1));
                bits.Drop(extra);
                symbol = distances.Decode(bits.Bits, out length);
                bits.Drop(length);
                if ((uint)symbol >= MostDistances)
                {
                    error = UnpackError.DataDamaged;
                    break;
                }

                extra = DistanceBits[symbol];
                int distance = DistanceBase[symbol] + (int)(bits.Bits & ((1u << extra) - 1));
                bits.Drop(extra);
                if (distance > position)
                {
                    error = UnpackError.DataDamaged;
                    break;
                }

                if (count > destination.Length - position)
                {
                    error = UnpackError.DestinationTooSmall;
                    break;
                }

                DictionaryCopy.Repeat(destination, position, distance, count);
                position += count;
            }

            outerBits = bits;
            produced = position;
            return error;
        }
    }
}
