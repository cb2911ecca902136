// LZ4 as Linux's build packs kernels: the "legacy frame", a signature and then blocks, each with its packed length in front. A block holds
// 8 MiB of data, the last one less, and refers to nothing before itself. Nothing says where the frame ends: it goes on to the end of the
// source. There are no checksums either, so only damage that breaks the structure or the length is noticed.
//
// Formats: "LZ4 Frame Format Description" 1.6.3, Legacy frame; "LZ4 Block Format Description" (lz4 project).

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>Decoder of legacy LZ4 frames.</summary>
public static class Lz4Decoder
{
    private const uint SignatureValue = 0x184c_2102;
    private const int BlockLength = 8 << 20;
    private const int MostPacked = BlockLength + (BlockLength / 255) + 16;
    private const int ShortestMatch = 4;

    private static ReadOnlySpan<byte> Signature => [0x02, 0x21, 0x4c, 0x18];

    /// <summary>Whether the bytes begin as a legacy frame does.</summary>
    public static bool IsLz4(ReadOnlySpan<byte> source) => source.StartsWith(Signature);

    /// <summary>Unpacks frames up to the end of <paramref name="source"/>.</summary>
    /// <param name="source">The frames and nothing else.</param>
    /// <param name="destination">Where the data go, from the first byte on. After an error its contents mean nothing.</param>
    /// <param name="outcome">Sizes; valid on success.</param>
    public static UnpackError Decode(ReadOnlySpan<byte> source, Span<byte> destination, out UnpackOutcome outcome)
    {
        outcome = default;
        if (!IsLz4(source))
        {
            return UnpackError.NotThisFormat;
        }

        int at = Signature.Length;
        int produced = 0;
        while (at < source.Length)
        {
            if (source.Length - at < 4)
            {
                return UnpackError.Truncated;
            }

            uint packed = BinaryPrimitives.ReadUInt32LittleEndian(source.Slice(at));
            at += 4;
            if (packed == SignatureValue)
            {
                // Another frame.
                continue;
            }

            if (packed is 0 or > MostPacked)
            {
                return UnpackError.BlockHeaderDamaged;
            }

            if (packed > (uint)(source.Length - at))
            {
                return UnpackError.Truncated;
            }

            Span<byte> room = destination.Slice(produced);
            bool isLimited = room.Length > BlockLength;
            UnpackError error = DecodeBlock(source.Slice(at, (int)packed), isLimited ? room.Slice(0, BlockLength) : room, out int count);
            if (error != UnpackError.None)
            {
                return error == UnpackError.DestinationTooSmall && isLimited ? UnpackError.DataDamaged : error;
            }

            at += (int)packed;
            produced += count;
        }

        outcome.Consumed = at;
        outcome.Produced = produced;
        return UnpackError.None;
    }

    /// <summary>One block: sequences of literals and a match, the last one without a match.</summary>
    internal static UnpackError DecodeBlock(ReadOnlySpan<byte> source, Span<byte> destination, out int produced)
    {
        unchecked
        {
            int at = 0;
            int position = 0;
            produced = 0;
            while ((uint)at < (uint)source.Length)
            {
                uint token = source[at];
                at++;
                uint literals = token >> 4;
                if (literals == 15 && !TryLonger(source, ref at, ref literals))
                {
                    return UnpackError.Truncated;
                }

                if (literals > (uint)(source.Length - at))
                {
                    return UnpackError.Truncated;
                }

                if (literals > (uint)(destination.Length - position))
                {
                    return UnpackError.DestinationTooSmall;
                }

                source.Slice(at, (int)literals).CopyTo(destination.Slice(position));
                at += (int)literals;
                position += (int)literals;
                if (at == source.Length)
                {
                    produced = position;
                    return UnpackError.None;
                }

                if (source.Length - at < 2)
                {
                    return UnpackError.Truncated;
                }

                int distance = BinaryPrimitives.ReadUInt16LittleEndian(source.Slice(at));
                at += 2;
                uint length = token & 15;
                if (length == 15 && !TryLonger(source, ref at, ref length))
                {
                    return UnpackError.Truncated;
                }

                length += ShortestMatch;
                if (distance == 0 || distance > position)
                {
                    return UnpackError.DataDamaged;
                }

                if (length > (uint)(destination.Length - position))
                {
                    return UnpackError.DestinationTooSmall;
                }

                DictionaryCopy.Repeat(destination, position, distance, (int)length);
                position += (int)length;
            }

            // The last sequence has literals only, so the block may not end behind a match.
            return UnpackError.Truncated;
        }
    }

    // Bytes of 255 go on, any other one ends the number. The source's length keeps the sum far below 2^32.
    private static bool TryLonger(ReadOnlySpan<byte> source, ref int at, ref uint length)
    {
        unchecked
        {
            while ((uint)at < (uint)source.Length)
            {
                byte more = source[at];
                at++;
                length += more;
                if (more != 255)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
