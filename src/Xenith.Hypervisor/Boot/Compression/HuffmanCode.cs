// A canonical Huffman code as DEFLATE describes it: by the lengths of its symbols' codes only (RFC 1951, 3.2.2). Codes of up to ten bits,
// nearly all that occur, are found by one look into a table; longer ones are counted out bit by bit from how many codes of each length
// there are, so that the table stays small however the code looks.

using System;
using System.Runtime.CompilerServices;

namespace Xenith.Hypervisor.Boot;

/// <summary>A code in borrowed memory of <see cref="Length"/> elements.</summary>
internal readonly ref struct HuffmanCode(Span<ushort> memory)
{
    internal const int MaximumBits = 15;
    internal const int MostSymbols = 320;

    private const int FastBits = 10;
    private const int FastLength = 1 << FastBits;
    private const int Counts = FastLength;
    private const int Symbols = Counts + MaximumBits + 1;

    /// <summary>Elements of a code's memory.</summary>
    internal const int Length = Symbols + MostSymbols;

    // What the fast table holds: the symbol above the length of its code, 0 for codes that are longer or do not exist.
    private const int SymbolShift = 4;

    private readonly Span<ushort> _memory = memory.Slice(0, Length);

    /// <summary>
    /// Builds the code. False if the lengths promise more codes than there are, or fewer; only a code of one symbol with one bit, or of no
    /// symbols at all, may be incomplete.
    /// </summary>
    internal bool TryBuild(ReadOnlySpan<ushort> lengths)
    {
        unchecked
        {
            _memory.Clear();
            Span<ushort> counts = _memory.Slice(Counts, MaximumBits + 1);
            foreach (ushort length in lengths)
            {
                counts[length & MaximumBits]++;
            }

            int used = lengths.Length - counts[0];
            counts[0] = 0;
            int left = 1;
            for (int bits = 1; bits <= MaximumBits; bits++)
            {
                left = (left << 1) - counts[bits];
                if (left < 0)
                {
                    return false;
                }
            }

            if (left > 0 && !(used == 0 || (used == 1 && counts[1] == 1)))
            {
                return false;
            }

            Span<ushort> next = stackalloc ushort[MaximumBits + 1];
            Span<ushort> place = stackalloc ushort[MaximumBits + 1];
            for (int bits = 1; bits < MaximumBits; bits++)
            {
                next[bits + 1] = (ushort)((next[bits] + counts[bits]) << 1);
                place[bits + 1] = (ushort)(place[bits] + counts[bits]);
            }

            for (int symbol = 0; symbol < lengths.Length; symbol++)
            {
                int length = lengths[symbol] & MaximumBits;
                if (length == 0)
                {
                    continue;
                }

                _memory[Symbols + place[length]] = (ushort)symbol;
                place[length]++;
                if (length <= FastBits)
                {
                    FillFast(symbol, length, next[length]);
                }

                next[length]++;
            }

            return true;
        }
    }

    // Codes are packed from their highest bit on, so the table is indexed by the reversed code, with anything above it.
    private void FillFast(int symbol, int length, uint code)
    {
        unchecked
        {
            uint reversed = 0;
            for (int bit = 0; bit < length; bit++)
            {
                reversed = (reversed << 1) | ((code >> bit) & 1);
            }

            for (uint index = reversed; index < FastLength; index += 1u << length)
            {
                _memory[(int)index] = (ushort)((symbol << SymbolShift) | length);
            }
        }
    }

    /// <summary>Decodes a symbol from bits of which at least 15 are valid. Negative if no code begins so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Decode(ulong bits, out int length)
    {
        unchecked
        {
            uint entry = _memory[(int)(bits & (FastLength - 1))];
            length = (int)(entry & MaximumBits);
            return entry != 0 ? (int)(entry >> SymbolShift) : DecodeLong(bits, out length);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int DecodeLong(ulong bits, out int length)
    {
        unchecked
        {
            int code = 0, first = 0, index = 0;
            for (length = 1; length <= MaximumBits; length++)
            {
                code |= (int)(bits & 1);
                bits >>= 1;
                int count = _memory[Counts + length];
                if (code - first < count)
                {
                    return _memory[Symbols + index + (code - first)];
                }

                index += count;
                first = (first + count) << 1;
                code <<= 1;
            }

            return -1;
        }
    }
}
