// The index behind the blocks lists their sizes once more (file format 1.2.1, section 4). Without memory for a list, the decoder keeps
// the count, the sums and a mixed value of all sizes in order, and compares these with the same figures taken from the index.

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

internal struct XzIndex
{
    private ulong _blocks;
    private ulong _unpadded;
    private ulong _unpacked;
    private ulong _mixed;

    /// <summary>Adds a block: its size without padding (header, data and check) and its unpacked size.</summary>
    internal void Add(ulong unpadded, ulong unpacked)
    {
        unchecked
        {
            _blocks++;
            _unpadded += unpadded;
            _unpacked += unpacked;
            _mixed = (((_mixed * 0x9e37_79b9_7f4a_7c15) ^ unpadded) * 0x9e37_79b9_7f4a_7c15) ^ unpacked;
        }
    }

    /// <summary>
    /// Checks the index at the start of <paramref name="source"/> against the blocks that were added; <paramref name="length"/> is its
    /// size with padding and checksum.
    /// </summary>
    internal readonly UnpackError Check(ReadOnlySpan<byte> source, Span<uint> checksumTables, out int length)
    {
        length = 0;
        ByteCursor cursor = new(source);
        if (!cursor.TryByte(out byte mark) || mark != 0 || !XzNumber.TryRead(ref cursor, out ulong records) || records != _blocks)
        {
            return UnpackError.IndexDamaged;
        }

        // The number is that of blocks that were really there, so the loop is no longer than the work already done.
        XzIndex listed = default;
        for (ulong i = 0; i < records; i++)
        {
            if (!XzNumber.TryRead(ref cursor, out ulong unpadded) || !XzNumber.TryRead(ref cursor, out ulong unpacked))
            {
                return UnpackError.IndexDamaged;
            }

            listed.Add(unpadded, unpacked);
        }

        while (((source.Length - cursor.Rest.Length) & 3) != 0)
        {
            if (!cursor.TryByte(out byte padding) || padding != 0)
            {
                return UnpackError.IndexDamaged;
            }
        }

        ReadOnlySpan<byte> body = source.Slice(0, source.Length - cursor.Rest.Length);
        if (!cursor.TryUInt32(out uint checksum))
        {
            return UnpackError.Truncated;
        }

        if (checksum != Crc32.Compute(body, checksumTables) || listed._unpadded != _unpadded || listed._unpacked != _unpacked
            || listed._mixed != _mixed)
        {
            return UnpackError.IndexDamaged;
        }

        length = body.Length + 4;
        return UnpackError.None;
    }
}
