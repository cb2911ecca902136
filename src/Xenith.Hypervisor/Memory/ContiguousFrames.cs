using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>Runs of frames whose number is no power of two, for what must be contiguous.</summary>
internal static class ContiguousFrames
{
    /// <summary>Allocates the next power of two and gives the rest back. The frames hold whatever they held.</summary>
    internal static bool TryAllocate(PageAllocator allocator, ulong pages, out Mfn first) => TryAllocate(allocator, pages, AllocationFlags.Unscrubbed, out first);

    /// <summary>The same with frames full of zeros.</summary>
    internal static bool TryAllocateZeroed(PageAllocator allocator, ulong pages, out Mfn first) => TryAllocate(allocator, pages, AllocationFlags.Zeroed, out first);

    private static bool TryAllocate(PageAllocator allocator, ulong pages, AllocationFlags flags, out Mfn first)
    {
        int order = 0;
        while (1UL << order < pages)
            order++;
        if (!allocator.TryAllocate(order, flags, out first))
            return false;
        for (ulong i = pages; i < 1UL << order; i++)
            allocator.Free(first.Plus(i), 0);
        return true;
    }

    /// <summary>Gives frames back one by one.</summary>
    internal static void Free(PageAllocator allocator, Mfn first, ulong pages)
    {
        for (ulong i = 0; i < pages; i++)
            allocator.Free(first.Plus(i), 0);
    }
}
