// The entropy coding of a bzip2 block: up to six Huffman codes, of which a list of selectors names one for every fifty symbols. Symbols are
// places in a list of byte values that moves each one used to its front, and run lengths of the value at the front.

using System;

namespace Xenith.Hypervisor.Boot;

internal readonly ref struct Bzip2Codes(Span<ushort> memory, Span<byte> selectors)
{
    private const int MostTables = 6;
    private const int MostSymbols = 258;
    private const int MostBits = 20;
    private const int GroupLength = 50;

    // Of a code: how many codes of each length there are, then the symbols in the order of their codes.
    private const int TableLength = MostBits + 1 + MostSymbols;

    // Behind the codes: their number, the number of selectors, the number of byte values that occur, and these.
    private const int Numbers = MostTables * TableLength;
    private const int Values = Numbers + 3;

    private readonly Span<ushort> _memory = memory.Slice(0, Values + 256);
    private readonly Span<byte> _selectors = selectors;

    /// <summary>Reads the values that occur, the selectors, and the codes.</summary>
    internal bool TryRead(ref BigEndianBits bits)
    {
        int used = 0;
        uint groups = bits.Take(16);
        for (int group = 0; group < 16; group++)
        {
            uint members = (groups >> (15 - group) & 1) != 0 ? bits.Take(16) : 0;
            for (int member = 0; member < 16; member++)
            {
                if ((members >> (15 - member) & 1) != 0)
                {
                    _memory[Values + used] = unchecked((ushort)((group * 16) + member));
                    used++;
                }
            }
        }

        uint tables = bits.Take(3);
        uint selectorCount = bits.Take(15);
        if (used == 0 || tables is < 2 or > MostTables || selectorCount == 0)
        {
            return false;
        }

        _memory[Numbers] = unchecked((ushort)tables);
        _memory[Numbers + 2] = unchecked((ushort)used);

        // More selectors than a block can use may be given, and are then of no use.
        int kept = 0;
        Span<byte> order = stackalloc byte[MostTables];
        for (int i = 0; i < MostTables; i++)
        {
            order[i] = unchecked((byte)i);
        }

        for (uint i = 0; i < selectorCount; i++)
        {
            int place = 0;
            while (bits.Take(1) != 0)
            {
                place++;
                if (place >= tables)
                {
                    return false;
                }
            }

            byte table = order[place];
            order.Slice(0, place).CopyTo(order.Slice(1));
            order[0] = table;
            if (kept < _selectors.Length)
            {
                _selectors[kept] = table;
                kept++;
            }
        }

        _memory[Numbers + 1] = unchecked((ushort)kept);
        for (int table = 0; table < tables; table++)
        {
            if (!TryReadCode(ref bits, _memory.Slice(table * TableLength, TableLength), used + 2))
            {
                return false;
            }
        }

        return !bits.IsOverrun;
    }

    // Lengths are given as differences: a 0 bit ends a symbol's, 10 adds one and 11 takes one away.
    private static bool TryReadCode(ref BigEndianBits bits, Span<ushort> table, int symbols)
    {
        Span<byte> lengths = stackalloc byte[MostSymbols];
        Span<ushort> counts = table.Slice(0, MostBits + 1);
        counts.Clear();
        int length = (int)bits.Take(5);
        for (int symbol = 0; symbol < symbols; symbol++)
        {
            while (true)
            {
                if (length is < 1 or > MostBits)
                {
                    return false;
                }

                if (bits.Take(1) == 0)
                {
                    break;
                }

                length += bits.Take(1) == 0 ? 1 : -1;
            }

            lengths[symbol] = unchecked((byte)length);
            counts[length]++;
        }

        int left = 1;
        for (int bit = 1; bit <= MostBits; bit++)
        {
            left = (left * 2) - counts[bit];
            if (left < 0)
            {
                return false;
            }
        }

        int place = MostBits + 1;
        for (int bit = 1; bit <= MostBits; bit++)
        {
            for (int symbol = 0; symbol < symbols; symbol++)
            {
                if (lengths[symbol] == bit)
                {
                    table[place] = unchecked((ushort)symbol);
                    place++;
                }
            }
        }

        return true;
    }

    /// <summary>Decodes the block's symbols into the lowest byte of each four of <paramref name="links"/>, and counts the values.</summary>
    internal bool TryDecode(ref BigEndianBits bits, Span<byte> links, scoped Span<int> counts, out int length)
    {
        unchecked
        {
            length = 0;
            int end = _memory[Numbers + 2] + 1;
            Span<ushort> values = _memory.Slice(Values, 256);
            int room = links.Length / 4;
            int selector = 0;
            int left = 0;
            uint run = 0;
            int weight = 0;
            Span<ushort> table = default;
            while (true)
            {
                if (left == 0)
                {
                    if (selector >= _memory[Numbers + 1])
                    {
                        return false;
                    }

                    table = _memory.Slice(_selectors[selector] * TableLength, TableLength);
                    selector++;
                    left = GroupLength;
                }

                left--;
                int symbol = Decode(ref bits, table);
                if (symbol < 0)
                {
                    return false;
                }

                if (symbol <= 1)
                {
                    // A run length in base two, with digits one and two, the lowest first.
                    if (weight > 20)
                    {
                        return false;
                    }

                    run += (uint)(symbol + 1) << weight;
                    weight++;
                    continue;
                }

                if (run != 0)
                {
                    if (run > (uint)(room - length))
                    {
                        return false;
                    }

                    byte front = (byte)values[0];
                    counts[front] += (int)run;
                    for (; run > 0; run--)
                    {
                        links[length * 4] = front;
                        length++;
                    }
                }

                weight = 0;
                if (symbol == end)
                {
                    return true;
                }

                if (length >= room)
                {
                    return false;
                }

                ushort value = values[symbol - 1];
                values.Slice(0, symbol - 1).CopyTo(values.Slice(1));
                values[0] = value;
                links[length * 4] = (byte)value;
                counts[(byte)value]++;
                length++;
            }
        }
    }

    private static int Decode(ref BigEndianBits bits, Span<ushort> table)
    {
        unchecked
        {
            int code = 0, first = 0, index = MostBits + 1;
            for (int length = 1; length <= MostBits; length++)
            {
                code |= (int)bits.Take(1);
                int count = table[length];
                if (code - first < count)
                {
                    return table[index + (code - first)];
                }

                index += count;
                first = (first + count) << 1;
                code <<= 1;
            }

            return -1;
        }
    }
}
