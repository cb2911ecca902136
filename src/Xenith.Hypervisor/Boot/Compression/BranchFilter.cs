// The x86 branch filter of .xz. The packer replaced the relative targets of CALL and JMP (e8, e9) by absolute ones, because equal targets
// compress and equal distances do not; here they are made relative again, in place, after the whole block has been decoded (the
// dictionary must not see it).
//
// The packer does not parse instructions. It takes e8 or e9 for a branch when the operand's highest byte is 00 or ff and none of the
// opcode bytes shortly before makes that unlikely; the decoder must come to the same verdict from the same bytes. The rules were
// fixed by the first implementation (LZMA SDK, public domain).

using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Xenith.Hypervisor.Boot;

internal static class BranchFilter
{
    // A branch: opcode and 32-bit operand.
    private const int BranchLength = 5;

    private const ulong LowBits = 0x0101_0101_0101_0101;
    private const ulong HighBits = LowBits << 7;

    /// <summary>Turns absolute branch targets back into relative ones.</summary>
    /// <param name="block">The whole output of one block.</param>
    /// <param name="startOffset">Address that the packer gave to the first byte.</param>
    internal static void Undo(Span<byte> block, uint startOffset)
    {
        unchecked
        {
            int limit = block.Length - BranchLength;
            int position = 0;
            int lastOpcode = -BranchLength;

            // The e8 and e9 bytes of the last three bytes that were not taken for branches: bit n for one n bytes ago, bit n + 4 also if
            // its operand's top byte looked like a branch's.
            uint history = 0;
            while (true)
            {
                position = FindOpcode(block, position);
                if (position > limit)
                {
                    return;
                }

                int gap = position - lastOpcode;
                lastOpcode = position;
                history = gap > 3 ? 0 : (history << gap) & HistoryMask(gap);

                Span<byte> operandBytes = block.Slice(position + 1, 4);
                bool topFits = IsAllZerosOrOnes(operandBytes[3]);
                if (!topFits || !IsPlausible(history))
                {
                    history |= topFits ? 0x11u : 0x01u;
                    position++;
                    continue;
                }

                uint address = startOffset + (uint)position + BranchLength;
                uint operand = BinaryPrimitives.ReadUInt32LittleEndian(operandBytes);
                BinaryPrimitives.WriteUInt32LittleEndian(operandBytes, ToRelative(operand, address, history));
                history = 0;
                position += BranchLength;
            }
        }
    }

    /// <summary>Position of the next e8 or e9 at or after <paramref name="position"/>, or a position too near the end for a branch.</summary>
    private static int FindOpcode(ReadOnlySpan<byte> block, int position)
    {
        unchecked
        {
            while (position <= block.Length - 16)
            {
                ReadOnlySpan<byte> group = block.Slice(position, 16);
                ulong first = BinaryPrimitives.ReadUInt64LittleEndian(group);
                ulong second = BinaryPrimitives.ReadUInt64LittleEndian(group.Slice(8));
                if ((first | second) != 0)
                {
                    ulong opcodes = OpcodeFlags(first);
                    if (opcodes != 0)
                    {
                        return position + (BitOperations.TrailingZeroCount(opcodes) >> 3);
                    }

                    opcodes = OpcodeFlags(second);
                    if (opcodes != 0)
                    {
                        return position + 8 + (BitOperations.TrailingZeroCount(opcodes) >> 3);
                    }
                }

                position += 16;
            }

            while (position < block.Length && (block[position] & 0xfe) != 0xe8)
            {
                position++;
            }

            return position;
        }
    }

    /// <summary>Sets the top bit of each byte that is e8 or e9; only the lowest one set is certain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong OpcodeFlags(ulong bytes)
    {
        unchecked
        {
            ulong zeroIfOpcode = (bytes & ~LowBits) ^ (0xe8 * LowBits);
            return (zeroIfOpcode - LowBits) & ~zeroIfOpcode & HighBits;
        }
    }

    // What a shift by the gap may leave: neither half of the history may run into the other.
    private static uint HistoryMask(int gap) => gap switch { 1 => 0xee, 2 => 0xcc, _ => 0x88 };

    // Believed if at most one opcode byte came just before, and that one did not look like a branch.
    private static bool IsPlausible(uint history) => history is 0 or 2 or 4 or 8;

    // Where an opcode byte lies just before, the byte that decided about *it* is one of this operand's. If the packer's sum made that
    // byte look decisive, the packer inverted what lies below and added again. Two such turns would lead back to the start (the old
    // implementations then never end), so one is all that sound data can need.
    private static uint ToRelative(uint operand, uint address, uint history)
    {
        unchecked
        {
            uint relative = operand - address;
            if (history != 0)
            {
                int lowBits = history switch { 2 => 24, 4 => 16, _ => 8 };
                if (IsAllZerosOrOnes((byte)(relative >> (lowBits - 8))))
                {
                    relative = (relative ^ ((1u << lowBits) - 1)) - address;
                }
            }

            // The top byte only says the sign: bit 24 spread upwards.
            return (uint)((int)(relative << 7) >> 7);
        }
    }

    private static bool IsAllZerosOrOnes(byte value) => value is 0x00 or 0xff;
}
