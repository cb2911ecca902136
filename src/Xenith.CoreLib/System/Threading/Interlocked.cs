// Atomic operations with a full barrier. A call of the method inside itself is how the native compiler's intrinsic is reached;
// unsigned types go through the signed ones.

using System.Runtime.CompilerServices;

namespace System.Threading;

public static class Interlocked
{
    [Intrinsic]
    public static byte CompareExchange(ref byte location, byte value, byte comparand) => CompareExchange(ref location, value, comparand);

    [Intrinsic]
    public static ushort CompareExchange(ref ushort location, ushort value, ushort comparand) => CompareExchange(ref location, value, comparand);

    [Intrinsic]
    public static byte Exchange(ref byte location, byte value) => Exchange(ref location, value);

    [Intrinsic]
    public static ushort Exchange(ref ushort location, ushort value) => Exchange(ref location, value);

    [Intrinsic]
    public static int CompareExchange(ref int location, int value, int comparand) => CompareExchange(ref location, value, comparand);

    [Intrinsic]
    public static int Exchange(ref int location, int value) => Exchange(ref location, value);

    /// <summary>Returns the value before the addition.</summary>
    [Intrinsic]
    internal static int ExchangeAdd(ref int location, int value) => ExchangeAdd(ref location, value);

    /// <summary>Returns the value before the operation.</summary>
    [Intrinsic]
    public static int And(ref int location, int value) => And(ref location, value);

    /// <summary>Returns the value before the operation.</summary>
    [Intrinsic]
    public static int Or(ref int location, int value) => Or(ref location, value);

    /// <summary>Returns the sum. Wraps.</summary>
    public static int Add(ref int location, int value) => ExchangeAdd(ref location, value) + value;

    public static int Increment(ref int location) => Add(ref location, 1);

    public static int Decrement(ref int location) => Add(ref location, -1);

    public static int Read(ref readonly int location) => Volatile.Read(in location);

    [Intrinsic]
    public static long CompareExchange(ref long location, long value, long comparand) => CompareExchange(ref location, value, comparand);

    [Intrinsic]
    public static long Exchange(ref long location, long value) => Exchange(ref location, value);

    /// <summary>Returns the value before the addition.</summary>
    [Intrinsic]
    internal static long ExchangeAdd(ref long location, long value) => ExchangeAdd(ref location, value);

    /// <summary>Returns the value before the operation.</summary>
    [Intrinsic]
    public static long And(ref long location, long value) => And(ref location, value);

    /// <summary>Returns the value before the operation.</summary>
    [Intrinsic]
    public static long Or(ref long location, long value) => Or(ref location, value);

    /// <summary>Returns the sum. Wraps.</summary>
    public static long Add(ref long location, long value) => ExchangeAdd(ref location, value) + value;

    public static long Increment(ref long location) => Add(ref location, 1);

    public static long Decrement(ref long location) => Add(ref location, -1);

    public static long Read(ref readonly long location) => Volatile.Read(in location);

    public static uint CompareExchange(ref uint location, uint value, uint comparand) =>
        (uint)CompareExchange(ref Unsafe.As<uint, int>(ref location), (int)value, (int)comparand);

    public static uint Exchange(ref uint location, uint value) => (uint)Exchange(ref Unsafe.As<uint, int>(ref location), (int)value);

    public static uint And(ref uint location, uint value) => (uint)And(ref Unsafe.As<uint, int>(ref location), (int)value);

    public static uint Or(ref uint location, uint value) => (uint)Or(ref Unsafe.As<uint, int>(ref location), (int)value);

    public static uint Add(ref uint location, uint value) => (uint)Add(ref Unsafe.As<uint, int>(ref location), (int)value);

    public static uint Increment(ref uint location) => (uint)Increment(ref Unsafe.As<uint, int>(ref location));

    public static uint Decrement(ref uint location) => (uint)Decrement(ref Unsafe.As<uint, int>(ref location));

    public static uint Read(ref readonly uint location) => Volatile.Read(in location);

    public static ulong CompareExchange(ref ulong location, ulong value, ulong comparand) =>
        (ulong)CompareExchange(ref Unsafe.As<ulong, long>(ref location), (long)value, (long)comparand);

    public static ulong Exchange(ref ulong location, ulong value) => (ulong)Exchange(ref Unsafe.As<ulong, long>(ref location), (long)value);

    public static ulong And(ref ulong location, ulong value) => (ulong)And(ref Unsafe.As<ulong, long>(ref location), (long)value);

    public static ulong Or(ref ulong location, ulong value) => (ulong)Or(ref Unsafe.As<ulong, long>(ref location), (long)value);

    public static ulong Add(ref ulong location, ulong value) => (ulong)Add(ref Unsafe.As<ulong, long>(ref location), (long)value);

    public static ulong Increment(ref ulong location) => (ulong)Increment(ref Unsafe.As<ulong, long>(ref location));

    public static ulong Decrement(ref ulong location) => (ulong)Decrement(ref Unsafe.As<ulong, long>(ref location));

    public static ulong Read(ref readonly ulong location) => Volatile.Read(in location);

    public static nuint CompareExchange(ref nuint location, nuint value, nuint comparand) =>
        (nuint)CompareExchange(ref Unsafe.As<nuint, long>(ref location), (long)value, (long)comparand);

    public static nuint Exchange(ref nuint location, nuint value) => (nuint)Exchange(ref Unsafe.As<nuint, long>(ref location), (long)value);

    public static nuint And(ref nuint location, nuint value) => (nuint)And(ref Unsafe.As<nuint, long>(ref location), (long)value);

    public static nuint Or(ref nuint location, nuint value) => (nuint)Or(ref Unsafe.As<nuint, long>(ref location), (long)value);

    public static nuint Add(ref nuint location, nuint value) => (nuint)Add(ref Unsafe.As<nuint, long>(ref location), (long)value);

    public static nuint Increment(ref nuint location) => (nuint)Increment(ref Unsafe.As<nuint, long>(ref location));

    public static nuint Decrement(ref nuint location) => (nuint)Decrement(ref Unsafe.As<nuint, long>(ref location));


    [Intrinsic]
    public static void MemoryBarrier() => MemoryBarrier();
}
