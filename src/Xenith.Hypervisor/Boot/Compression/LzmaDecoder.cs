// LZMA: literals and matches, entropy-coded bit by bit with a range coder whose probabilities adapt. This file holds the inner loop on
// which the time of booting a packed kernel depends, and so it is written for the compiler: the coder's registers are locals of two
// methods, one for literals and one for the rest, each small enough to keep them in registers; the helpers are inlined into these;
// trees are spans of constant length whose index is masked (one instruction where a bounds check takes two and ends a basic block);
// and the output itself serves as the dictionary.
//
// Format: "LZMA specification", Igor Pavlov (public domain). Every length and distance that the input names is checked here; input
// that ends too early reads as zeros and is noticed at the end of the chunk, whose size bounds the work.

using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Xenith.Hypervisor.Boot;

internal ref struct LzmaDecoder
{
    private const uint MinimumRange = 1 << 24;
    private const int CoderHeader = 5;

    // Next state after a literal, four bits for each state.
    private const ulong StateAfterLiteral = 0x5465_4321_0000;

    // The sixteen nibbles with their bits in reverse order.
    private const ulong ReversedNibbles = 0xf7b3_d591_e6a2_c480;

    private readonly Span<ushort> _model;

    // From the start of the dictionary to the end of the destination.
    private readonly Span<byte> _output;
    private int _position;

    // The range coder, while it is not in the locals of a loop: where the coded number lies in the current range.
    private uint _range;
    private uint _code;
    private ReadOnlySpan<byte> _input;

    private uint _state;
    private uint _distance0;
    private uint _distance1;
    private uint _distance2;
    private uint _distance3;

    // Whether a chunk's coder wanted more bytes than the chunk has.
    private bool _overrun;

    private int _literalContextBits;
    private uint _literalPositionMask;
    private uint _positionMask;

    /// <summary>A decoder whose dictionary begins, empty, at the first byte of <paramref name="output"/>.</summary>
    internal LzmaDecoder(Span<ushort> model, Span<byte> output)
    {
        _model = model;
        _output = output;
    }

    /// <summary>Bytes written since the dictionary began.</summary>
    internal readonly int Position => _position;

    internal readonly int Room => unchecked(_output.Length - _position);

    /// <summary>Takes the property byte of LZMA: (position bits * 5 + literal position bits) * 9 + literal context bits. False if invalid in LZMA2.</summary>
    internal bool TrySetProperties(byte properties)
    {
        int contextBits = properties % 9;
        int rest = properties / 9;
        int literalPositionBits = rest % 5;
        int positionBits = rest / 5;
        if (positionBits > 4 || contextBits + literalPositionBits > LzmaModel.MaximumLiteralBits)
        {
            return false;
        }

        _literalContextBits = contextBits;
        _literalPositionMask = (1u << literalPositionBits) - 1;
        _positionMask = (1u << positionBits) - 1;
        return true;
    }

    /// <summary>Forgets everything but the dictionary and the properties.</summary>
    internal void ResetState()
    {
        LzmaModel.Reset(_model);
        _state = 0;
        _distance0 = 0;
        _distance1 = 0;
        _distance2 = 0;
        _distance3 = 0;
    }

    /// <summary>Appends bytes that are stored as they are; the caller has compared their number with <see cref="Room"/>.</summary>
    internal void Append(ReadOnlySpan<byte> stored)
    {
        stored.CopyTo(_output.Slice(_position));
        _position += stored.Length;
    }

    /// <summary>
    /// Decodes one chunk, which must fill exactly <paramref name="count"/> bytes (the caller has compared this with
    /// <see cref="Room"/>) and use up <paramref name="input"/>.
    /// </summary>
    internal bool TryDecode(ReadOnlySpan<byte> input, int count) => TryDecodeSymbols(input, count) && IsAtEnd();

    /// <summary>The same for a stream that has, or with <paramref name="isMarked"/> must have, a mark at its end: a match of the largest distance.</summary>
    internal bool TryDecodeStream(ReadOnlySpan<byte> input, int count, bool isMarked) =>
        TryDecodeSymbols(input, count) && ((!isMarked && IsAtEnd()) || (TryEndMark() && IsAtEnd()));

    private bool IsAtEnd()
    {
        Normalize(ref _range, ref _code, ref _input);
        return _code == 0 && _input.IsEmpty && !_overrun;
    }

    private bool TryEndMark()
    {
        unchecked
        {
            uint positionState = (uint)_position & _positionMask;
            ref ushort isMatch = ref _model[(int)((LzmaModel.IsMatch + (_state << 4) + positionState) & LzmaModel.IndexMask)];
            if (!Bit(ref isMatch, ref _range, ref _code, ref _input))
            {
                return false;
            }

            DecodeMatch(positionState);
            return _distance0 == uint.MaxValue;
        }
    }

    // Leaves the range coder in the fields, not normalised.
    private bool TryDecodeSymbols(ReadOnlySpan<byte> input, int count)
    {
        unchecked
        {
            if (input.Length < CoderHeader || input[0] != 0)
            {
                return false;
            }

            Span<byte> output = _output.Slice(0, _position + count);
            Span<ushort> model = _model.Slice(0, LzmaModel.Length);
            int position = _position;
            uint range = uint.MaxValue;
            uint code = BinaryPrimitives.ReadUInt32BigEndian(input.Slice(1));
            input = input.Slice(CoderHeader);
            _overrun = false;

            while ((uint)position < (uint)output.Length)
            {
                uint state = _state;
                uint positionState = (uint)position & _positionMask;
                if (Bit(ref model[(int)((LzmaModel.IsMatch + (state << 4) + positionState) & LzmaModel.IndexMask)], ref range, ref code, ref input))
                {
                    _range = range;
                    _code = code;
                    _input = input;
                    int length = DecodeMatch(positionState);
                    range = _range;
                    code = _code;
                    input = _input;
                    int distance = (int)_distance0 + 1;
                    if ((uint)(distance - 1) >= (uint)position || length > output.Length - position)
                    {
                        return false;
                    }

                    DictionaryCopy.Repeat(output, position, distance, length);
                    position += length;
                    continue;
                }

                uint before = (uint)(position - 1) < (uint)output.Length ? output[position - 1] : 0u;
                uint context = ((((uint)position & _literalPositionMask) << _literalContextBits) + (before >> (8 - _literalContextBits)))
                    & ((1u << LzmaModel.MaximumLiteralBits) - 1);
                int group = (int)(LzmaModel.Literal + (context * LzmaModel.LiteralGroup));
                Span<ushort> tree = model.Slice(group, 0x100);
                uint symbol = 1;
                if (state >= LzmaModel.FirstMatchState)
                {
                    // The last match ended because this byte differs from the one that it would have given next. That one's bits
                    // choose between two more trees, until the first difference.
                    Span<ushort> beside = model.Slice(group + 0x100, 0x200);
                    uint match = (uint)position > _distance0 ? output[position - (int)_distance0 - 1] : 0u;
                    do
                    {
                        match <<= 1;
                        uint node = symbol + (match & 0x100);
                        symbol = Branch(ref beside[(int)(node & 0x1ff)], symbol, ref range, ref code, ref input);
                    }
                    while ((((match >> 8) ^ symbol) & 1) == 0 && symbol < 0x100);
                }

                while (symbol < 0x100)
                {
                    symbol = Branch(ref tree[(byte)symbol], symbol, ref range, ref code, ref input);
                }

                output[position] = (byte)symbol;
                position++;
                _state = (uint)(StateAfterLiteral >> (int)(state << 2)) & 15;
            }

            _range = range;
            _code = code;
            _input = input;
            _position = position;
            return true;
        }
    }

    // Everything that is not a literal: sets the distance and the next state, gives the length.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int DecodeMatch(uint positionState)
    {
        unchecked
        {
            Span<ushort> model = _model.Slice(0, LzmaModel.Length);
            uint range = _range;
            uint code = _code;
            ReadOnlySpan<byte> input = _input;
            uint state = _state;
            uint length;
            if (!Bit(ref model[(int)((LzmaModel.IsRepeat + state) & LzmaModel.IndexMask)], ref range, ref code, ref input))
            {
                _distance3 = _distance2;
                _distance2 = _distance1;
                _distance1 = _distance0;
                _state = state < LzmaModel.FirstMatchState ? 7u : 10u;
                length = Length(model, LzmaModel.MatchLength, positionState, ref range, ref code, ref input);
                _distance0 = Distance(model, length, ref range, ref code, ref input);
            }
            else
            {
                length = 0;
                if (!Bit(ref model[(int)((LzmaModel.IsRepeat0 + state) & LzmaModel.IndexMask)], ref range, ref code, ref input))
                {
                    uint index = LzmaModel.IsLongRepeat0 + (state << 4) + positionState;
                    if (!Bit(ref model[(int)(index & LzmaModel.IndexMask)], ref range, ref code, ref input))
                    {
                        _state = state < LzmaModel.FirstMatchState ? 9u : 11u;
                        length = 1;
                    }
                }
                else
                {
                    uint distance = _distance1;
                    if (Bit(ref model[(int)((LzmaModel.IsRepeat1 + state) & LzmaModel.IndexMask)], ref range, ref code, ref input))
                    {
                        distance = _distance2;
                        if (Bit(ref model[(int)((LzmaModel.IsRepeat2 + state) & LzmaModel.IndexMask)], ref range, ref code, ref input))
                        {
                            distance = _distance3;
                            _distance3 = _distance2;
                        }

                        _distance2 = _distance1;
                    }

                    _distance1 = _distance0;
                    _distance0 = distance;
                }

                if (length == 0)
                {
                    _state = state < LzmaModel.FirstMatchState ? 8u : 11u;
                    length = Length(model, LzmaModel.RepeatLength, positionState, ref range, ref code, ref input);
                }
            }

            _range = range;
            _code = code;
            _input = input;
            return (int)length;
        }
    }

    // Keeps the range above 2^24, so that its product with a probability has enough bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Normalize(ref uint range, ref uint code, ref ReadOnlySpan<byte> input)
    {
        unchecked
        {
            if (range < MinimumRange)
            {
                range <<= 8;
                code <<= 8;
                if (input.IsEmpty)
                {
                    _overrun = true;
                }
                else
                {
                    code |= input[0];
                    input = input.Slice(1);
                }
            }
        }
    }

    /// <summary>Decodes one bit and adapts its probability.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Bit(ref ushort probability, ref uint range, ref uint code, ref ReadOnlySpan<byte> input)
    {
        unchecked
        {
            Normalize(ref range, ref code, ref input);
            uint chance = probability;
            uint bound = (range >> LzmaModel.ProbabilityBits) * chance;
            if (code < bound)
            {
                range = bound;
                probability = (ushort)(chance + LzmaModel.MoveUp - ((chance + LzmaModel.MoveMask) >> LzmaModel.MoveBits));
                return false;
            }

            range -= bound;
            code -= bound;
            probability = (ushort)(chance - (chance >> LzmaModel.MoveBits));
            return true;
        }
    }

    /// <summary>Decodes one bit and goes down from tree node <paramref name="node"/> accordingly; gives the child's number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Branch(ref ushort probability, uint node, ref uint range, ref uint code, ref ReadOnlySpan<byte> input)
    {
        unchecked
        {
            Normalize(ref range, ref code, ref input);
            uint chance = probability;
            uint bound = (range >> LzmaModel.ProbabilityBits) * chance;
            node <<= 1;
            if (code < bound)
            {
                range = bound;
                probability = (ushort)(chance + LzmaModel.MoveUp - ((chance + LzmaModel.MoveMask) >> LzmaModel.MoveBits));
            }
            else
            {
                range -= bound;
                code -= bound;
                probability = (ushort)(chance - (chance >> LzmaModel.MoveBits));
                node++;
            }

            return node;
        }
    }

    /// <summary>Decodes a match length, 2 to 273.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Length(Span<ushort> model, uint coder, uint positionState, ref uint range, ref uint code, ref ReadOnlySpan<byte> input)
    {
        unchecked
        {
            uint node = 1;
            if (Bit(ref model[(int)(coder & LzmaModel.IndexMask)], ref range, ref code, ref input))
            {
                if (Bit(ref model[(int)((coder + 1) & LzmaModel.IndexMask)], ref range, ref code, ref input))
                {
                    Span<ushort> high = model.Slice((int)(coder + LzmaModel.LengthHigh), 0x100);
                    do
                    {
                        node = Branch(ref high[(byte)node], node, ref range, ref code, ref input);
                    }
                    while (node < 0x100);
                    return node - 0x100 + 18;
                }

                coder += LzmaModel.LengthMiddle - LzmaModel.LengthLow;
                node = 2;
            }

            // Both short trees have eight leaves; the second one's lengths begin where the first one's end.
            Span<ushort> tree = model.Slice((int)(coder + LzmaModel.LengthLow + (positionState << 3)), 8);
            uint shortest = ((node - 1) << 3) + 2;
            node = Branch(ref tree[1], 1, ref range, ref code, ref input);
            node = Branch(ref tree[(int)(node & 7)], node, ref range, ref code, ref input);
            node = Branch(ref tree[(int)(node & 7)], node, ref range, ref code, ref input);
            return node - 8 + shortest;
        }
    }

    /// <summary>Decodes a new distance, less one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Distance(Span<ushort> model, uint length, ref uint range, ref uint code, ref ReadOnlySpan<byte> input)
    {
        unchecked
        {
            Span<ushort> slots = model.Slice((int)(LzmaModel.DistanceSlot + (Math.Min(length - 2, 3) << 6)), 64);
            uint slot = Branch(ref slots[1], 1, ref range, ref code, ref input);
            slot = Branch(ref slots[(int)(slot & 63)], slot, ref range, ref code, ref input);
            slot = Branch(ref slots[(int)(slot & 63)], slot, ref range, ref code, ref input);
            slot = Branch(ref slots[(int)(slot & 63)], slot, ref range, ref code, ref input);
            slot = Branch(ref slots[(int)(slot & 63)], slot, ref range, ref code, ref input);
            slot = Branch(ref slots[(int)(slot & 63)], slot, ref range, ref code, ref input) - 64;
            if (slot < 4)
            {
                return slot;
            }

            int lowBits = (int)(slot >> 1) - 1;
            uint distance = (2 | (slot & 1)) << lowBits;
            uint node = 1;
            if (slot < 14)
            {
                // Lowest bit first.
                uint tree = LzmaModel.DistanceSpecial + distance - slot;
                for (int bit = 0; bit < lowBits; bit++)
                {
                    node = Branch(ref model[(int)((tree + node) & LzmaModel.IndexMask)], node, ref range, ref code, ref input);
                    distance += (node & 1) << bit;
                }

                return distance;
            }

            // The bits between the two highest and the four lowest have no probabilities: each halves the range.
            uint middle = 0;
            for (int i = lowBits - 4; i > 0; i--)
            {
                Normalize(ref range, ref code, ref input);
                range >>= 1;
                code -= range;
                uint below = (uint)((int)code >> 31);
                code += range & below;
                middle = (middle << 1) + 1 + below;
            }

            // The last four, lowest first.
            Span<ushort> align = model.Slice((int)LzmaModel.DistanceAlign, 16);
            node = Branch(ref align[1], 1, ref range, ref code, ref input);
            node = Branch(ref align[(int)(node & 15)], node, ref range, ref code, ref input);
            node = Branch(ref align[(int)(node & 15)], node, ref range, ref code, ref input);
            node = Branch(ref align[(int)(node & 15)], node, ref range, ref code, ref input);
            return distance + (middle << 4) + ((uint)(ReversedNibbles >> (int)((node & 15) << 2)) & 15);
        }
    }
}
