// The .lzma file, older than .xz: the properties of LZMA, the dictionary's size, the data's size or all ones, then one LZMA stream. It has
// no checksum; only damage that breaks the coder is noticed.
//
// Format: "LZMA specification", Igor Pavlov (public domain), and "The .lzma File Format", Tukaani project (public domain).

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>Decoder of .lzma files.</summary>
public static class LzmaFile
{
    private const int HeaderLength = 13;
    private const ulong Unknown = ulong.MaxValue;

    /// <summary>Unpacks a file that fills <paramref name="destination"/>; where it does not say its length, that is taken for it.</summary>
    /// <param name="source">The file and nothing else.</param>
    /// <param name="destination">Where the data go. After an error its contents mean nothing.</param>
    /// <param name="scratch">Working memory.</param>
    /// <param name="outcome">Sizes; valid on success.</param>
    public static UnpackError Decode(ReadOnlySpan<byte> source, Span<byte> destination, UnpackScratch scratch, out UnpackOutcome outcome)
    {
        outcome = default;
        if (!scratch.IsLargeEnough)
        {
            return UnpackError.ScratchTooSmall;
        }

        if (source.Length < HeaderLength)
        {
            return UnpackError.Truncated;
        }

        LzmaDecoder decoder = new(scratch.Model, destination);
        if (!decoder.TrySetProperties(source[0]))
        {
            return UnpackError.UnsupportedOption;
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(source.Slice(5));
        if (length != Unknown && length > unchecked((uint)destination.Length))
        {
            return UnpackError.DestinationTooSmall;
        }

        decoder.ResetState();
        int count = length == Unknown ? destination.Length : unchecked((int)length);
        if (!decoder.TryDecodeStream(source.Slice(HeaderLength), count, length == Unknown))
        {
            return UnpackError.DataDamaged;
        }

        outcome.Consumed = source.Length;
        outcome.Produced = count;
        return UnpackError.None;
    }
}
