// The hypervisor's view of the simulated machine's memory: frame table, M2P and free frames, as MemorySetup makes them while booting.

using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Tests.Hypercalls;

/// <summary>Makes a <see cref="MachineMemory"/> over frames that <see cref="Machine.Scene"/> does not hand out.</summary>
internal static class HostMemory
{
    private const ulong FrameTableFrame = 0x1000, M2pFrame = 0x1100, FirstFree = 0x2000;

    public static MachineMemory Create(ulong memoryBytes)
    {
        ulong frames = memoryBytes / AddressSpace.PageSize;
        var table = FrameTable.Create(FrameTableFrame * AddressSpace.PageSize, frames);
        var m2p = Table<ulong>.Over(M2pFrame * AddressSpace.PageSize, frames);
        for (ulong i = 0; i < m2p.Count; i++)
            m2p[i] = ulong.MaxValue;
        var allocator = new PageAllocator(table, NumaTopology.OneNode(frames));
        allocator.AddRange(FirstFree, frames - FirstFree);
        return new MachineMemory(table, m2p, allocator);
    }
}
