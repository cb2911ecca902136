// Copying a match: bytes that were written a little earlier are written again. Source and target may overlap, and then the overlap
// repeats, which is how LZMA codes runs.

using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Xenith.Hypervisor.Boot;

internal static class DictionaryCopy
{
    private const int Word = 8;

    // Longer copies, if source and target are apart, are worth a call of the block copy.
    private const int BlockCopy = 64;

    /// <summary>
    /// Writes <paramref name="length"/> bytes at <paramref name="position"/>, each equal to the one <paramref name="distance"/> before
    /// it. The caller has checked that 1 &lt;= distance &lt;= position and that the bytes fit. Up to seven bytes behind them, inside
    /// <paramref name="output"/>, are overwritten with no meaning.
    /// </summary>
    internal static void Repeat(Span<byte> output, int position, int distance, int length)
    {
        unchecked
        {
            int source = position - distance;
            int end = position + length;
            if (distance >= Word)
            {
                if (distance >= length && length >= BlockCopy)
                {
                    output.Slice(source, length).CopyTo(output.Slice(position));
                    return;
                }
            }
            else if (distance == 1)
            {
                output.Slice(position, length).Fill(output[source]);
                return;
            }
            else
            {
                // Write the pattern out until whole repetitions of it are longer than a word.
                int apart = distance;
                while (apart < Word)
                {
                    apart += distance;
                }

                while (position - source < apart && position < end)
                {
                    output[position] = output[position - distance];
                    position++;
                }
            }

            while (position < end && position <= output.Length - Word)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(
                    output.Slice(position), BinaryPrimitives.ReadUInt64LittleEndian(output.Slice(source)));
                position += Word;
                source += Word;
            }

            while (position < end)
            {
                output[position] = output[source];
                position++;
                source++;
            }
        }
    }
}
