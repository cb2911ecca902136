// Objects of the hosted build are the collector's. The frames are only counted: one for each construction.

using System;
using Xenith.Machine.Simulation;

namespace Xenith.Machine;

/// <summary>The one door to `new` after boot: while it is open, the objects that this CPU constructs lie in frames of the hypervisor.</summary>
public static unsafe class ObjectMemory
{
    /// <summary>Opens the door to frames that are zeroed, or have been opened before.</summary>
    public static void Open(Mfn first, ulong pages)
    {
        _ = DirectMap.At(first);
        _ = DirectMap.At(first.Plus(pages - 1));
        SimulatedMachine machine = SimulatedCpu.Current.Machine;
        if (machine.IsObjectMemoryOpen)
            throw new InvalidOperationException("the door is open already");
        machine.IsObjectMemoryOpen = true;
    }

    /// <summary>Shuts the door. Returns how many of the frames hold objects; the others can be given back.</summary>
    public static ulong Close()
    {
        SimulatedCpu.Current.Machine.IsObjectMemoryOpen = false;
        return 1;
    }

    /// <summary>
    /// Makes an array shorter that has just been constructed: its place stays as large as it was. So objects that differ in the length of an array fit into each other's
    /// places. Traps if it would get longer. Hosted, the array is a new one.
    /// </summary>
    public static T[] Shorten<T>(T[] array, uint length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, (uint)array.Length);
        return array[..(int)length];
    }
}
