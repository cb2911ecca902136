// A boot on machines with affinity tables: sound ones, wrong ones, and nodes that the command line makes up.

using Xenith.Hypervisor.Memory;
using Xunit;
using static Xenith.Tests.Boot.AcpiBuilder;

namespace Xenith.Tests.Hosted;

public sealed class NumaBootTests
{
    private const ulong Megabyte = 1 << 20;

    private static (string, byte[]) Srat(params (uint Domain, ulong Start, ulong End)[] memory) => ("SRAT",
    [
        .. U32(1), .. new byte[8],
        .. memory.SelectMany((range, cpu) => (byte[])[0, 16, (byte)range.Domain, (byte)cpu, .. U32(1), .. U32(0), .. U32(0)]),
        .. memory.SelectMany(range => (byte[])[1, 40, .. U32(range.Domain), 0, 0, .. U64(range.Start), .. U64(range.End - range.Start), .. U32(0), .. U32(1), .. U64(0)]),
    ]);

    [Fact]
    public void Two_nodes_are_found_with_their_distances()
    {
        using var hypervisor = new HostedHypervisor(tables:
            [Srat((4, 0, 128 * Megabyte), (9, 128 * Megabyte, 256 * Megabyte)), ("SLIT", [.. U64(10), .. Enumerable.Range(0, 100).Select(i => (byte)(i % 11 == 0 ? 10 : 10 + i))])]);
        NumaTopology topology = hypervisor.Host.Memory.Allocator.Topology;
        Assert.Contains("SRAT: Node 1 PXM 9 [0000000008000000, 000000000fffffff]", hypervisor.Log);
        Assert.Contains("SRAT: PXM 4 -> APIC 00 -> Node 0", hypervisor.Log);
        Assert.Contains("NUMA: Using 15 for the hash shift.", hypervisor.Log);
        Assert.Equal((2, 0, 1), (topology.Count, topology.NodeOf(0x7fff), topology.NodeOf(0x8000)));
        Assert.Equal((10, 59, 104, 1), (topology.Distance(0, 0), topology.Distance(0, 1), topology.Distance(1, 0), topology.NodeOfApic(1)));
        PageAllocator allocator = hypervisor.Host.Memory.Allocator;
        Assert.Equal(allocator.FreeFrames, allocator.FreeFramesOf(0, 64) + allocator.FreeFramesOf(1, 64));
        Assert.InRange(allocator.TotalFramesOf(1), 0x7000u, 0x8000u);
        NumaReport.Print(hypervisor.Host.Log, hypervisor.Host);
        Assert.Contains($"Domain 0 (total: {hypervisor.Info.NrPages + 1}):", hypervisor.Log.Replace($"total: {hypervisor.Info.NrPages})", $"total: {hypervisor.Info.NrPages + 1})"));
        Assert.Contains("NODE1 start->32768 size->32768 free->", hypervisor.Log);
    }

    [Fact]
    public void Tables_that_contradict_themselves_or_the_memory_map_are_not_used()
    {
        (string Log, (string, byte[])[] Tables)[] cases =
        [
            ("overlaps with PXM 0", [Srat((0, 0, 128 * Megabyte), (1, 100 * Megabyte, 256 * Megabyte))]),
            ("SRAT: No PXM for e820 range", [Srat((0, 0, 128 * Megabyte))]),
            ("SRAT: too many proximity domains", [Srat([.. Enumerable.Range(0, 70).Select(i => ((uint)i, (ulong)i * Megabyte, (ulong)(i + 1) * Megabyte))])]),
            ("No NUMA configuration found", [("SRAT", [1, 2])]),
        ];
        foreach ((string log, (string, byte[])[] tables) in cases)
        {
            using var hypervisor = new HostedHypervisor(tables: tables);
            Assert.Contains(log, hypervisor.Log);
            Assert.Contains("Faking a node at 0000000000000000-0000000010000000", hypervisor.Log);
            Assert.Equal(1, hypervisor.Host.Memory.Allocator.Nodes);
        }
    }

    [Fact]
    public void A_wrong_distance_table_leaves_the_usual_distances()
    {
        using var hypervisor = new HostedHypervisor(tables: [Srat((0, 0, 128 * Megabyte), (1, 128 * Megabyte, 256 * Megabyte)), ("SLIT", [.. U64(2), 10, 5, 20, 10])]);
        Assert.Contains("ACPI: SLIT table looks invalid. Not used.", hypervisor.Log);
        Assert.Equal((2, 20), (hypervisor.Host.Memory.Allocator.Nodes, hypervisor.Host.Memory.Allocator.Topology.Distance(0, 1)));
    }

    [Fact]
    public void The_command_line_switches_nodes_off_or_makes_them_up()
    {
        (string, byte[]) srat = Srat((0, 0, 128 * Megabyte), (1, 128 * Megabyte, 256 * Megabyte));
        using (var off = new HostedHypervisor("loglvl=all numa=off", tables: [srat]))
        {
            Assert.Contains("NUMA turned off", off.Log);
            Assert.Equal(1, off.Host.Memory.Allocator.Nodes);
        }
        using var fake = new HostedHypervisor("loglvl=all numa=fake=4", tables: [srat]);
        Assert.Contains("Faking node 3 at 000000000c000000-0000000010000000 (64MB)", fake.Log);
        Assert.Equal(4, fake.Host.Memory.Allocator.Nodes);
    }
}
