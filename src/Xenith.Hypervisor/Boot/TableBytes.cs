// Fields of a table that firmware or a boot loader wrote. Such tables grow with the revisions of their specifications and some are cut
// short, so a field beyond the end reads as zero, which the specifications make the value for "not there".

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

internal readonly ref struct TableBytes(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    internal int Length => _bytes.Length;

    internal ReadOnlySpan<byte> All => _bytes;

    internal byte U8(int offset) => Field(offset, 1).IsEmpty ? (byte)0 : _bytes[offset];

    internal ushort U16(int offset) => BinaryPrimitives.TryReadUInt16LittleEndian(Field(offset, 2), out ushort value) ? value : (ushort)0;

    internal uint U32(int offset) => BinaryPrimitives.TryReadUInt32LittleEndian(Field(offset, 4), out uint value) ? value : 0;

    internal ulong U64(int offset) => BinaryPrimitives.TryReadUInt64LittleEndian(Field(offset, 8), out ulong value) ? value : 0;

    /// <summary>A generic address structure (ACPI 6.5, 5.2.3.2).</summary>
    internal AcpiAddress Address(int offset) => new()
    {
        Space = (AcpiSpace)U8(offset),
        BitWidth = U8(offset + 1),
        BitOffset = U8(offset + 2),
        AccessSize = U8(offset + 3),
        Value = U64(offset + 4),
    };

    /// <summary>Whether the bytes add up to zero.</summary>
    internal bool SumIsZero()
    {
        byte sum = 0;
        foreach (byte value in _bytes)
        {
            sum = unchecked((byte)(sum + value));
        }

        return sum == 0;
    }

    private ReadOnlySpan<byte> Field(int offset, int length) =>
        offset < 0 || offset > _bytes.Length - length ? default : _bytes.Slice(offset, length);

    /// <summary>
    /// Goes on to the next of the structures that fill a table from an offset on, each with its length in the 16 bits at its byte 2; begins with <paramref name="at"/> 0. False at
    /// the end, and where a length cannot be.
    /// </summary>
    internal bool TryNext(int first, ref int at, out TableBytes entry)
    {
        entry = default;
        int next = at == 0 ? first : at + U16(at + 2);
        int length = U16(next + 2);
        if (next <= at || length < 4 || length > Length - next)
            return false;
        at = next;
        entry = new TableBytes(All.Slice(next, length));
        return true;
    }
}
