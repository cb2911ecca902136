// The operations of memory_op and grant_table_op that a toolstack uses: maps of a domain's memory, claims, the frames of the machine-to-physical
// table, swapped grants.

using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Hosted;

public sealed class MemoryMapHypercallTests
{
    private const ulong Argument = TestKernel.VirtualStart + 0xf00, List = TestKernel.VirtualStart + 0x1000;

    private static long Call<T>(HostedHypervisor hypervisor, MemoryOp op, T argument) where T : unmanaged
    {
        hypervisor.Write(Argument, argument);
        return hypervisor.Call(HypercallNumber.MemoryOp, (ulong)op, Argument);
    }

    [Fact]
    public void A_domains_map_comes_back_as_it_was_set()
    {
        using var hypervisor = new HostedHypervisor();
        const uint entries = 500, bytes = entries * DomainMemoryMap.EntrySize;
        MemoryMap map = new() { NrEntries = 1000, Buffer = new(List) };
        Assert.Equal(-(long)Errno.ENOSYS, Call(hypervisor, MemoryOp.MemoryMap, map));
        ulong free = hypervisor.Host.Memory.Allocator.FreeFrames;
        for (int round = 1; round < 3; round++)
        {
            for (uint i = 0; i < bytes; i++)
                hypervisor.Write(List + i, (byte)(i * 7 + i / 251 + (uint)round));
            Assert.Equal(0, Call(hypervisor, MemoryOp.SetMemoryMap, new ForeignMemoryMap { Domid = DomainIds.Self, Map = new() { NrEntries = entries, Buffer = new(List) } }));
            for (uint i = 0; i < bytes; i++)
                hypervisor.Write(List + i, (byte)0);
            Assert.Equal(0, Call(hypervisor, MemoryOp.MemoryMap, map));
            Assert.Equal(entries, hypervisor.Read<MemoryMap>(Argument).NrEntries);
            for (uint i = 0; i < bytes; i++)
                Assert.Equal((byte)(i * 7 + i / 251 + (uint)round), hypervisor.Read<byte>(List + i));
        }
        Assert.Equal(free - 8, hypervisor.Host.Memory.Allocator.FreeFrames);
        Assert.Equal(-(long)Errno.EINVAL, Call(hypervisor, MemoryOp.SetMemoryMap, new ForeignMemoryMap { Domid = 0, Map = new() { NrEntries = 1025, Buffer = new(List) } }));
        Assert.Equal(-(long)Errno.EFAULT, Call(hypervisor, MemoryOp.SetMemoryMap, new ForeignMemoryMap { Domid = 0, Map = new() { NrEntries = 10, Buffer = new(0x1234_5000) } }));
        Assert.Equal(0, Call(hypervisor, MemoryOp.MemoryMap, map));
        Assert.Equal(free - 8, hypervisor.Host.Memory.Allocator.FreeFrames);
    }

    [Fact]
    public void The_control_domain_reads_the_hosts_map()
    {
        using var hypervisor = new HostedHypervisor();
        var ranges = hypervisor.Host.Platform.MemoryMap;
        Assert.Equal(0, Call(hypervisor, MemoryOp.MachineMemoryMap, new MemoryMap { NrEntries = 128, Buffer = new(List) }));
        Assert.Equal((uint)ranges.Count, hypervisor.Read<MemoryMap>(Argument).NrEntries);
        Assert.InRange(ranges.Count, 2, 128);
        for (int i = 0; i < ranges.Count; i++)
        {
            ulong at = List + (ulong)i * 20;
            Assert.Equal((ranges.Ranges[i].Start, ranges.Ranges[i].End, (uint)ranges.Ranges[i].Kind),
                (hypervisor.Read<ulong>(at), hypervisor.Read<ulong>(at) + hypervisor.Read<ulong>(at + 8), hypervisor.Read<uint>(at + 16)));
        }
        Assert.Equal(-(long)Errno.EINVAL, Call(hypervisor, MemoryOp.MachineMemoryMap, new MemoryMap { NrEntries = (uint)ranges.Count - 1, Buffer = new(List) }));
        Assert.Equal(-(long)Errno.EFAULT, Call(hypervisor, MemoryOp.MachineMemoryMap, new MemoryMap { NrEntries = 128, Buffer = new(0x1234_5000) }));
        Assert.Equal(-(long)Errno.EFAULT, hypervisor.Call(HypercallNumber.MemoryOp, (ulong)MemoryOp.MachineMemoryMap, 0x1234_5000));
    }

    [Fact]
    public void A_claim_sets_memory_aside_for_a_domain()
    {
        using var hypervisor = new HostedHypervisor("loglvl=all dom0_mem=128M");
        DomainPages pages = hypervisor.Host.Domains.Find(0)!.Pages;
        pages.MaxPages = pages.TotalPages + 100;
        Assert.Equal(0, Call(hypervisor, MemoryOp.ClaimPages, new MemoryReservation { NrExtents = pages.TotalPages + 100 }));
        Assert.Equal((100UL, 100UL), (pages.ClaimedPages, hypervisor.Host.Memory.Allocator.ClaimedFrames));
        Assert.Equal(-(long)Errno.EINVAL, Call(hypervisor, MemoryOp.ClaimPages, new MemoryReservation { NrExtents = pages.TotalPages + 50 }));
        Assert.Equal(0, Call(hypervisor, MemoryOp.ClaimPages, new MemoryReservation()));
        Assert.Equal(0UL, hypervisor.Host.Memory.Allocator.ClaimedFrames);
        Assert.Equal(-(long)Errno.EINVAL, Call(hypervisor, MemoryOp.ClaimPages, new MemoryReservation { NrExtents = 1, Domid = DomainIds.Self }));
    }

    [Fact]
    public void The_list_names_the_frames_that_hold_the_machine_to_physical_table()
    {
        using var hypervisor = new HostedHypervisor();
        Assert.Equal(0, Call(hypervisor, MemoryOp.MachphysMfnList, new MachphysMfnList { MaxExtents = 4, ExtentStart = new(List) }));
        Assert.Equal(1u, hypervisor.Read<MachphysMfnList>(Argument).NrExtents);
        Mfn first = new(hypervisor.Read<ulong>(List));
        Mfn frame = hypervisor.FrameOf(7);
        Assert.Equal(7UL, Frame.At(first.Plus(frame.Value / 512)).Read<ulong>((int)(frame.Value % 512) * 8));
    }

    [Fact]
    public void Reservations_come_from_the_node_that_they_name()
    {
        using var hypervisor = new HostedHypervisor("loglvl=all dom0_mem=64M numa=fake=2");
        Host(hypervisor, out PageAllocator allocator, out DomainPages pages);
        pages.MaxPages = pages.TotalPages + 64;
        for (uint node = 0; node < 2; node++)
        {
            ulong before = allocator.FreeFramesOf((int)node, 64);
            hypervisor.Write(List, 100UL);
            Assert.Equal(1, Call(hypervisor, MemoryOp.PopulatePhysmap, new MemoryReservation { ExtentStart = new(List), NrExtents = 1, ExtentOrder = 3, MemFlags = (node + 1) << 8 | (uint)MemoryFlags.ExactNodeRequest, Domid = DomainIds.Self }));
            Assert.Equal(before - 8, allocator.FreeFramesOf((int)node, 64));
        }
    }

    [Fact]
    public void Swapped_grants_change_places()
    {
        using var hypervisor = new HostedHypervisor();
        Assert.Equal(0, GrantCall(hypervisor, GrantTableOp.SetupTable, new GrantTableSetupTable { Dom = DomainIds.Self, NrFrames = 1, FrameList = new(List) }));
        SharedArea table = SharedArea.Page(new Mfn(hypervisor.Read<ulong>(List)));
        table.Store64(20 * 8, 0x1111_0000_0001);
        table.Store64(30 * 8, 0x2222_0000_0005);
        Assert.Equal(0, GrantCall(hypervisor, GrantTableOp.SwapGrantRef, new GrantTableSwapGrantRef { RefA = 20, RefB = 30, Status = 99 }));
        Assert.Equal(0, hypervisor.Read<GrantTableSwapGrantRef>(Argument).Status);
        Assert.Equal((0x2222_0000_0005UL, 0x1111_0000_0001UL), (table.Load64(20 * 8), table.Load64(30 * 8)));
        Assert.Equal(0, GrantCall(hypervisor, GrantTableOp.SwapGrantRef, new GrantTableSwapGrantRef { RefA = 20, RefB = 512 }));
        Assert.Equal((short)GrantStatus.BadGntref, hypervisor.Read<GrantTableSwapGrantRef>(Argument).Status);
    }

    private static void Host(HostedHypervisor hypervisor, out PageAllocator allocator, out DomainPages pages)
    {
        allocator = hypervisor.Host.Memory.Allocator;
        pages = hypervisor.Host.Domains.Find(0)!.Pages;
    }

    private static long GrantCall<T>(HostedHypervisor hypervisor, GrantTableOp op, T argument) where T : unmanaged
    {
        hypervisor.Write(Argument, argument);
        return hypervisor.Call(HypercallNumber.GrantTableOp, (ulong)op, Argument, 1);
    }
}
