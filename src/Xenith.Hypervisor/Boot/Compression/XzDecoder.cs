// Unpacks an .xz stream (Linux's usual kernel packing on Debian): stream header, blocks, index, footer, each with its own checksum.
// Blocks are decoded straight to where the data shall stay; the place serves as LZMA's dictionary, so nothing is copied twice. What
// follows the stream is left alone: a kernel's payload ends with four bytes that are not part of it.
//
// Format: "The .xz File Format" 1.2.1, Tukaani project (public domain).

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>Decoder of .xz streams.</summary>
public static class XzDecoder
{
    private const int HeaderLength = 12;
    private const int FooterLength = 12;

    private const byte CheckNone = 0;
    private const byte CheckCrc32 = 1;
    private const byte CheckCrc64 = 4;
    private const byte LastCheck = 15;

    private static ReadOnlySpan<byte> Signature => [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0x00];

    private static ReadOnlySpan<byte> FooterSignature => "YZ"u8;

    /// <summary>Whether the bytes begin as an .xz stream does.</summary>
    public static bool IsXz(ReadOnlySpan<byte> source) => source.StartsWith(Signature);

    /// <summary>Unpacks the stream at the start of <paramref name="source"/>.</summary>
    /// <param name="source">The stream; more may follow it.</param>
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
        UnpackError error = ParseStreamHeader(source, scratch.ChecksumTables, out byte check);
        if (error != UnpackError.None)
        {
            return error;
        }

        int at = HeaderLength;
        int produced = 0;
        XzIndex index = default;
        while (true)
        {
            if (at >= source.Length)
            {
                return UnpackError.Truncated;
            }

            if (source[at] == 0)
            {
                break;
            }

            error = DecodeBlock(source.Slice(at), destination.Slice(produced), scratch, check, ref index, out UnpackOutcome block);
            if (error != UnpackError.None)
            {
                return error;
            }

            at += block.Consumed;
            produced += block.Produced;
        }

        error = index.Check(source.Slice(at), scratch.ChecksumTables, out int indexLength);
        if (error != UnpackError.None)
        {
            return error;
        }

        at += indexLength;
        error = CheckFooter(source.Slice(at), source.Slice(6, 2), indexLength, scratch.ChecksumTables);
        if (error != UnpackError.None)
        {
            return error;
        }

        outcome.Consumed = at + FooterLength;
        outcome.Produced = produced;
        return UnpackError.None;
    }

    // Signature, two bytes of flags (zero, kind of check), CRC32 of the flags (section 2.1.1).
    private static UnpackError ParseStreamHeader(ReadOnlySpan<byte> source, Span<uint> tables, out byte check)
    {
        check = CheckNone;
        if (!IsXz(source))
        {
            return UnpackError.NotThisFormat;
        }

        if (source.Length < HeaderLength)
        {
            return UnpackError.Truncated;
        }

        ReadOnlySpan<byte> flags = source.Slice(6, 2);
        if (Crc32.Compute(flags, tables) != BinaryPrimitives.ReadUInt32LittleEndian(source.Slice(8)))
        {
            return UnpackError.HeaderDamaged;
        }

        check = flags[1];
        return flags[0] != 0 || check > LastCheck ? UnpackError.UnsupportedOption
            : check is CheckNone or CheckCrc32 or CheckCrc64 ? UnpackError.None
            : UnpackError.UnsupportedCheck;
    }

    private static UnpackError DecodeBlock(
        ReadOnlySpan<byte> source, Span<byte> destination, UnpackScratch scratch, byte check, ref XzIndex index, out UnpackOutcome block)
    {
        block = default;
        UnpackError error = XzBlockHeader.Parse(source, scratch.ChecksumTables, out XzBlockHeader header);
        if (error != UnpackError.None)
        {
            return error;
        }

        error = Lzma2.Decode(source.Slice(header.Length), destination, scratch.Model, out int packed, out int unpacked);
        if (error != UnpackError.None)
        {
            return error;
        }

        if ((header.PackedSize != ulong.MaxValue && header.PackedSize != unchecked((ulong)packed))
            || (header.UnpackedSize != ulong.MaxValue && header.UnpackedSize != unchecked((ulong)unpacked)))
        {
            return UnpackError.DataDamaged;
        }

        Span<byte> data = destination.Slice(0, unpacked);
        if (header.Branches)
        {
            BranchFilter.Undo(data, header.BranchStartOffset);
        }

        // Zeros up to a multiple of four, counted from the start of the block, which is aligned itself.
        int at = header.Length + packed;
        while ((at & 3) != 0)
        {
            if (at >= source.Length)
            {
                return UnpackError.Truncated;
            }

            if (source[at] != 0)
            {
                return UnpackError.DataDamaged;
            }

            at++;
        }

        error = CompareCheck(check, source.Slice(at), data, scratch.ChecksumTables, out int checkLength);
        index.Add(unchecked((ulong)(header.Length + packed + checkLength)), unchecked((ulong)unpacked));
        block.Consumed = at + checkLength;
        block.Produced = unpacked;
        return error;
    }

    private static UnpackError CompareCheck(byte check, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> data, Span<uint> tables, out int length)
    {
        length = check switch { CheckCrc32 => 4, CheckCrc64 => 8, _ => 0 };
        if (expected.Length < length)
        {
            return UnpackError.Truncated;
        }

        bool matches = check switch
        {
            CheckCrc32 => Crc32.Compute(data, tables) == BinaryPrimitives.ReadUInt32LittleEndian(expected),
            CheckCrc64 => Crc64.Compute(data) == BinaryPrimitives.ReadUInt64LittleEndian(expected),
            _ => true,
        };
        return matches ? UnpackError.None : UnpackError.CheckMismatch;
    }

    // CRC32 of the next six bytes, size of the index in words less one, the stream flags again, signature (section 2.1.2).
    private static UnpackError CheckFooter(ReadOnlySpan<byte> source, ReadOnlySpan<byte> streamFlags, int indexLength, Span<uint> tables)
    {
        if (source.Length < FooterLength)
        {
            return UnpackError.Truncated;
        }

        uint words = BinaryPrimitives.ReadUInt32LittleEndian(source.Slice(4));
        bool sound = BinaryPrimitives.ReadUInt32LittleEndian(source) == Crc32.Compute(source.Slice(4, 6), tables)
            && (words + 1UL) * 4 == unchecked((ulong)indexLength)
            && source.Slice(8, 2).SequenceEqual(streamFlags)
            && source.Slice(10, 2).SequenceEqual(FooterSignature);
        return sound ? UnpackError.None : UnpackError.FooterDamaged;
    }
}
