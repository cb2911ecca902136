// Counting and finding bits. The native compiler replaces the counts of zeros by BSF and BSR; the bodies are right in themselves and
// are what runs where it does not (PopCount: the base architecture has no POPCNT).

using System.Runtime.CompilerServices;

namespace System.Numerics;

public static class BitOperations
{
    /// <summary>64 for zero.</summary>
    [Intrinsic]
    public static int LeadingZeroCount(ulong value)
    {
        int count = 64;
        while (value != 0)
        {
            value >>= 1;
            count--;
        }

        return count;
    }

    /// <summary>32 for zero.</summary>
    [Intrinsic]
    public static int LeadingZeroCount(uint value) => LeadingZeroCount((ulong)value) - 32;

    /// <summary>64 for zero.</summary>
    [Intrinsic]
    public static int TrailingZeroCount(ulong value) => value == 0 ? 64 : PopCount((value & (0 - value)) - 1);

    /// <inheritdoc cref="TrailingZeroCount(ulong)"/>
    [Intrinsic]
    public static int TrailingZeroCount(long value) => TrailingZeroCount((ulong)value);

    /// <summary>32 for zero.</summary>
    [Intrinsic]
    public static int TrailingZeroCount(uint value) => value == 0 ? 32 : PopCount((value & (0 - value)) - 1);

    /// <inheritdoc cref="TrailingZeroCount(uint)"/>
    [Intrinsic]
    public static int TrailingZeroCount(int value) => TrailingZeroCount((uint)value);

    /// <summary>How many bits are set: sums in fields of 2, 4 and 8 bits, then over all bytes by a multiplication.</summary>
    public static int PopCount(ulong value)
    {
        value -= (value >> 1) & 0x5555_5555_5555_5555;
        value = (value & 0x3333_3333_3333_3333) + ((value >> 2) & 0x3333_3333_3333_3333);
        value = (value + (value >> 4)) & 0x0f0f_0f0f_0f0f_0f0f;
        return (int)((value * 0x0101_0101_0101_0101) >> 56);
    }

    public static int PopCount(uint value) => PopCount((ulong)value);

    /// <summary>The index of the highest set bit; 0 for zero.</summary>
    public static int Log2(ulong value) => 63 - LeadingZeroCount(value | 1);

    /// <inheritdoc cref="Log2(ulong)"/>
    public static int Log2(uint value) => 31 - LeadingZeroCount(value | 1);

    public static bool IsPow2(ulong value) => (value & (value - 1)) == 0 && value != 0;

    public static bool IsPow2(uint value) => (value & (value - 1)) == 0 && value != 0;

    public static bool IsPow2(int value) => value > 0 && (value & (value - 1)) == 0;

    /// <summary>The next power of two, the value itself if it is one; 0 when there is none.</summary>
    public static ulong RoundUpToPowerOf2(ulong value) =>
        value <= 1 ? value : LeadingZeroCount(value - 1) is var zeros and > 0 ? 1UL << (64 - zeros) : 0;

    /// <inheritdoc cref="RoundUpToPowerOf2(ulong)"/>
    public static uint RoundUpToPowerOf2(uint value) => (uint)RoundUpToPowerOf2((ulong)value);

    [Intrinsic]
    public static ulong RotateLeft(ulong value, int offset) => (value << offset) | (value >> (64 - offset));

    [Intrinsic]
    public static uint RotateLeft(uint value, int offset) => (value << offset) | (value >> (32 - offset));

    [Intrinsic]
    public static ulong RotateRight(ulong value, int offset) => (value >> offset) | (value << (64 - offset));

    [Intrinsic]
    public static uint RotateRight(uint value, int offset) => (value >> offset) | (value << (32 - offset));
}
