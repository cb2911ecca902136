using System;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>From a list of free ranges to a working page allocator: direct map, frame table, machine-to-physical table.</summary>
internal static class MemorySetup
{
    private const ulong LargePage = 2UL << 20;

    /// <summary>Makes the memory subsystem out of free RAM whose highest address is <paramref name="top"/>. Null if there is too little.</summary>
    internal static MachineMemory? Create(ConsoleLog log, EarlyMemory early, ulong top, NumaTopology topology)
    {
        ulong frames = top / AddressSpace.PageSize;
        if (!HypervisorAddressSpace.ExtendDirectMap(early, top) || !HypervisorAddressSpace.SplitImageAlias(early))
            return null;

        ulong tableBytes = FrameTable.BytesFor(frames);
        ulong m2pBytes = (frames * 8 + LargePage - 1) & ~(LargePage - 1);
        if (!early.TryTake(tableBytes, AddressSpace.PageSize, ulong.MaxValue, out ulong tableAddress)
            || !early.TryTake(m2pBytes, LargePage, ulong.MaxValue, out ulong m2pAddress)
            || !HypervisorAddressSpace.MapM2P(early, m2pAddress, m2pBytes))
            return null;

        Table<ulong> m2p = Table<ulong>.Over(m2pAddress, m2pBytes / 8);
        for (ulong i = 0; i < m2p.Count; i++)
            m2p[i] = ulong.MaxValue;
        FrameTable table = FrameTable.Create(tableAddress, frames);
        PageAllocator allocator = new(table, topology);
        for (int i = 0; i < early.Count; i++)
            allocator.AddRange(early.Start(i) / AddressSpace.PageSize, (early.End(i) - early.Start(i)) / AddressSpace.PageSize);
        log.Info($"Domain heap initialised: {early.FreeBytes >> 20}MB free; frame table {tableBytes >> 10}kB, M2P {m2pBytes >> 10}kB");
        MachineMemory memory = new(table, m2p, allocator);
        memory.M2P.FirstFrame = Mfn.FromAddress(m2pAddress);
        // Toolstacks map the table's frames, which machphys_mfn_list names, as those of DOMID_XEN.
        for (ulong i = 0; i < m2pBytes / AddressSpace.PageSize; i++)
            memory.Types.ShareReadOnly(memory.M2P.FirstFrame.Plus(i));
        memory.Devices.AddressBits = PhysicalAddressBits();
        return memory;
    }

    /// <summary>Bits of a machine address (CPUID leaf 0x80000008): a page-table entry with a higher one would fault when it is used.</summary>
    internal static int PhysicalAddressBits()
    {
        const uint leaf = 0x8000_0008;
        if (Cpu.Cpuid(0x8000_0000).Eax < leaf)
            return 36;
        return (int)Math.Min(Cpu.Cpuid(leaf).Eax & 0xff, 52);
    }
}
