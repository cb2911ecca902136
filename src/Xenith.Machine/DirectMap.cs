using System.Runtime.CompilerServices;

namespace Xenith.Machine;

/// <summary>
/// Turns machine addresses into pointers. Everything that is not a device lies in the direct map. Memory.cs and SharedArea.cs reach
/// memory only through here, so the hosted build compiles the same files over memory of its own.
/// </summary>
internal static unsafe class DirectMap
{
    /// <summary>End of the machine addresses that are mapped now; 4 GiB until the memory map has been read.</summary>
    internal static ulong End;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static byte* At(Mfn frame)
    {
        // Compared as a frame number: the address of a wild number would lose its upper bits.
        if (frame.Value >= End >> AddressSpace.PageShift)
            Outside();
        return Pointer(frame.Address);
    }

    /// <summary>The place of a machine address below <see cref="End"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static byte* Pointer(ulong address) => (byte*)(AddressSpace.DirectMap + address);

    private static void Outside() => throw null!;
}
