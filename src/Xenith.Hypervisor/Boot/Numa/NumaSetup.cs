// From the firmware's affinity tables (SRAT, SLIT; ACPI 6.5, 5.2.16 and 5.2.17) or the command line to nodes. Tables that contradict
// themselves or the memory map are not used at all; the log says which line of them was wrong. Its words are those that people know from Xen.

using System;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

internal static class NumaSetup
{
    /// <summary>Finds the nodes of a machine.</summary>
    /// <param name="log">For what is found and what is wrong.</param>
    /// <param name="tables">The affinity tables; views of nothing where there are none.</param>
    /// <param name="options">The command line's wishes.</param>
    /// <param name="map">The firmware's memory map.</param>
    /// <param name="top">End of the memory that is used, an address.</param>
    internal static NumaTopology Create(ConsoleLog log, in NumaTables tables, in HypervisorOptions options, in MemoryMap map, ulong top)
    {
        ulong frames = top / AddressSpace.PageSize;
        if (options.Numa && options.FakeNodes == 0 && tables.HasSrat && !options.NumaWithoutAcpi)
        {
            NumaMap found = new();
            if (TryRead(log, new SratTable(tables.Srat), found) && Check(log, found, map, top))
            {
                NumaTopology topology = found.ToTopology(frames);
                log.Info($"NUMA: Using {topology.ChunkShift} for the hash shift.");
                ReadDistances(log, tables, topology);
                return topology;
            }
        }
        if (options.Numa && options.FakeNodes > 1 && Fake(options.FakeNodes, frames) is NumaTopology made)
        {
            for (int node = 0; node < made.Count; node++)
            {
                NumaRange span = made.SpanOf(node);
                ulong start = span.First * AddressSpace.PageSize, end = span.End * AddressSpace.PageSize;
                log.Info($"Faking node {node} at {start:x16}-{end:x16} ({(end - start) >> 20}MB)");
            }
            return made;
        }
        log.Info($"{(options.Numa ? "No NUMA configuration found" : "NUMA turned off")}");
        log.Info($"Faking a node at {0UL:x16}-{top:x16}");
        return NumaTopology.OneNode(frames);
    }

    private static bool TryRead(ConsoleLog log, SratTable table, NumaMap found)
    {
        // CPUs first: their nodes get the lower numbers.
        AcpiEntries entries = table.Entries;
        while (entries.MoveNext())
        {
            if (!SratTable.TryCpu(entries, out SratCpu cpu) || !cpu.IsEnabled)
                continue;
            if (!found.TryNode(cpu.Domain, out byte node))
                return Bad(log, cpu.Domain);
            found.AddCpu(cpu.ApicId, node);
            log.Info($"SRAT: PXM {cpu.Domain} -> APIC {cpu.ApicId:x2} -> Node {node}");
        }
        if (entries.IsDamaged)
            log.Warning($"SRAT: the table is damaged; its beginning is used");
        entries = table.Entries;
        while (entries.MoveNext())
        {
            if (!SratTable.TryMemory(entries, out SratMemory memory) || !memory.IsEnabled || memory.Start == memory.End)
                continue;
            if (!found.TryNode(memory.Domain, out byte node))
                return Bad(log, memory.Domain);
            bool added = found.TryAddRange(memory.Start, memory.End, node, out int rival);
            if (rival >= 0)
                log.Warning($"SRAT: PXM {memory.Domain} [{memory.Start:x16}, {memory.End - 1:x16}] overlaps with PXM {found.DomainOf(rival)}");
            if (!added)
            {
                if (rival < 0)
                    log.Error($"SRAT: too many ranges of memory");
                return false;
            }
            log.Info($"SRAT: Node {node} PXM {memory.Domain} [{memory.Start:x16}, {memory.End - 1:x16}]{(memory.IsHotPluggable ? " (hotplug)" : "")}");
        }
        found.Join();
        return found.Nodes != 0 && found.RangeCount != 0;
    }

    private static bool Bad(ConsoleLog log, uint domain)
    {
        log.Error($"SRAT: too many proximity domains: no node left for PXM {domain:x}");
        return false;
    }

    /// <summary>All usable memory has to be some node's.</summary>
    private static bool Check(ConsoleLog log, NumaMap found, in MemoryMap map, ulong top)
    {
        for (int i = 0; i < map.Count; i++)
        {
            if (!map.TryFrames(i, out ulong first, out ulong end) || first >= top / AddressSpace.PageSize)
                continue;
            if (found.Covers(first, Math.Min(end, top / AddressSpace.PageSize)))
                continue;
            MemoryRange range = map.Ranges[i];
            log.Error($"SRAT: No PXM for e820 range: [{range.Start:x16}, {range.End - 1:x16}]");
            return false;
        }
        for (int node = 0; node < found.Nodes; node++)
        {
            bool any = false;
            for (int i = 0; i < found.RangeCount; i++)
                any |= found.Range(i).Node == node;
            if (!any)
                log.Warning($"SRAT: Node {node} has no memory. BIOS Bug or mis-configured hardware?");
        }
        return true;
    }

    private static void ReadDistances(ConsoleLog log, in NumaTables tables, NumaTopology topology)
    {
        if (!tables.HasSlit)
            return;
        SlitTable table = new(tables.Slit);
        Span<byte> distances = new byte[topology.Count * topology.Count];
        for (int from = 0; from < topology.Count; from++)
        {
            for (int to = 0; to < topology.Count; to++)
            {
                byte distance = table.Distance(topology.DomainOf(from), topology.DomainOf(to));
                if (from == to ? distance != NumaTopology.LocalDistance : distance <= NumaTopology.LocalDistance)
                {
                    log.Info($"ACPI: SLIT table looks invalid. Not used.");
                    return;
                }
                distances[from * topology.Count + to] = distance;
            }
        }
        topology.SetDistances(distances);
    }

    /// <summary>Equal parts of memory, cut at multiples of 2 MiB. Null if they would be empty.</summary>
    private static NumaTopology? Fake(uint count, ulong frames)
    {
        const ulong granularity = 512;
        int nodes = (int)Math.Min(count, (uint)NumaTopology.MostNodes);
        ulong size = frames / (uint)nodes & ~(granularity - 1);
        if (size == 0)
            return null;
        NumaRange[] ranges = new NumaRange[nodes];
        uint[] domains = new uint[nodes];
        for (int node = 0; node < nodes; node++)
        {
            ranges[node] = new NumaRange { First = size * (uint)node, End = node == nodes - 1 ? frames : size * (uint)(node + 1), Node = (byte)node };
            domains[node] = (uint)node;
        }
        return NumaTopology.Create(ranges, domains, frames);
    }
}

/// <summary>The firmware's affinity tables.</summary>
internal ref struct NumaTables
{
    internal TableBytes Srat, Slit;
    internal bool HasSrat, HasSlit;
}
