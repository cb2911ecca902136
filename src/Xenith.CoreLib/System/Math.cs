// Arithmetic on integers beyond the operators.

using System.Runtime.CompilerServices;

namespace System;

public static class Math
{
    public static byte Min(byte a, byte b) => a < b ? a : b;

    public static byte Max(byte a, byte b) => a > b ? a : b;

    public static ushort Min(ushort a, ushort b) => a < b ? a : b;

    public static ushort Max(ushort a, ushort b) => a > b ? a : b;

    public static int Min(int a, int b) => a < b ? a : b;

    public static int Max(int a, int b) => a > b ? a : b;

    public static uint Min(uint a, uint b) => a < b ? a : b;

    public static uint Max(uint a, uint b) => a > b ? a : b;

    public static long Min(long a, long b) => a < b ? a : b;

    public static long Max(long a, long b) => a > b ? a : b;

    public static ulong Min(ulong a, ulong b) => a < b ? a : b;

    public static ulong Max(ulong a, ulong b) => a > b ? a : b;

    public static nint Min(nint a, nint b) => a < b ? a : b;

    public static nint Max(nint a, nint b) => a > b ? a : b;

    public static nuint Min(nuint a, nuint b) => a < b ? a : b;

    public static nuint Max(nuint a, nuint b) => a > b ? a : b;

    public static int Clamp(int value, int min, int max) => value < min ? min : value > max ? max : value;

    public static uint Clamp(uint value, uint min, uint max) => value < min ? min : value > max ? max : value;

    public static long Clamp(long value, long min, long max) => value < min ? min : value > max ? max : value;

    public static ulong Clamp(ulong value, ulong min, ulong max) => value < min ? min : value > max ? max : value;

    /// <summary>Traps for the value that has no positive counterpart.</summary>
    public static int Abs(int value) => value < 0 ? checked(-value) : value;

    /// <inheritdoc cref="Abs(int)"/>
    public static long Abs(long value) => value < 0 ? checked(-value) : value;

    public static ulong BigMul(uint a, uint b) => (ulong)a * b;

    /// <summary>The 128-bit product: the high half is the result.</summary>
    public static ulong BigMul(ulong a, ulong b, out ulong low)
    {
        // Four 32-bit products; 'middle' cannot overflow (2^32-1 squared plus twice 2^32-1 is 2^64-1).
        ulong a0 = (uint)a, a1 = a >> 32, b0 = (uint)b, b1 = b >> 32;
        ulong bottom = a0 * b0;
        ulong middle = (a1 * b0) + (bottom >> 32);
        ulong other = (a0 * b1) + (uint)middle;
        low = (other << 32) | (uint)bottom;
        return (a1 * b1) + (middle >> 32) + (other >> 32);
    }

    public static (int Quotient, int Remainder) DivRem(int left, int right)
    {
        int quotient = left / right;
        return (quotient, left - (quotient * right));
    }

    public static (uint Quotient, uint Remainder) DivRem(uint left, uint right)
    {
        uint quotient = left / right;
        return (quotient, left - (quotient * right));
    }

    public static (ulong Quotient, ulong Remainder) DivRem(ulong left, ulong right)
    {
        ulong quotient = left / right;
        return (quotient, left - (quotient * right));
    }

    // The native compiler wants to find these by name even where only integers are converted.
    private static int ConvertToInt32Checked(double value) => throw null!;

    private static uint ConvertToUInt32Checked(double value) => throw null!;

    private static long ConvertToInt64Checked(double value) => throw null!;

    private static ulong ConvertToUInt64Checked(double value) => throw null!;
}
