// The header in front of each block of an .xz stream: sizes, if the packer knew them, and the chain of filters (file format 1.2.1,
// section 3.1).

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

internal struct XzBlockHeader
{
    private const ulong BranchFilterX86 = 0x04;
    private const ulong Lzma2Filter = 0x21;

    private const byte FilterCountMask = 0x03;
    private const byte ReservedFlags = 0x3c;
    private const byte HasPackedSize = 0x40;
    private const byte HasUnpackedSize = 0x80;

    private const byte MaximumDictionary = 40;

    /// <summary>Bytes of the header, checksum included.</summary>
    internal int Length;

    /// <summary>Bytes of packed data as announced, or the largest value if not announced.</summary>
    internal ulong PackedSize;

    /// <summary>Bytes of unpacked data as announced, or the largest value if not announced.</summary>
    internal ulong UnpackedSize;

    /// <summary>Whether the x86 branch filter follows LZMA2.</summary>
    internal bool Branches;

    internal uint BranchStartOffset;

    /// <summary>Reads the header at the start of <paramref name="source"/>, whose first byte is not the index mark 0.</summary>
    internal static UnpackError Parse(ReadOnlySpan<byte> source, Span<uint> checksumTables, out XzBlockHeader header)
    {
        header = default;
        int length = (source[0] + 1) * 4;
        if (source.Length < length)
        {
            return UnpackError.Truncated;
        }

        ReadOnlySpan<byte> body = source.Slice(0, length - 4);
        if (Crc32.Compute(body, checksumTables) != BinaryPrimitives.ReadUInt32LittleEndian(source.Slice(length - 4)))
        {
            return UnpackError.BlockHeaderDamaged;
        }

        header.Length = length;
        header.PackedSize = ulong.MaxValue;
        header.UnpackedSize = ulong.MaxValue;
        ByteCursor cursor = new(body.Slice(1));
        if (!cursor.TryByte(out byte flags))
        {
            return UnpackError.BlockHeaderDamaged;
        }

        if ((flags & ReservedFlags) != 0)
        {
            return UnpackError.UnsupportedOption;
        }

        if ((flags & HasPackedSize) != 0 && (!XzNumber.TryRead(ref cursor, out header.PackedSize) || header.PackedSize == 0))
        {
            return UnpackError.BlockHeaderDamaged;
        }

        if ((flags & HasUnpackedSize) != 0 && !XzNumber.TryRead(ref cursor, out header.UnpackedSize))
        {
            return UnpackError.BlockHeaderDamaged;
        }

        int filters = (flags & FilterCountMask) + 1;
        if (filters > 2)
        {
            return UnpackError.UnsupportedFilter;
        }

        UnpackError error = filters == 2 ? header.ParseBranchFilter(ref cursor) : UnpackError.None;
        if (error == UnpackError.None)
        {
            error = ParseLzma2Filter(ref cursor);
        }

        return error != UnpackError.None ? error : IsZero(cursor.Rest) ? UnpackError.None : UnpackError.UnsupportedOption;
    }

    private static bool IsZero(ReadOnlySpan<byte> padding)
    {
        foreach (byte value in padding)
        {
            if (value != 0)
            {
                return false;
            }
        }

        return true;
    }

    private static UnpackError ParseFilter(ref ByteCursor cursor, ulong expected, out ReadOnlySpan<byte> properties)
    {
        properties = default;
        if (!XzNumber.TryRead(ref cursor, out ulong id) || !XzNumber.TryRead(ref cursor, out ulong size)
            || !cursor.TryBytes(size, out properties))
        {
            return UnpackError.BlockHeaderDamaged;
        }

        return id == expected ? UnpackError.None : UnpackError.UnsupportedFilter;
    }

    private static UnpackError ParseLzma2Filter(ref ByteCursor cursor)
    {
        // The dictionary size does not matter here: the output is the dictionary.
        UnpackError error = ParseFilter(ref cursor, Lzma2Filter, out ReadOnlySpan<byte> properties);
        return error != UnpackError.None ? error
            : properties.Length == 1 && properties[0] <= MaximumDictionary ? UnpackError.None
            : UnpackError.UnsupportedOption;
    }

    private UnpackError ParseBranchFilter(ref ByteCursor cursor)
    {
        UnpackError error = ParseFilter(ref cursor, BranchFilterX86, out ReadOnlySpan<byte> properties);
        if (error != UnpackError.None)
        {
            return error;
        }

        Branches = true;
        if (properties.Length == 4)
        {
            BranchStartOffset = BinaryPrimitives.ReadUInt32LittleEndian(properties);
        }

        return properties.Length is 0 or 4 ? UnpackError.None : UnpackError.UnsupportedOption;
    }
}
