using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>Keys m, H and u: free memory by zone and node. Zone n holds the frames whose number has n significant bits, as in Xen.</summary>
internal static class MemoryDump
{
    private const int Zones = 41;
    private const int PageBits = 12;

    internal static void Print(Host host)
    {
        PageAllocator allocator = host.Memory.Allocator;
        ConsoleLog log = host.Log;
        log.Always($"Physical memory information:");
        log.Always($"    Xen heap: 0kB free");
        for (int zone = 0; zone < Zones; zone++)
        {
            ulong free = 0;
            for (int node = 0; node < allocator.Nodes; node++)
                free += FreeIn(allocator, node, zone);
            if (free != 0)
                log.Always($"    heap[{(ulong)zone:d2}]: {free * 4}kB free");
        }
        log.Always($"    Dom heap: {allocator.FreeFrames * 4}kB free");
        log.Always($"    {allocator.DirtyFrames * 4}kB of it to be scrubbed, {allocator.ClaimedFrames * 4}kB claimed");
        PrintStates(host);
    }

    /// <summary>What all frames are: one look at each, so the sums are of a moment that takes a while. Shared is what a domain and the hypervisor both use, loaned what one domain has granted to another that uses it.</summary>
    private static void PrintStates(Host host)
    {
        ulong allocated = 0, tables = 0, descriptors = 0, shared = 0, loaned = 0;
        for (ulong frame = 0; frame < host.Memory.Frames.Count; frame++)
        {
            switch (host.Memory.Types.StateOf(new Mfn(frame)))
            {
                case FrameState.Allocated:
                    allocated++;
                    break;
                case FrameState.PageTable:
                    tables++;
                    break;
                case FrameState.SegmentDescriptors:
                    descriptors++;
                    break;
                case FrameState.Shared:
                    shared++;
                    break;
                case FrameState.Loaned:
                    loaned++;
                    break;
            }
        }
        host.Log.Always($"    Pages: {allocated} allocated, {tables} page tables, {descriptors} of descriptors, {shared} shared, {loaned} loaned");
    }

    internal static void PrintHeap(Host host)
    {
        PageAllocator allocator = host.Memory.Allocator;
        host.Log.Always($"'H' pressed -> dumping heap info (now = {host.Time.Now})");
        for (int node = 0; node < allocator.Nodes; node++)
        {
            for (int zone = 0; zone < Zones; zone++)
                host.Log.Always($"heap[node={node}][zone={zone}] -> {FreeIn(allocator, node, zone)} pages");
        }
        host.Log.Always($"{allocator.DirtyFrames} unscrubbed pages");
    }

    private static ulong FreeIn(PageAllocator allocator, int node, int zone)
    {
        ulong upTo = allocator.FreeFramesOf(node, zone + PageBits);
        return zone == 0 ? upTo : upTo - allocator.FreeFramesOf(node, zone + PageBits - 1);
    }
}
