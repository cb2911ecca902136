// A gzip member: a header with optional fields, DEFLATE data, then the CRC32 and the length of what they unpack to. A kernel packed with
// gzip is one member, and the length at its end is the one that the others append for the kernel's loader.
//
// Format: RFC 1952.

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>Decoder of gzip members.</summary>
public static class GzipDecoder
{
    private const int FixedHeader = 10;
    private const int Trailer = 8;
    private const byte Deflate = 8;

    private const byte HasHeaderCheck = 2;
    private const byte HasExtra = 4;
    private const byte HasName = 8;
    private const byte HasComment = 16;
    private const byte Reserved = 0xe0;

    private static ReadOnlySpan<byte> Signature => [0x1f, 0x8b];

    /// <summary>Whether the bytes begin as a gzip member does.</summary>
    public static bool IsGzip(ReadOnlySpan<byte> source) => source.StartsWith(Signature);

    /// <summary>The length that the last member of a file claims for itself; 0 if the file is too short.</summary>
    public static uint UnpackedLength(ReadOnlySpan<byte> source) =>
        source.Length < FixedHeader + Trailer ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(source.Slice(source.Length - 4));

    /// <summary>Unpacks the member at the start of <paramref name="source"/>.</summary>
    /// <param name="source">The member; more may follow it.</param>
    /// <param name="destination">Where the data go, from the first byte on. After an error its contents mean nothing.</param>
    /// <param name="scratch">Working memory.</param>
    /// <param name="outcome">Sizes; valid on success.</param>
    public static UnpackError Decode(ReadOnlySpan<byte> source, Span<byte> destination, UnpackScratch scratch, out UnpackOutcome outcome)
    {
        outcome = default;
        if (!scratch.IsLargeEnough)
        {
            return UnpackError.ScratchTooSmall;
        }

        Crc32.FillTables(scratch.ChecksumTables);
        UnpackError error = ParseHeader(source, scratch.ChecksumTables, out int headerLength);
        if (error != UnpackError.None)
        {
            return error;
        }

        error = InflateDecoder.Decode(source.Slice(headerLength), destination, scratch.Model, out UnpackOutcome data);
        if (error != UnpackError.None)
        {
            return error;
        }

        int at = headerLength + data.Consumed;
        if (source.Length - at < Trailer)
        {
            return UnpackError.Truncated;
        }

        Span<byte> unpacked = destination.Slice(0, data.Produced);
        if (Crc32.Compute(unpacked, scratch.ChecksumTables) != BinaryPrimitives.ReadUInt32LittleEndian(source.Slice(at)))
        {
            return UnpackError.CheckMismatch;
        }

        if (unchecked((uint)data.Produced) != BinaryPrimitives.ReadUInt32LittleEndian(source.Slice(at + 4)))
        {
            return UnpackError.FooterDamaged;
        }

        outcome.Consumed = at + Trailer;
        outcome.Produced = data.Produced;
        return UnpackError.None;
    }

    private static UnpackError ParseHeader(ReadOnlySpan<byte> source, Span<uint> tables, out int length)
    {
        length = FixedHeader;
        if (!IsGzip(source))
        {
            return UnpackError.NotThisFormat;
        }

        if (source.Length < FixedHeader)
        {
            return UnpackError.Truncated;
        }

        byte flags = source[3];
        if (source[2] != Deflate || (flags & Reserved) != 0)
        {
            return UnpackError.UnsupportedOption;
        }

        if ((flags & HasExtra) != 0)
        {
            if (source.Length - length < 2)
            {
                return UnpackError.Truncated;
            }

            length += 2 + BinaryPrimitives.ReadUInt16LittleEndian(source.Slice(length));
        }

        if (((flags & HasName) != 0 && !TrySkipText(source, ref length)) || ((flags & HasComment) != 0 && !TrySkipText(source, ref length)))
        {
            return UnpackError.Truncated;
        }

        if ((flags & HasHeaderCheck) != 0)
        {
            if (source.Length - length < 2)
            {
                return UnpackError.Truncated;
            }

            ushort check = unchecked((ushort)Crc32.Compute(source.Slice(0, length), tables));
            if (check != BinaryPrimitives.ReadUInt16LittleEndian(source.Slice(length)))
            {
                return UnpackError.HeaderDamaged;
            }

            length += 2;
        }

        return length > source.Length ? UnpackError.Truncated : UnpackError.None;
    }

    private static bool TrySkipText(ReadOnlySpan<byte> source, ref int at)
    {
        while (at < source.Length)
        {
            at++;
            if (source[at - 1] == 0)
            {
                return true;
            }
        }

        return false;
    }
}
