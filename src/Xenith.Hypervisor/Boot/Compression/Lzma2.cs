// LZMA2: a sequence of chunks, each either stored or LZMA with its two sizes in front, so that neither side ever has to guess where
// a chunk ends. A control byte says what the chunk forgets: nothing, the state, state and properties, or the dictionary too.
// Format: the .xz file format 1.2.1, section 5.3.1, and the LZMA2 notes of the LZMA SDK.

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

internal static class Lzma2
{
    private const byte EndOfData = 0x00;
    private const byte StoredNewDictionary = 0x01;
    private const byte Stored = 0x02;
    private const byte Lzma = 0x80;
    private const byte LzmaNewState = 0xa0;
    private const byte LzmaNewProperties = 0xc0;
    private const byte LzmaNewDictionary = 0xe0;

    /// <summary>Decodes chunks up to and including the end mark.</summary>
    /// <param name="source">Begins with the first chunk and may be longer than the data.</param>
    /// <param name="destination">Receives the data from its first byte on.</param>
    /// <param name="model">At least <see cref="LzmaModel.Length"/> elements.</param>
    /// <param name="consumed">Bytes of the source that belong to the data.</param>
    /// <param name="produced">Bytes written.</param>
    internal static UnpackError Decode(
        ReadOnlySpan<byte> source, Span<byte> destination, Span<ushort> model, out int consumed, out int produced)
    {
        consumed = 0;
        produced = 0;
        LzmaDecoder decoder = default;
        int dictionaryStart = 0;
        bool dictionaryNeeded = true;
        bool propertiesNeeded = true;
        int at = 0;
        while (true)
        {
            if (at >= source.Length)
            {
                return UnpackError.Truncated;
            }

            byte control = source[at];
            at++;
            if (control == EndOfData)
            {
                consumed = at;
                produced = dictionaryStart + decoder.Position;
                return UnpackError.None;
            }

            if (control is > Stored and < Lzma)
            {
                return UnpackError.DataDamaged;
            }

            if (control is StoredNewDictionary or >= LzmaNewDictionary)
            {
                dictionaryStart += decoder.Position;
                decoder = new LzmaDecoder(model, destination.Slice(dictionaryStart));
                dictionaryNeeded = false;
                propertiesNeeded = true;
            }
            else if (dictionaryNeeded)
            {
                return UnpackError.DataDamaged;
            }

            bool isLzma = control >= Lzma;
            bool hasProperties = control >= LzmaNewProperties;
            int headerLength = hasProperties ? 5 : isLzma ? 4 : 2;
            if (source.Length - at < headerLength)
            {
                return UnpackError.Truncated;
            }

            ReadOnlySpan<byte> header = source.Slice(at, headerLength);
            at += headerLength;
            int count = BinaryPrimitives.ReadUInt16BigEndian(header) + 1;
            int packed = count;
            if (isLzma)
            {
                count += (control & 0x1f) << 16;
                packed = BinaryPrimitives.ReadUInt16BigEndian(header.Slice(2)) + 1;
            }

            if (hasProperties)
            {
                if (!decoder.TrySetProperties(header[4]))
                {
                    return UnpackError.DataDamaged;
                }

                propertiesNeeded = false;
            }
            else if (isLzma && propertiesNeeded)
            {
                return UnpackError.DataDamaged;
            }

            if (control >= LzmaNewState)
            {
                decoder.ResetState();
            }

            if (source.Length - at < packed)
            {
                return UnpackError.Truncated;
            }

            if (decoder.Room < count)
            {
                return UnpackError.DestinationTooSmall;
            }

            ReadOnlySpan<byte> chunk = source.Slice(at, packed);
            at += packed;
            if (!isLzma)
            {
                decoder.Append(chunk);
            }
            else if (!decoder.TryDecode(chunk, count))
            {
                return UnpackError.DataDamaged;
            }
        }
    }
}
