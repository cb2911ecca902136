// Where 'new' takes memory from after boot, when somebody has opened the door: a block in which the same constructor runs again and again. The first run lays the
// objects out one behind the other; each later run must ask for the same types and sizes in the same order, and gets the same places. So a piece of memory
// that has once been an object of a type is one of that type for ever, and whoever follows a reference to an object that is no more finds another of its kind.
//
// In front of each object lie eight bytes that a runtime with a collector would use for its header; here they hold the size of the place, zero while the memory is fresh.

using System.Diagnostics.CodeAnalysis;
using Internal.Runtime.CompilerHelpers;

namespace Internal.Runtime;

[Experimental("XEN001")]
public static unsafe class ObjectArena
{
    // The stacks of a CPU lie in one block of this size, so any local variable says which CPU this is.
    private const ulong CpuBlockMask = ~0xffffUL;
    private const ulong HeaderSize = 8;

    private static ulong s_owner;
    private static byte* s_start;
    private static byte* s_next;
    private static byte* s_end;

    /// <summary>True on the CPU that has opened the arena: only its 'new' comes from there.</summary>
    public static bool IsOpen => s_owner == ThisCpu;

    private static ulong ThisCpu
    {
        get
        {
            ulong local;
            return (ulong)&local & CpuBlockMask;
        }
    }

    /// <summary>Objects come from this block until <see cref="Close"/>: zeroed memory, or what an arena has been before. One CPU at a time.</summary>
    public static void Open(byte* start, ulong bytes)
    {
        if (s_owner != 0)
        {
            ThrowHelpers.ThrowInvalidOperationException();
        }

        s_start = start;
        s_next = start;
        s_end = start + bytes;
        s_owner = ThisCpu;
    }

    /// <summary>No objects from here on. Returns how many bytes of the block are objects.</summary>
    public static ulong Close()
    {
        s_owner = 0;
        return (ulong)(s_next - s_start);
    }

    /// <summary>The place of an object whose size includes its header; zeroed behind the header and the type.</summary>
    internal static byte* Take(MethodTable* type, ulong bytes)
    {
        bytes = (bytes + 7) & ~7UL;
        byte* place = s_next;
        if (bytes > (ulong)(s_end - place))
        {
            ThrowHelpers.ThrowOutOfMemoryException();
        }

        ulong* header = (ulong*)place;
        MethodTable** found = (MethodTable**)(place + HeaderSize);
        if (*header == 0)
        {
            *header = bytes;
        }
        else
        {
            if (*header != bytes || *found != type)
            {
                ThrowHelpers.ThrowInvalidOperationException();
            }

            for (ulong* word = header + 2; word < header + (bytes / 8); word++)
            {
                *word = 0;
            }
        }

        s_next = place + bytes;
        return place + HeaderSize;
    }
}
