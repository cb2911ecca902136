// Bulk memory operations, by name what the native compiler calls for large structs, and the two assembly loops behind them
// (src/Xenith.Machine/native/runtime.S).

using System.Runtime;
using System.Runtime.CompilerServices;

namespace System;

internal static unsafe class SpanHelpers
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static nuint ByteCount<T>(int length) => (nuint)(uint)length * (nuint)Unsafe.SizeOf<T>();

    internal static void Move(ref byte destination, ref byte source, nuint bytes) =>
        memmove(Unsafe.AsPointer(ref destination), Unsafe.AsPointer(ref source), bytes);

    internal static void Clear(ref byte start, nuint bytes) => memset(Unsafe.AsPointer(ref start), 0, bytes);

    [RuntimeExport("RhSpanHelpers_MemCopy")]
    internal static void Memmove(ref byte destination, ref byte source, nuint bytes) => Move(ref destination, ref source, bytes);

    [RuntimeExport("RhSpanHelpers_MemZero")]
    internal static void ClearWithoutReferences(ref byte start, nuint bytes) => Clear(ref start, bytes);

    [RuntimeExport("RhSpanHelpers_MemSet")]
    internal static void Fill(ref byte start, byte value, nuint bytes) => memset(Unsafe.AsPointer(ref start), value, bytes);

    [RuntimeImport("*", "memmove")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void memmove(void* destination, void* source, nuint bytes);

    [RuntimeImport("*", "memset")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void memset(void* start, int value, nuint bytes);
}

/// <summary>Called by the native compiler to copy structs that hold references; without a collector that is a plain copy.</summary>
internal static class Buffer
{
    internal static void BulkMoveWithWriteBarrier(ref byte destination, ref byte source, nuint bytes) =>
        SpanHelpers.Move(ref destination, ref source, bytes);

    internal static void Memmove(ref byte destination, ref byte source, nuint bytes) =>
        SpanHelpers.Move(ref destination, ref source, bytes);
}
