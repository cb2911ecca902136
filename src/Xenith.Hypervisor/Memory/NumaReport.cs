using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>What the debug key `u` shows: nodes, what of them is free, and how each domain's memory lies on them.</summary>
public static class NumaReport
{
    // Frames looked at for one domain: a report may not hold a CPU for long.
    private const ulong MostFrames = 1 << 20;

    /// <summary>Prints the report.</summary>
    public static void Print(ConsoleLog log, Host host)
    {
        PageAllocator allocator = host.Memory.Allocator;
        NumaTopology topology = allocator.Topology;
        log.Always($"'u' pressed -> dumping numa info (now = {host.Time.Now})");
        for (int node = 0; node < topology.Count; node++)
        {
            NumaRange span = topology.SpanOf(node);
            log.Always($"NODE{node} start->{span.First} size->{span.End - span.First} free->{allocator.FreeFramesOf(node, 64)}");
            for (int other = 0; other < topology.Count; other++)
                log.Always($"  distance to NODE{other}: {topology.Distance(node, other)}");
        }
        for (uint id = 0; id < host.Pcpus.End; id++)
        {
            if (host.Pcpus.Find(id) is Pcpu cpu)
                log.Always($"CPU{id} -> NODE{cpu.Node}");
        }
        log.Always($"Memory location of each domain:");
        for (int id = 0; id < host.Domains.End; id++)
        {
            if (host.Domains.Find((ulong)id) is Domain domain)
                Print(log, allocator, domain);
        }
    }

    private static void Print(ConsoleLog log, PageAllocator allocator, Domain domain)
    {
        log.Always($"Domain {domain.Id} (total: {domain.Pages.TotalPages}):");
        System.Span<ulong> counts = stackalloc ulong[NumaTopology.MostNodes];
        counts.Clear();
        Mfn frame = domain.Pages.First;
        ulong seen = 0;
        for (; seen < MostFrames && frame != Mfn.Invalid; seen++)
        {
            counts[allocator.Topology.NodeOf(frame.Value)]++;
            frame = domain.Pages.After(frame);
        }
        for (int node = 0; node < allocator.Nodes; node++)
            log.Always($"    Node {node}: {counts[node]}");
        if (frame != Mfn.Invalid)
            log.Always($"    (only the first {seen} pages were counted)");
    }
}
