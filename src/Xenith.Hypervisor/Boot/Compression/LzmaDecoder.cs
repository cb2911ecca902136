// LZMA: literals and matches, entropy-coded bit by bit with a range coder whose probabilities adapt. This file holds the inner loop on
// which the time of booting a packed kernel depends, and so it is written for the compiler: the coder's registers are locals of one
// method, the helpers are inlined into it, the model's index is masked (one instruction where a bounds check takes two and ends a
// basic block), and the output itself serves as the dictionary.
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

    private readonly Span<ushort> _model;

    // From the start of the dictionary to the end of the destination.
    private readonly Span<byte> _output;
    private int _position;

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
    internal bool TryDecode(ReadOnlySpan<byte> input, int count)
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
            uint state = _state;
            uint positionMask = _positionMask;

            uint range = uint.MaxValue;
            uint code = BinaryPrimitives.ReadUInt32BigEndian(input.Slice(1));
            input = input.Slice(CoderHeader);
            _overrun = false;

            while ((uint)position < (uint)output.Length)
            {
                uint positionState = (uint)position & positionMask;
                if (!Bit(model, LzmaModel.IsMatch + (state << 4) + positionState, ref range, ref code, ref input))
                {
                    uint before = (uint)(position - 1) < (uint)output.Length ? output[position - 1] : 0u;
                    uint context = ((((uint)position & _literalPositionMask) << _literalContextBits) + (before >> (8 - _literalContextBits)))
                        & ((1u << LzmaModel.MaximumLiteralBits) - 1);
                    uint tree = LzmaModel.Literal + (context * LzmaModel.LiteralGroup);
                    uint symbol = 1;
                    if (state >= LzmaModel.FirstMatchState)
                    {
                        // The last match ended because this byte differs from the one that it would have given next. Its bits choose
                        // the tree until the first difference.
                        uint match = (uint)position > _distance0 ? (uint)output[position - (int)_distance0 - 1] << 1 : 0;
                        uint offset = 0x100;
                        do
                        {
                            uint matchBit = match & offset;
                            symbol = Branch(model, tree + offset + matchBit + symbol, symbol, ref range, ref code, ref input);
                            offset &= (symbol & 1) != 0 ? matchBit : ~matchBit;
                            match <<= 1;
                        }
                        while (symbol < 0x100);
                    }
                    else
                    {
                        symbol = Branch(model, tree + 1, symbol, ref range, ref code, ref input);
                        symbol = Branch(model, tree + symbol, symbol, ref range, ref code, ref input);
                        symbol = Branch(model, tree + symbol, symbol, ref range, ref code, ref input);
                        symbol = Branch(model, tree + symbol, symbol, ref range, ref code, ref input);
                        symbol = Branch(model, tree + symbol, symbol, ref range, ref code, ref input);
                        symbol = Branch(model, tree + symbol, symbol, ref range, ref code, ref input);
                        symbol = Branch(model, tree + symbol, symbol, ref range, ref code, ref input);
                        symbol = Branch(model, tree + symbol, symbol, ref range, ref code, ref input);
                    }

                    output[position] = (byte)symbol;
                    position++;
                    state = (uint)(StateAfterLiteral >> (int)(state << 2)) & 15;
                    continue;
                }

                uint lengthModel;
                bool newDistance = !Bit(model, LzmaModel.IsRepeat + state, ref range, ref code, ref input);
                if (newDistance)
                {
                    _distance3 = _distance2;
                    _distance2 = _distance1;
                    _distance1 = _distance0;
                    state = state < LzmaModel.FirstMatchState ? 7u : 10u;
                    lengthModel = LzmaModel.MatchLength;
                }
                else
                {
                    if (!Bit(model, LzmaModel.IsRepeat0 + state, ref range, ref code, ref input))
                    {
                        if (!Bit(model, LzmaModel.IsLongRepeat0 + (state << 4) + positionState, ref range, ref code, ref input))
                        {
                            if ((uint)position <= _distance0)
                            {
                                return false;
                            }

                            output[position] = output[position - (int)_distance0 - 1];
                            position++;
                            state = state < LzmaModel.FirstMatchState ? 9u : 11u;
                            continue;
                        }
                    }
                    else
                    {
                        uint distance = _distance1;
                        if (Bit(model, LzmaModel.IsRepeat1 + state, ref range, ref code, ref input))
                        {
                            distance = _distance2;
                            if (Bit(model, LzmaModel.IsRepeat2 + state, ref range, ref code, ref input))
                            {
                                distance = _distance3;
                                _distance3 = _distance2;
                            }

                            _distance2 = _distance1;
                        }

                        _distance1 = _distance0;
                        _distance0 = distance;
                    }

                    state = state < LzmaModel.FirstMatchState ? 8u : 11u;
                    lengthModel = LzmaModel.RepeatLength;
                }

                uint length = Length(model, lengthModel, positionState, ref range, ref code, ref input);
                if (newDistance)
                {
                    _distance0 = Distance(model, length, ref range, ref code, ref input);
                }

                if ((uint)position <= _distance0 || length > (uint)(output.Length - position))
                {
                    return false;
                }

                DictionaryCopy.Repeat(output, position, (int)_distance0 + 1, (int)length);
                position += (int)length;
            }

            Normalize(ref range, ref code, ref input);
            _position = position;
            _state = state;
            return code == 0 && input.IsEmpty && !_overrun;
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
    private bool Bit(Span<ushort> model, uint index, ref uint range, ref uint code, ref ReadOnlySpan<byte> input)
    {
        unchecked
        {
            Normalize(ref range, ref code, ref input);
            ref ushort probability = ref model[(int)(index & LzmaModel.IndexMask)];
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
    private uint Branch(Span<ushort> model, uint index, uint node, ref uint range, ref uint code, ref ReadOnlySpan<byte> input)
    {
        unchecked
        {
            Normalize(ref range, ref code, ref input);
            ref ushort probability = ref model[(int)(index & LzmaModel.IndexMask)];
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
    private uint Length(
        Span<ushort> model, uint coder, uint positionState, ref uint range, ref uint code, ref ReadOnlySpan<byte> input)
    {
        unchecked
        {
            uint tree;
            uint limit;
            uint shortest;
            if (!Bit(model, coder, ref range, ref code, ref input))
            {
                tree = coder + LzmaModel.LengthLow + (positionState << 3);
                limit = 8;
                shortest = 2;
            }
            else if (!Bit(model, coder + 1, ref range, ref code, ref input))
            {
                tree = coder + LzmaModel.LengthMiddle + (positionState << 3);
                limit = 8;
                shortest = 10;
            }
            else
            {
                tree = coder + LzmaModel.LengthHigh;
                limit = 256;
                shortest = 18;
            }

            uint node = 1;
            do
            {
                node = Branch(model, tree + node, node, ref range, ref code, ref input);
            }
            while (node < limit);
            return node - limit + shortest;
        }
    }

    /// <summary>Decodes a new distance, less one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Distance(
        Span<ushort> model, uint length, ref uint range, ref uint code, ref ReadOnlySpan<byte> input)
    {
        unchecked
        {
            uint tree = LzmaModel.DistanceSlot + (Math.Min(length - 2, 3) << 6);
            uint slot = 1;
            do
            {
                slot = Branch(model, tree + slot, slot, ref range, ref code, ref input);
            }
            while (slot < 64);
            slot -= 64;
            if (slot < 4)
            {
                return slot;
            }

            int lowBits = (int)(slot >> 1) - 1;
            uint distance = (2 | (slot & 1)) << lowBits;
            if (slot < 14)
            {
                tree = LzmaModel.DistanceSpecial + distance - slot;
            }
            else
            {
                // The bits between the two highest and the four lowest have no probabilities: each halves the range.
                uint middle = 0;
                for (int i = lowBits - 4; i > 0; i--)
                {
                    Normalize(ref range, ref code, ref input);
                    range >>= 1;
                    code -= range;
                    uint below = 0 - (code >> 31);
                    code += range & below;
                    middle = (middle << 1) + 1 + below;
                }

                distance += middle << 4;
                tree = LzmaModel.DistanceAlign;
                lowBits = 4;
            }

            // Lowest bit first.
            uint node = 1;
            for (int bit = 0; bit < lowBits; bit++)
            {
                node = Branch(model, tree + node, node, ref range, ref code, ref input);
                distance += (node & 1) << bit;
            }

            return distance;
        }
    }
}
