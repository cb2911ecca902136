// Where 'new' comes from. Objects are made while the machine boots, by one CPU, from a fixed area that the linker script reserves
// (zeroed by the boot loader), and live for ever. Then the heap is sealed, and a 'new' that is reached after all traps, unless it is
// part of what a pool constructs (ObjectArena).

using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;
using Internal.Runtime.CompilerHelpers;

namespace Internal.Runtime;

[Experimental("XEN001")]
public static unsafe class BootHeap
{
    private static ulong s_used;
    private static bool s_sealed;

    /// <summary>Bytes handed out.</summary>
    public static ulong Used => s_used;

    /// <summary>From here on every allocation traps.</summary>
    public static void Seal() => s_sealed = true;

    [RuntimeExport("RhpNewFast")]
    internal static object NewObject(MethodTable* type)
    {
        byte* memory = Allocate(type, type->BaseSize);
        *(MethodTable**)memory = type;
        return *(object*)&memory;
    }

    [RuntimeExport("RhpNewArrayFast")]
    internal static object NewArray(MethodTable* type, nint length)
    {
        if ((nuint)length > int.MaxValue)
        {
            ThrowHelpers.ThrowOverflowException();
        }

        byte* memory = Allocate(type, type->BaseSize + ((ulong)length * type->ComponentSize));
        *(MethodTable**)memory = type;
        *(uint*)(memory + 8) = (uint)length;
        return *(object*)&memory;
    }

    [RuntimeExport("RhpNewPtrArrayFast")]
    internal static object NewPointerArray(MethodTable* type, nint length) => NewArray(type, length);

    private static byte* Allocate(MethodTable* type, ulong bytes)
    {
        if (ObjectArena.IsOpen)
        {
            return ObjectArena.Take(type, bytes);
        }

        byte* start = Start;
        byte* end = End;
        bytes = (bytes + 7) & ~7UL;
        if (s_sealed || bytes > (ulong)(end - start) - s_used)
        {
            ThrowHelpers.ThrowOutOfMemoryException();
        }

        byte* memory = start + s_used;
        s_used += bytes;
        return memory;
    }

    // Not inlined: of two addresses of symbols in one method the native compiler takes differences and orders for known constants.
    private static byte* Start
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (byte*)(delegate*<void>)&HeapStart;
    }

    private static byte* End
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (byte*)(delegate*<void>)&HeapEnd;
    }

    [RuntimeImport("*", "__heap_start")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void HeapStart();

    [RuntimeImport("*", "__heap_end")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void HeapEnd();
}
