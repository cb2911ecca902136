// zstd: frames of blocks; a block holds literals, and sequences that say how many of them to take and what to repeat from the output so far.
// The output itself is the window, so a frame may ask for a window of any size.
//
// Format: RFC 8878. Dictionaries are not supported: nothing that boots has one.

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>Decoder of zstd frames.</summary>
public static class ZstdDecoder
{
    /// <summary>The most that a block unpacks to, and so the most literals that it has.</summary>
    internal const int BlockLength = 128 << 10;

    /// <summary>Bytes needed in <see cref="UnpackScratch.Buffer"/>.</summary>
    internal const int BufferLength = BlockLength;

    private const uint SkippableMask = 0xffff_fff0, Skippable = 0x184d_2a50;

    private static ReadOnlySpan<byte> Signature => [0x28, 0xb5, 0x2f, 0xfd];

    /// <summary>Whether the bytes begin as a frame does.</summary>
    public static bool IsZstd(ReadOnlySpan<byte> source) => source.StartsWith(Signature);

    /// <summary>The length that the first frame says its data have; 0 if it says nothing.</summary>
    public static ulong UnpackedLength(ReadOnlySpan<byte> source) =>
        ParseHeader(source, out _, out ulong content, out _) == UnpackError.None && content != ulong.MaxValue ? content : 0;

    /// <summary>Unpacks frames up to the end of <paramref name="source"/>.</summary>
    /// <param name="source">The frames and nothing else.</param>
    /// <param name="destination">Where the data go, from the first byte on. After an error its contents mean nothing.</param>
    /// <param name="scratch">Working memory.</param>
    /// <param name="outcome">Sizes; valid on success.</param>
    public static UnpackError Decode(ReadOnlySpan<byte> source, Span<byte> destination, UnpackScratch scratch, out UnpackOutcome outcome)
    {
        outcome = default;
        if (!scratch.IsLargeEnough || scratch.Buffer.Length < BufferLength)
        {
            return UnpackError.ScratchTooSmall;
        }

        if (!IsZstd(source))
        {
            return UnpackError.NotThisFormat;
        }

        ZstdBlock block = new(scratch.Model, scratch.Buffer.Slice(0, BufferLength));
        int at = 0;
        int produced = 0;
        while (at < source.Length)
        {
            ReadOnlySpan<byte> rest = source.Slice(at);
            UnpackError error;
            UnpackOutcome frame;
            if (IsZstd(rest))
            {
                block.Reset();
                error = DecodeFrame(rest, destination.Slice(produced), ref block, out frame);
            }
            else
            {
                error = Skip(rest, out frame);
            }

            if (error != UnpackError.None)
            {
                return error;
            }

            at += frame.Consumed;
            produced += frame.Produced;
        }

        outcome.Consumed = at;
        outcome.Produced = produced;
        return UnpackError.None;
    }

    private static UnpackError Skip(ReadOnlySpan<byte> source, out UnpackOutcome frame)
    {
        frame = default;
        if (source.Length < 8)
        {
            return UnpackError.Truncated;
        }

        if ((BinaryPrimitives.ReadUInt32LittleEndian(source) & SkippableMask) != Skippable)
        {
            return UnpackError.HeaderDamaged;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(source.Slice(4));
        if (length > unchecked((uint)source.Length) - 8)
        {
            return UnpackError.Truncated;
        }

        frame.Consumed = unchecked((int)length + 8);
        return UnpackError.None;
    }

    private static UnpackError DecodeFrame(ReadOnlySpan<byte> source, Span<byte> destination, ref ZstdBlock block, out UnpackOutcome frame)
    {
        unchecked
        {
            frame = default;
            UnpackError error = ParseHeader(source, out int at, out ulong content, out bool hasCheck);
            if (error != UnpackError.None)
            {
                return error;
            }

            int produced = 0;
            bool last;
            do
            {
                if (source.Length - at < 3)
                {
                    return UnpackError.Truncated;
                }

                uint header = source[at] | ((uint)source[at + 1] << 8) | ((uint)source[at + 2] << 16);
                at += 3;
                last = (header & 1) != 0;
                uint kind = (header >> 1) & 3;
                int length = (int)(header >> 3);
                int packed = kind == 1 ? 1 : length;
                if (kind == 3 || length > BlockLength)
                {
                    return UnpackError.BlockHeaderDamaged;
                }

                if (packed > source.Length - at)
                {
                    return UnpackError.Truncated;
                }

                if (kind == 2)
                {
                    error = block.Decode(source.Slice(at, packed), destination, ref produced);
                    if (error != UnpackError.None)
                    {
                        return error;
                    }
                }
                else
                {
                    if (length > destination.Length - produced)
                    {
                        return UnpackError.DestinationTooSmall;
                    }

                    if (kind == 1)
                    {
                        destination.Slice(produced, length).Fill(source[at]);
                    }
                    else
                    {
                        source.Slice(at, length).CopyTo(destination.Slice(produced));
                    }

                    produced += length;
                }

                at += packed;
            }
            while (!last);

            if (content != ulong.MaxValue && content != (ulong)produced)
            {
                return UnpackError.FooterDamaged;
            }

            if (hasCheck)
            {
                if (source.Length - at < 4)
                {
                    return UnpackError.Truncated;
                }

                if ((uint)XxHash64.Compute(destination.Slice(0, produced)) != BinaryPrimitives.ReadUInt32LittleEndian(source.Slice(at)))
                {
                    return UnpackError.CheckMismatch;
                }

                at += 4;
            }

            frame.Consumed = at;
            frame.Produced = produced;
            return UnpackError.None;
        }
    }

    // Signature, descriptor, window (unless the whole frame is one), dictionary, content length (3.1.1.1).
    private static UnpackError ParseHeader(ReadOnlySpan<byte> source, out int length, out ulong content, out bool hasCheck)
    {
        length = 5;
        content = ulong.MaxValue;
        hasCheck = false;
        if (source.Length < length)
        {
            return UnpackError.Truncated;
        }

        byte descriptor = source[4];
        hasCheck = (descriptor & 4) != 0;
        bool isSingle = (descriptor & 0x20) != 0;
        if ((descriptor & 8) != 0)
        {
            return UnpackError.UnsupportedOption;
        }

        length += isSingle ? 0 : 1;
        int dictionaryLength = (descriptor & 3) switch { 0 => 0, 1 => 1, 2 => 2, _ => 4 };
        int contentLength = (descriptor >> 6) switch { 0 => isSingle ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        if (source.Length < length + dictionaryLength + contentLength)
        {
            return UnpackError.Truncated;
        }

        for (int i = 0; i < dictionaryLength; i++)
        {
            if (source[length + i] != 0)
            {
                return UnpackError.UnsupportedOption;
            }
        }

        length += dictionaryLength;
        if (contentLength != 0)
        {
            content = contentLength == 2 ? 256u : 0u;
            for (int i = 0; i < contentLength; i++)
            {
                content = unchecked(content + ((ulong)source[length + i] << (8 * i)));
            }
        }

        length += contentLength;
        return UnpackError.None;
    }
}
