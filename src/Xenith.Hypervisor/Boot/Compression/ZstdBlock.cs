// A compressed block of zstd: after the literals come the sequences, each of a literal length, a match length and an offset under a coder of
// its own. The coders' tables and the last three offsets live on from block to block (RFC 8878, 3.1.1.3.2 to 3.1.1.5).

using System;

namespace Xenith.Hypervisor.Boot;

internal ref struct ZstdBlock
{
    private const int LiteralTable = ZstdLiterals.MemoryLength;
    private const int OffsetTable = LiteralTable + (2 << ZstdTables.LiteralLog);
    private const int MatchTable = OffsetTable + (2 << ZstdTables.OffsetLog);

    /// <summary>Elements of the working memory.</summary>
    internal const int MemoryLength = MatchTable + (2 << ZstdTables.MatchLog);

    // A coder that no block has described yet.
    private const int NoTable = -1;

    private readonly Span<ushort> _memory;
    private ZstdLiterals _literals;
    private int _literalLog, _offsetLog, _matchLog;
    private uint _offset1, _offset2, _offset3;

    internal ZstdBlock(Span<ushort> memory, Span<byte> buffer)
    {
        _memory = memory.Slice(0, MemoryLength);
        _literals = new ZstdLiterals(_memory, buffer);
        Reset();
    }

    /// <summary>A frame begins: nothing is known, and the last offsets are 1, 4 and 8.</summary>
    internal void Reset()
    {
        _literals.Reset();
        _literalLog = NoTable;
        _offsetLog = NoTable;
        _matchLog = NoTable;
        _offset1 = 1;
        _offset2 = 4;
        _offset3 = 8;
    }

    /// <summary>Unpacks a block behind what the frame has already written to <paramref name="destination"/>.</summary>
    internal UnpackError Decode(ReadOnlySpan<byte> block, Span<byte> destination, ref int produced)
    {
        UnpackError error = _literals.Read(block, out ReadOnlySpan<byte> literals, out int at);
        if (error != UnpackError.None)
        {
            return error;
        }

        block = block.Slice(at);
        if (block.IsEmpty)
        {
            return UnpackError.BlockHeaderDamaged;
        }

        int header = block[0] switch { < 128 => 1, < 255 => 2, _ => 3 };
        if (block.Length < header)
        {
            return UnpackError.BlockHeaderDamaged;
        }

        int count = header switch { 1 => block[0], 2 => ((block[0] - 128) << 8) + block[1], _ => block[1] + (block[2] << 8) + 0x7f00 };
        block = block.Slice(header);

        // Never more than a block's worth, whatever the sequences say.
        int room = Math.Min(destination.Length - produced, ZstdDecoder.BlockLength);
        Span<byte> output = destination.Slice(0, produced + room);
        if (count == 0)
        {
            return block.IsEmpty ? Append(output, ref produced, literals) : UnpackError.DataDamaged;
        }

        if (block.IsEmpty || (block[0] & 3) != 0)
        {
            return UnpackError.BlockHeaderDamaged;
        }

        int modes = block[0];
        block = block.Slice(1);
        if (!TryReadTable(modes >> 6, ref block, LiteralTable, ZstdTables.LiteralLog, ZstdTables.LiteralSymbols, ZstdTables.DefaultLiterals, ZstdTables.DefaultLiteralLog, ref _literalLog)
            || !TryReadTable((modes >> 4) & 3, ref block, OffsetTable, ZstdTables.OffsetLog, ZstdTables.OffsetSymbols, ZstdTables.DefaultOffsets, ZstdTables.DefaultOffsetLog, ref _offsetLog)
            || !TryReadTable((modes >> 2) & 3, ref block, MatchTable, ZstdTables.MatchLog, ZstdTables.MatchSymbols, ZstdTables.DefaultMatches, ZstdTables.DefaultMatchLog, ref _matchLog)
            || !BackwardBits.TryOpen(block, out BackwardBits bits))
        {
            return UnpackError.DataDamaged;
        }

        error = Execute(ref bits, count, output, ref produced, ref literals);
        return error != UnpackError.None ? error : Append(output, ref produced, literals);
    }

    private static UnpackError Append(Span<byte> output, ref int produced, ReadOnlySpan<byte> literals)
    {
        if (literals.Length > output.Length - produced)
        {
            return UnpackError.DestinationTooSmall;
        }

        literals.CopyTo(output.Slice(produced));
        produced += literals.Length;
        return UnpackError.None;
    }

    // Modes: the default, one symbol, a description, or what the block before had.
    private readonly bool TryReadTable(
        int mode, ref ReadOnlySpan<byte> block, int place, int mostLog, int symbols, ReadOnlySpan<short> standard, int standardLog, ref int log)
    {
        Span<ushort> memory = _memory.Slice(place, 2 << mostLog);
        switch (mode)
        {
            case 0:
                log = standardLog;
                return FseTable.TryBuild(memory, standard, standardLog);
            case 1:
                if (block.IsEmpty || block[0] >= symbols)
                {
                    return false;
                }

                FseTable.FillSingle(memory, block[0]);
                block = block.Slice(1);
                log = 0;
                return true;
            case 2:
                Span<short> counts = stackalloc short[symbols];
                if (!FseTable.TryRead(block, counts, mostLog, out log, out int consumed) || consumed > block.Length)
                {
                    return false;
                }

                block = block.Slice(consumed);
                return FseTable.TryBuild(memory, counts, log);
            default:
                return log != NoTable;
        }
    }

    private UnpackError Execute(ref BackwardBits outerBits, int count, Span<byte> output, ref int produced, ref ReadOnlySpan<byte> literals)
    {
        unchecked
        {
            BackwardBits bits = outerBits;
            FseTable literalTable = new(_memory.Slice(LiteralTable, 2 << _literalLog), _literalLog);
            FseTable offsetTable = new(_memory.Slice(OffsetTable, 2 << _offsetLog), _offsetLog);
            FseTable matchTable = new(_memory.Slice(MatchTable, 2 << _matchLog), _matchLog);
            bits.Fill();
            uint literalState = bits.Take(_literalLog);
            uint offsetState = bits.Take(_offsetLog);
            uint matchState = bits.Take(_matchLog);
            int position = produced;
            while (true)
            {
                // An offset takes up to 31 bits and a match length 16; a literal length 16 and the next states 26.
                bits.Fill();
                int offsetCode = offsetTable.Symbol(offsetState);
                int matchCode = matchTable.Symbol(matchState);
                int literalCode = literalTable.Symbol(literalState);
                uint offset = (1u << offsetCode) + bits.Take(offsetCode);
                uint match = ZstdTables.MatchBase[matchCode] + bits.Take(ZstdTables.MatchBits[matchCode]);
                bits.Fill();
                uint literal = ZstdTables.LiteralBase[literalCode] + bits.Take(ZstdTables.LiteralBits[literalCode]);
                offset = Resolve(offset, literal);
                if (bits.IsOverrun || literal > (uint)literals.Length)
                {
                    return UnpackError.DataDamaged;
                }

                if ((ulong)literal + match > (ulong)(output.Length - position))
                {
                    return UnpackError.DestinationTooSmall;
                }

                literals.Slice(0, (int)literal).CopyTo(output.Slice(position));
                literals = literals.Slice((int)literal);
                position += (int)literal;
                if (offset - 1 >= (uint)position)
                {
                    return UnpackError.DataDamaged;
                }

                DictionaryCopy.Repeat(output, position, (int)offset, (int)match);
                position += (int)match;
                count--;
                if (count == 0)
                {
                    break;
                }

                literalState = literalTable.Next(literalState, ref bits);
                matchState = matchTable.Next(matchState, ref bits);
                offsetState = offsetTable.Next(offsetState, ref bits);
            }

            produced = position;
            return bits.IsAtEnd ? UnpackError.None : UnpackError.DataDamaged;
        }
    }

    // Values up to 3 name one of the last offsets; if no literals come before, the one after it, and the third is the first less one.
    private uint Resolve(uint value, uint literals)
    {
        unchecked
        {
            uint offset;
            if (value > 3)
            {
                offset = value - 3;
                _offset3 = _offset2;
                _offset2 = _offset1;
                _offset1 = offset;
                return offset;
            }

            uint which = literals == 0 ? value + 1 : value;
            switch (which)
            {
                case 1:
                    return _offset1;
                case 2:
                    offset = _offset2;
                    break;
                case 3:
                    offset = _offset3;
                    _offset3 = _offset2;
                    break;
                default:
                    offset = _offset1 - 1;
                    _offset3 = _offset2;
                    break;
            }

            _offset2 = _offset1;
            _offset1 = offset;
            return offset;
        }
    }
}
