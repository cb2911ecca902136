using Internal.Runtime;

namespace Xenith.Machine;

/// <summary>
/// The one door to `new` after boot: while it is open, the objects that this CPU constructs lie in frames of the hypervisor. Frames that have been used so keep their
/// objects' types for ever: opened again, they take the same objects at the same places, or trap. The caller holds a lock: the door is open on one CPU at a time.
/// </summary>
public static unsafe class ObjectMemory
{
    /// <summary>Opens the door to frames that are zeroed, or have been opened before.</summary>
    public static void Open(Mfn first, ulong pages)
    {
        byte* start = DirectMap.At(first);
        _ = DirectMap.At(first.Plus(pages - 1));
        ObjectArena.Open(start, pages * AddressSpace.PageSize);
    }

    /// <summary>Shuts the door. Returns how many of the frames hold objects; the others can be given back.</summary>
    public static ulong Close() => (ObjectArena.Close() + AddressSpace.PageSize - 1) / AddressSpace.PageSize;

    /// <summary>
    /// Makes an array shorter that has just been constructed: its place stays as large as it was. So objects that differ in the length of an array fit into each other's
    /// places. Traps if it would get longer. Hosted, the array is a new one.
    /// </summary>
    public static T[] Shorten<T>(T[] array, uint length)
    {
        if (length > (uint)array.Length)
            Longer();
        // Behind the pointer to its type an array has its length (Internal.Runtime.BootHeap.NewArray).
        *(uint*)(*(byte**)&array + 8) = length;
        return array;
    }

    private static void Longer() => throw null!;
}
