// The literals of a zstd block: stored, one byte repeated, or under a Huffman code whose description is either in front of them or that of
// the block before (RFC 8878, 3.1.1.3.1 and 4.2).

using System;
using System.Buffers.Binary;
using System.Numerics;

namespace Xenith.Hypervisor.Boot;

internal ref struct ZstdLiterals
{
    /// <summary>Elements of the working memory: the code's table, and the table of the coder that packs its description.</summary>
    internal const int MemoryLength = CodeLength + (2 << WeightLog);

    /// <summary>The longest code.</summary>
    private const int CodeLog = 11;

    private const int CodeLength = 1 << CodeLog;
    private const int WeightLog = 6;
    private const int WeightSymbols = CodeLog + 1;
    private const int MostWeights = 255;

    private const int Stored = 0, Repeated = 1, Treeless = 3;

    // For each state of the decoder: the symbol, and the length of its code above it.
    private readonly Span<ushort> _table;
    private readonly Span<ushort> _weightTable;
    private readonly Span<byte> _buffer;
    private int _log;

    internal ZstdLiterals(Span<ushort> memory, Span<byte> buffer)
    {
        _table = memory.Slice(0, CodeLength);
        _weightTable = memory.Slice(CodeLength, 2 << WeightLog);
        _buffer = buffer;
        _log = 0;
    }

    /// <summary>Forgets the code: a frame begins.</summary>
    internal void Reset() => _log = 0;

    /// <summary>Reads the section at the start of a block.</summary>
    internal UnpackError Read(ReadOnlySpan<byte> block, out ReadOnlySpan<byte> literals, out int consumed)
    {
        unchecked
        {
            literals = default;
            consumed = 0;
            if (block.IsEmpty)
            {
                return UnpackError.BlockHeaderDamaged;
            }

            int kind = block[0] & 3;
            int format = (block[0] >> 2) & 3;
            if (kind <= Repeated)
            {
                int header = format switch { 1 => 2, 3 => 3, _ => 1 };
                if (block.Length < header)
                {
                    return UnpackError.BlockHeaderDamaged;
                }

                int length = header switch { 1 => block[0] >> 3, 2 => (block[0] >> 4) + (block[1] << 4), _ => (block[0] >> 4) + (block[1] << 4) + (block[2] << 12) };
                int stored = kind == Stored ? length : 1;
                if (length > _buffer.Length || stored > block.Length - header)
                {
                    return UnpackError.BlockHeaderDamaged;
                }

                consumed = header + stored;
                if (kind == Stored)
                {
                    literals = block.Slice(header, length);
                }
                else
                {
                    _buffer.Slice(0, length).Fill(block[header]);
                    literals = _buffer.Slice(0, length);
                }

                return UnpackError.None;
            }

            return ReadCoded(block, kind, format, out literals, out consumed);
        }
    }

    private UnpackError ReadCoded(ReadOnlySpan<byte> block, int kind, int format, out ReadOnlySpan<byte> literals, out int consumed)
    {
        unchecked
        {
            literals = default;
            consumed = 0;
            int width = format switch { 2 => 14, 3 => 18, _ => 10 };
            int header = format switch { 2 => 4, 3 => 5, _ => 3 };
            if (block.Length < header)
            {
                return UnpackError.BlockHeaderDamaged;
            }

            ulong fields = 0;
            for (int i = 0; i < header; i++)
            {
                fields |= (ulong)block[i] << (8 * i);
            }

            int length = (int)(fields >> 4) & ((1 << width) - 1);
            int packed = (int)(fields >> (4 + width)) & ((1 << width) - 1);
            if (length > _buffer.Length || packed > block.Length - header)
            {
                return UnpackError.BlockHeaderDamaged;
            }

            ReadOnlySpan<byte> data = block.Slice(header, packed);
            if (kind != Treeless)
            {
                if (!TryReadCode(data, out int description))
                {
                    return UnpackError.DataDamaged;
                }

                data = data.Slice(description);
            }
            else if (_log == 0)
            {
                return UnpackError.DataDamaged;
            }

            Span<byte> output = _buffer.Slice(0, length);
            if (!(format == 0 ? TryDecode(data, output) : TryDecodeFour(data, output)))
            {
                return UnpackError.DataDamaged;
            }

            literals = output;
            consumed = header + packed;
            return UnpackError.None;
        }
    }

    // Four streams that each hold a quarter, the first three with their packed lengths in front.
    private readonly bool TryDecodeFour(ReadOnlySpan<byte> data, Span<byte> output)
    {
        unchecked
        {
            const int lengths = 6;
            if (data.Length < lengths)
            {
                return false;
            }

            int quarter = (output.Length + 3) / 4;
            int first = BinaryPrimitives.ReadUInt16LittleEndian(data);
            int second = BinaryPrimitives.ReadUInt16LittleEndian(data.Slice(2));
            int third = BinaryPrimitives.ReadUInt16LittleEndian(data.Slice(4));
            data = data.Slice(lengths);
            return first + second + third <= data.Length && quarter * 3 <= output.Length
                && TryDecode(data.Slice(0, first), output.Slice(0, quarter))
                && TryDecode(data.Slice(first, second), output.Slice(quarter, quarter))
                && TryDecode(data.Slice(first + second, third), output.Slice(2 * quarter, quarter))
                && TryDecode(data.Slice(first + second + third), output.Slice(3 * quarter));
        }
    }

    private readonly bool TryDecode(ReadOnlySpan<byte> stream, Span<byte> output)
    {
        unchecked
        {
            if (!BackwardBits.TryOpen(stream, out BackwardBits bits))
            {
                return false;
            }

            Span<ushort> table = _table.Slice(0, CodeLength);
            int log = _log;
            int position = 0;

            // Five codes of eleven bits come out of one filling.
            while (position <= output.Length - 5)
            {
                bits.Fill();
                Span<byte> five = output.Slice(position, 5);
                for (int i = 0; i < 5; i++)
                {
                    uint entry = table[(int)(bits.Peek(log) & (CodeLength - 1))];
                    bits.Drop((int)(entry >> 8));
                    five[i] = (byte)entry;
                }

                position += 5;
            }

            while (position < output.Length)
            {
                bits.Fill();
                uint entry = table[(int)(bits.Peek(log) & (CodeLength - 1))];
                bits.Drop((int)(entry >> 8));
                output[position] = (byte)entry;
                position++;
            }

            return bits.IsAtEnd;
        }
    }

    /// <summary>Reads the code's description: a weight for each symbol but the last, which fills up what is left.</summary>
    private bool TryReadCode(ReadOnlySpan<byte> data, out int consumed)
    {
        unchecked
        {
            consumed = 0;
            _log = 0;
            if (data.IsEmpty)
            {
                return false;
            }

            Span<byte> weights = stackalloc byte[MostWeights + 1];
            int count;
            if (data[0] >= 128)
            {
                count = data[0] - 127;
                int bytes = (count + 1) / 2;
                if (bytes > data.Length - 1)
                {
                    return false;
                }

                for (int i = 0; i < count; i++)
                {
                    byte pair = data[1 + (i >> 1)];
                    weights[i] = (byte)((i & 1) == 0 ? pair >> 4 : pair & 15);
                }

                consumed = 1 + bytes;
            }
            else
            {
                int bytes = data[0];
                if (bytes > data.Length - 1 || !TryUnpackWeights(data.Slice(1, bytes), weights, out count))
                {
                    return false;
                }

                consumed = 1 + bytes;
            }

            return TryBuild(weights, count);
        }
    }

    // Two coders take turns until one wants bits that are not there; the other one's last symbol is then the end.
    private readonly bool TryUnpackWeights(ReadOnlySpan<byte> data, Span<byte> weights, out int count)
    {
        count = 0;
        Span<short> counts = stackalloc short[WeightSymbols];
        if (!FseTable.TryRead(data, counts, WeightLog, out int log, out int consumed)
            || !FseTable.TryBuild(_weightTable, counts, log)
            || consumed > data.Length
            || !BackwardBits.TryOpen(data.Slice(consumed), out BackwardBits bits))
        {
            return false;
        }

        FseTable table = new(_weightTable, log);
        uint one = bits.Take(log);
        uint other = bits.Take(log);
        while (count < MostWeights - 1)
        {
            bits.Fill();
            weights[count] = table.Symbol(one);
            count++;
            one = table.Next(one, ref bits);
            if (bits.IsOverrun)
            {
                weights[count] = table.Symbol(other);
                count++;
                return true;
            }

            (one, other) = (other, one);
        }

        return false;
    }

    private bool TryBuild(scoped Span<byte> weights, int count)
    {
        unchecked
        {
            Span<int> place = stackalloc int[CodeLog + 2];
            uint sum = 0;
            for (int i = 0; i < count; i++)
            {
                if (weights[i] > CodeLog)
                {
                    return false;
                }

                sum += weights[i] == 0 ? 0 : 1u << (weights[i] - 1);
            }

            if (sum == 0 || sum >= CodeLength)
            {
                return false;
            }

            int log = BitOperations.Log2(sum) + 1;
            uint left = (1u << log) - sum;
            if ((left & (left - 1)) != 0)
            {
                return false;
            }

            weights[count] = (byte)(BitOperations.Log2(left) + 1);
            count++;

            // Lighter symbols come first; a weight of w takes 2^(w-1) entries.
            for (int i = 0; i < count; i++)
            {
                if (weights[i] != 0)
                {
                    place[weights[i] + 1] += 1 << (weights[i] - 1);
                }
            }

            for (int weight = 2; weight <= CodeLog + 1; weight++)
            {
                place[weight] += place[weight - 1];
            }

            for (int i = 0; i < count; i++)
            {
                int weight = weights[i];
                if (weight == 0)
                {
                    continue;
                }

                int entries = 1 << (weight - 1);
                _table.Slice(place[weight], entries).Fill((ushort)(i | ((log + 1 - weight) << 8)));
                place[weight] += entries;
            }

            _log = log;
            return true;
        }
    }
}
