// Nodes: which frame is whose, which node is next best, and that the allocator keeps to it.

using CsCheck;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Memory;

public sealed class NumaTopologyTests
{
    private const ulong MemoryBytes = 64UL << 20, FrameTableAt = 0x10_0000, FirstFree = 0x1000;
    private const ulong Frames = MemoryBytes / AddressSpace.PageSize;

    // Two nodes that take turns, and a third one without memory.
    private static NumaTopology Interleaved()
    {
        var topology = NumaTopology.Create(
            [Range(0, 0x1800, 0), Range(0x1800, 0x2800, 1), Range(0x2800, 0x3000, 0), Range(0x3000, Frames, 1)], [7, 3, 9], Frames);
        topology.SetDistances([10, 30, 20, 30, 10, 20, 20, 20, 10]);
        return topology;
    }

    [Fact]
    public void One_node_holds_everything()
    {
        var topology = NumaTopology.OneNode(Frames);
        Assert.Equal((1, 0, 0), (topology.Count, topology.NodeOf(0), topology.NodeOf(ulong.MaxValue)));
        Assert.Equal(10, topology.Distance(0, 0));
        Assert.Equal(Frames, topology.SpanOf(0).End);
    }

    [Fact]
    public void Frames_belong_to_the_node_of_their_range()
    {
        NumaTopology topology = Interleaved();
        Assert.Equal(11, topology.ChunkShift);
        Assert.Equal([0, 0, 1, 1, 0, 1], new ulong[] { 0, 0x17ff, 0x1800, 0x27ff, 0x2800, 0x3000 }.Select(topology.NodeOf));
        Assert.Equal(3u, topology.DomainOf(1));
        Assert.Equal((0x1800UL, Frames), (topology.SpanOf(1).First, topology.SpanOf(1).End));
        Assert.Equal(topology.SpanOf(2).First, topology.SpanOf(2).End);
    }

    [Fact]
    public void Nearest_nodes_come_first() =>
        Gen.Int[1, 12].SelectMany(count => Gen.Byte[11, 60].Array[count * count].Select(distances => (count, distances))).Sample((count, distances) =>
        {
            for (int node = 0; node < count; node++)
                distances[node * count + node] = 10;
            NumaRange[] ranges = [.. Enumerable.Range(0, count).Select(node => Range((ulong)node * 512, (ulong)(node + 1) * 512, (byte)node))];
            var topology = NumaTopology.Create(ranges, Enumerable.Range(0, count).Select(node => (uint)node).ToArray(), (ulong)count * 512);
            topology.SetDistances(distances);
            for (int node = 0; node < count; node++)
            {
                int[] order = [.. Enumerable.Range(0, count).Select(rank => topology.Nearest(node, rank))];
                Assert.Equal(node, order[0]);
                Assert.Equal(Enumerable.Range(0, count), order.Order());
                Assert.Equal(order.Select(other => topology.Distance(node, other)).Order(), order.Select(other => topology.Distance(node, other)));
            }
        }, iter: 200);

    [Fact]
    public void The_allocator_takes_from_the_wished_node_then_from_the_next_nearest()
    {
        using var machine = new SimulatedMachine(MemoryBytes);
        using SimulatedCpu.Scope scope = machine.Cpus[0].Enter();
        NumaTopology topology = Interleaved();
        var allocator = new PageAllocator(FrameTable.Create(FrameTableAt, Frames), topology);
        allocator.AddRange(FirstFree, Frames - FirstFree);
        ulong[] totals = [allocator.TotalFramesOf(0), allocator.TotalFramesOf(1), allocator.TotalFramesOf(2)];
        Assert.Equal([0x1000UL, Frames - 0x2000, 0UL], totals);
        Assert.Equal(allocator.FreeFrames, totals[0] + totals[1]);
        for (ulong i = 0; i < totals[0] + totals[1]; i++)
        {
            Assert.True(allocator.TryAllocate(0, AllocationFlags.Unscrubbed.OnNode(0, false), out Mfn frame));
            Assert.Equal(i < totals[0] ? 0 : 1, topology.NodeOf(frame.Value));
            if (i == totals[0])
                Assert.False(allocator.TryAllocate(0, AllocationFlags.Unscrubbed.OnNode(0, true), out _));
        }
        Assert.False(allocator.TryAllocate(0, AllocationFlags.Unscrubbed.OnNode(0, false), out _));
        Assert.False(allocator.TryAllocate(0, AllocationFlags.None, out _));
    }

    [Fact]
    public void Blocks_never_span_nodes_and_memory_comes_back_whole() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 10], Gen.Bool).Array[1, 60].Sample(steps =>
        {
            using var machine = new SimulatedMachine(MemoryBytes);
            using SimulatedCpu.Scope scope = machine.Cpus[0].Enter();
            NumaTopology topology = Interleaved();
            var allocator = new PageAllocator(FrameTable.Create(FrameTableAt, Frames), topology);
            allocator.AddRange(FirstFree, Frames - FirstFree);
            ulong[] free = [allocator.FreeFramesOf(0, 64), allocator.FreeFramesOf(1, 64)];
            List<(Mfn First, int Order)> taken = [];
            foreach ((int node, int order, bool exact) in steps)
            {
                AllocationFlags flags = node == 3 ? AllocationFlags.Unscrubbed : AllocationFlags.Unscrubbed.OnNode(node, exact);
                if (!allocator.TryAllocate(order, flags, out Mfn first))
                    continue;
                int got = topology.NodeOf(first.Value);
                Assert.Equal(got, topology.NodeOf(first.Value + (1UL << order) - 1));
                Assert.True(node == 3 || !exact || got == node);
                taken.Add((first, order));
            }
            foreach ((Mfn first, int order) in taken)
                allocator.Free(first, order);
            Assert.Equal<ulong[]>(free, [allocator.FreeFramesOf(0, 64), allocator.FreeFramesOf(1, 64)]);
        }, iter: 40, threads: 1);

    private static NumaRange Range(ulong first, ulong end, byte node) => new() { First = first, End = end, Node = node };
}
