// Copying a match: bytes that were written a little earlier are written again. Source and target may overlap, and then the overlap
// repeats, which is how LZMA codes runs. Most matches are shorter than sixteen bytes; most bytes belong to long ones.

using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Xenith.Hypervisor.Boot;

internal static class DictionaryCopy
{
    private const int Word = 8;
    private const int Short = 2 * Word;

    /// <summary>
    /// Writes <paramref name="length"/> bytes at <paramref name="position"/>, each equal to the one <paramref name="distance"/> before
    /// it. The caller has checked that 1 &lt;= distance &lt;= position and that the bytes fit. Up to fourteen bytes behind them, inside
    /// <paramref name="output"/>, may be overwritten with no meaning.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Repeat(Span<byte> output, int position, int distance, int length)
    {
        unchecked
        {
            if (distance >= Word && length <= Short && position <= output.Length - Short)
            {
                // A word's source may not reach into its own target, but into that of the word before.
                Span<byte> source = output.Slice(position - distance, Short);
                Span<byte> target = output.Slice(position, Short);
                BinaryPrimitives.WriteUInt64LittleEndian(target, BinaryPrimitives.ReadUInt64LittleEndian(source));
                BinaryPrimitives.WriteUInt64LittleEndian(target.Slice(Word), BinaryPrimitives.ReadUInt64LittleEndian(source.Slice(Word)));
            }
            else
            {
                RepeatAny(output, position, distance, length);
            }
        }
    }

    // Blocks of the distance's length do not overlap their source; after each, twice as much is there to be copied.
    private static void RepeatAny(Span<byte> output, int position, int distance, int length)
    {
        unchecked
        {
            int source = position - distance;
            while (length > distance)
            {
                output.Slice(source, distance).CopyTo(output.Slice(position));
                position += distance;
                length -= distance;
                distance *= 2;
            }

            output.Slice(source, length).CopyTo(output.Slice(position));
        }
    }
}
