// Finite-state entropy coding, zstd's form of asymmetric numeral systems: a state names a symbol, and how many bits to read to come to the
// next state (RFC 8878, 4.1.1).

using System;
using System.Numerics;

namespace Xenith.Hypervisor.Boot;

/// <summary>A decoding table in borrowed memory: two elements for each state.</summary>
internal readonly ref struct FseTable(Span<ushort> memory, int log)
{
    /// <summary>The most symbols that any table of zstd has.</summary>
    internal const int MostSymbols = 64;

    private const int BitsShift = 8;

    private readonly Span<ushort> _memory = memory;

    /// <summary>Bits of a state.</summary>
    internal int Log { get; } = log;

    /// <summary>The symbol of a state.</summary>
    internal byte Symbol(uint state) => unchecked((byte)_memory[(int)((state << 1) + 1)]);

    /// <summary>The state after this one; takes its bits, of which there are at most nine.</summary>
    internal uint Next(uint state, ref BackwardBits bits) =>
        unchecked(_memory[(int)(state << 1)] + bits.Take(_memory[(int)((state << 1) + 1)] >> BitsShift));

    /// <summary>A table of one symbol that takes no bits.</summary>
    internal static void FillSingle(Span<ushort> memory, byte symbol)
    {
        memory[0] = 0;
        memory[1] = symbol;
    }

    /// <summary>Reads the probabilities of symbols: -1 is "less than one". False if they are damaged.</summary>
    /// <param name="source">The description; more may follow.</param>
    /// <param name="counts">To be filled in; its length is the number of symbols that may occur.</param>
    /// <param name="mostLog">The largest table allowed.</param>
    /// <param name="log">Bits of a state.</param>
    /// <param name="consumed">Bytes of the description.</param>
    internal static bool TryRead(ReadOnlySpan<byte> source, Span<short> counts, int mostLog, out int log, out int consumed)
    {
        unchecked
        {
            counts.Clear();
            ForwardBits bits = new(source);
            log = (int)bits.Take(4) + 5;
            consumed = 0;
            if (log > mostLog)
            {
                return false;
            }

            int remaining = (1 << log) + 1;
            int threshold = 1 << log;
            int width = log + 1;
            int symbol = 0;
            while (remaining > 1 && symbol < counts.Length)
            {
                // Values below this need one bit less.
                int small = (2 * threshold) - 1 - remaining;
                bits.Fill();
                int value = (int)(bits.Bits & (uint)(threshold - 1));
                if (value < small)
                {
                    bits.Drop(width - 1);
                }
                else
                {
                    value = (int)(bits.Bits & (uint)((2 * threshold) - 1));
                    value -= value >= threshold ? small : 0;
                    bits.Drop(width);
                }

                value--;
                remaining -= value < 0 ? 1 : value;
                counts[symbol] = (short)value;
                symbol++;
                if (value == 0)
                {
                    uint zeros;
                    do
                    {
                        zeros = bits.Take(2);
                        symbol += (int)zeros;
                    }
                    while (zeros == 3 && symbol < counts.Length);
                }

                while (remaining < threshold && threshold > 1)
                {
                    width--;
                    threshold >>= 1;
                }
            }

            consumed = bits.Position;
            return remaining == 1 && symbol <= counts.Length && !bits.IsOverrun;
        }
    }

    /// <summary>Builds the table: symbols are spread over the states by a fixed step, rare ones from the end. False if the counts do not fill it.</summary>
    internal static bool TryBuild(Span<ushort> memory, ReadOnlySpan<short> counts, int log)
    {
        unchecked
        {
            int size = 1 << log;
            Span<ushort> next = stackalloc ushort[MostSymbols];
            int high = size - 1;
            int sum = 0;
            for (int symbol = 0; symbol < counts.Length; symbol++)
            {
                int count = counts[symbol];
                next[symbol] = (ushort)(count < 0 ? 1 : count);
                sum += count < 0 ? 1 : count;
                if (sum > size)
                {
                    return false;
                }

                if (count < 0)
                {
                    memory[(high << 1) + 1] = (ushort)symbol;
                    high--;
                }
            }

            if (sum != size)
            {
                return false;
            }

            int step = (size >> 1) + (size >> 3) + 3;
            int mask = size - 1;
            int position = 0;
            for (int symbol = 0; symbol < counts.Length; symbol++)
            {
                for (int i = 0; i < counts[symbol]; i++)
                {
                    memory[(position << 1) + 1] = (ushort)symbol;
                    do
                    {
                        position = (position + step) & mask;
                    }
                    while (position > high);
                }
            }

            for (int state = 0; state < size; state++)
            {
                int symbol = memory[(state << 1) + 1];
                int number = next[symbol];
                next[symbol]++;
                int bits = log - BitOperations.Log2((uint)number);
                memory[state << 1] = (ushort)((number << bits) - size);
                memory[(state << 1) + 1] = (ushort)(symbol | (bits << BitsShift));
            }

            return true;
        }
    }
}
