// memory_op: what a domain takes, gives back, swaps and asks about.

using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xenith.Tests.Paravirtual;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed class MemoryReservationTests
{
    [Fact]
    public void More_memory_comes_as_a_list_of_frames_and_goes_back_by_it()
    {
        using PvScene scene = new();
        ulong before = scene.Domain.Pages.TotalPages;
        Assert.Equal(3, Reserve(scene, MemoryOp.IncreaseReservation, 3));
        Assert.Equal(before + 3, scene.Domain.Pages.TotalPages);
        for (ulong i = 0; i < 3; i++)
            Assert.Equal(FrameBits.OwnerOf(scene.Domain), scene.Host.Memory.Frames[Listed(scene, i)].Owner);
        Assert.Equal(3, Reserve(scene, MemoryOp.DecreaseReservation, 3));
        Assert.Equal(before, scene.Domain.Pages.TotalPages);
        // The frames are the domain's no longer.
        Assert.Equal(0, Reserve(scene, MemoryOp.DecreaseReservation, 3));
    }

    [Fact]
    public void Frames_can_be_had_without_a_list()
    {
        using PvScene scene = new();
        ulong before = scene.Domain.Pages.TotalPages;
        Assert.Equal(2, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.IncreaseReservation, new MemoryReservation { NrExtents = 2, ExtentOrder = 1, Domid = DomainIds.Self }));
        Assert.Equal(before + 4, scene.Domain.Pages.TotalPages);
    }

    [Fact]
    public void Populate_takes_the_numbers_of_pages_and_answers_with_their_frames()
    {
        using PvScene scene = new();
        scene.PutList(PvCalls.List, 0x1000, 0x2000);
        Assert.Equal(2, Reserve(scene, MemoryOp.PopulatePhysmap, 2, order: 1));
        for (ulong i = 0; i < 2; i++)
        {
            Assert.Equal(0x1000 * (i + 1), scene.Host.Memory.M2P.Get(Listed(scene, i)));
            Assert.Equal(0x1000 * (i + 1) + 1, scene.Host.Memory.M2P.Get(Listed(scene, i).Plus(1)));
        }
    }

    [Fact]
    public void Long_lists_are_served_in_steps()
    {
        using PvScene scene = new();
        ulong before = scene.Domain.Pages.TotalPages;
        scene.Put(PvCalls.Argument, Request(200));
        Assert.Equal((200L, 13), scene.CallInSteps(HypercallNumber.MemoryOp, (ulong)MemoryOp.IncreaseReservation, PvCalls.Argument));
        Assert.Equal(before + 200, scene.Domain.Pages.TotalPages);
        Assert.Equal((200L, 13), scene.CallInSteps(HypercallNumber.MemoryOp, (ulong)MemoryOp.DecreaseReservation, PvCalls.Argument));
        Assert.Equal(before, scene.Domain.Pages.TotalPages);
    }

    [Fact]
    public void Address_width_and_node_are_obeyed()
    {
        using PvScene scene = new();
        Assert.Equal(20, Reserve(scene, MemoryOp.IncreaseReservation, 20, flags: 24));
        for (ulong i = 0; i < 20; i++)
            Assert.True(Listed(scene, i).Value < 1 << 12);
        Assert.Equal(0, Reserve(scene, MemoryOp.IncreaseReservation, 1, flags: 13));
        Assert.Equal(1, Reserve(scene, MemoryOp.IncreaseReservation, 1, flags: 1 << 8));
    }

    [Fact]
    public void What_cannot_be_had_is_a_smaller_number()
    {
        using PvScene scene = new();
        scene.Domain.Pages.MaxPages = scene.Domain.Pages.TotalPages + 2;
        Assert.Equal(2, Reserve(scene, MemoryOp.IncreaseReservation, 5));
        Assert.Equal(0, Reserve(scene, MemoryOp.IncreaseReservation, 1, order: 10));
        Assert.Equal(0, Reserve(scene, MemoryOp.IncreaseReservation, ulong.MaxValue));
        Assert.Equal(0, Reserve(scene, MemoryOp.IncreaseReservation, 1, domain: 9));
        scene.NewDomain();
        Assert.Equal(0, Reserve(scene, MemoryOp.IncreaseReservation, 1, domain: 2));
        Assert.Equal(0, scene.Call(HypercallNumber.MemoryOp, (ulong)MemoryOp.IncreaseReservation, PvCalls.Nowhere));
        foreach (MemoryOp op in (MemoryOp[])[MemoryOp.PopulatePhysmap, MemoryOp.DecreaseReservation])
            Assert.Equal(0, scene.CallWith(HypercallNumber.MemoryOp, (ulong)op, new MemoryReservation { ExtentStart = new(PvCalls.Nowhere), NrExtents = 1, Domid = DomainIds.Self }));
        scene.PutList(PvCalls.List, 1UL << 45, ulong.MaxValue);
        Assert.Equal(0, Reserve(scene, MemoryOp.DecreaseReservation, 1));
    }

    [Fact]
    public void The_control_domain_changes_another_domains_memory()
    {
        using PvScene scene = new(isPrivileged: true);
        Domain other = scene.NewDomain();
        Assert.Equal(4, Reserve(scene, MemoryOp.IncreaseReservation, 4, order: 4, domain: 2));
        Assert.Equal(64UL, other.Pages.TotalPages);
        Assert.Equal(0, Reserve(scene, MemoryOp.IncreaseReservation, 1, order: 13, domain: 2));
    }

    [Fact]
    public void Small_frames_are_swapped_for_a_large_one_and_back()
    {
        using PvScene scene = new();
        Assert.Equal(8, Reserve(scene, MemoryOp.IncreaseReservation, 8));
        ulong before = scene.Domain.Pages.TotalPages, free = scene.Host.Memory.Allocator.FreeFrames;
        scene.PutList(PvCalls.Done, 0x500, 0x600);
        scene.Put(PvCalls.Argument, Swap(8, 0, 2, 2));
        Assert.Equal((0L, 2), scene.CallInSteps(HypercallNumber.MemoryOp, (ulong)MemoryOp.Exchange, PvCalls.Argument));
        Assert.Equal(8UL, scene.Get<MemoryExchange>(PvCalls.Argument).NrExchanged);
        Assert.Equal((before, free), (scene.Domain.Pages.TotalPages, scene.Host.Memory.Allocator.FreeFrames));
        Mfn first = new(scene.Get<ulong>(PvCalls.Done)), second = new(scene.Get<ulong>(PvCalls.Done + 8));
        Assert.Equal((0UL, 0UL), (first.Value & 3, second.Value & 3));
        Assert.Equal((0x503UL, 0x600UL), (scene.Host.Memory.M2P.Get(first.Plus(3)), scene.Host.Memory.M2P.Get(second)));

        // And back: two of order 2 for eight small ones.
        scene.PutList(PvCalls.List, first.Value, second.Value);
        for (ulong i = 0; i < 8; i++)
            scene.Put(PvCalls.Done + i * 8, 0x700 + i);
        Assert.Equal(0, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.Exchange, Swap(2, 2, 8, 0)));
        for (ulong i = 0; i < 8; i++)
            Assert.Equal(0x700 + i, scene.Host.Memory.M2P.Get(new Mfn(scene.Get<ulong>(PvCalls.Done + i * 8))));
        Assert.Equal((before, free), (scene.Domain.Pages.TotalPages, scene.Host.Memory.Allocator.FreeFrames));
    }

    [Fact]
    public void An_exchange_that_fails_gives_everything_back()
    {
        using PvScene scene = new();
        scene.PutList(PvCalls.List, 0x10, 0x11, 0x12, 0x13);
        Assert.Equal(4, Reserve(scene, MemoryOp.PopulatePhysmap, 4));
        ulong before = scene.Domain.Pages.TotalPages, free = scene.Host.Memory.Allocator.FreeFrames;
        Mfn[] frames = [.. Enumerable.Range(0, 4).Select(i => Listed(scene, (ulong)i))];
        void Fails(Errno error, MemoryExchange request)
        {
            Assert.Equal(-(long)error, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.Exchange, request));
            Assert.Equal((before, free), (scene.Domain.Pages.TotalPages, scene.Host.Memory.Allocator.FreeFrames));
            for (int i = 0; i < 4; i++)
            {
                Assert.Equal((ulong)(0x10 + i), scene.Host.Memory.M2P.Get(frames[i]));
                Assert.Equal(FrameBits.OwnerOf(scene.Domain), scene.Host.Memory.Frames[frames[i]].Owner);
            }
        }
        // No memory below 4 KiB; an output list that cannot be read; a frame in use; a frame that does not exist; an input list that ends.
        Fails(Errno.ENOMEM, Swap(4, 0, 1, 2, addressBits: 13));
        Fails(Errno.EFAULT, Swap(4, 0, 1, 2) with { Out = Extents(PvCalls.Nowhere, 1, 2) });
        scene.Put(PvCalls.List + 24, scene.L1.Value);
        Fails(Errno.EINVAL, Swap(4, 0, 1, 2));
        scene.Put(PvCalls.List + 24, 1UL << 45);
        Fails(Errno.EINVAL, Swap(4, 0, 1, 2));
        Fails(Errno.EFAULT, Swap(4, 0, 1, 2) with { In = Extents(PvCalls.Nowhere, 4, 0) });
    }

    [Fact]
    public void Exchanges_are_checked_before_anything_is_taken()
    {
        using PvScene scene = new();
        scene.NewDomain();
        long Call(MemoryExchange request) => scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.Exchange, request);
        Assert.Equal(-(long)Errno.EPERM, Call(Swap(1, 13, 1, 13)));
        Assert.Equal(-(long)Errno.EPERM, Call(Swap(1, 0, 1, 13)));
        Assert.Equal(-(long)Errno.EPERM, Call(Swap(1, 10, 1, 10)));
        Assert.Equal(-(long)Errno.EINVAL, Call(Swap(4, 0, 1, 1)));
        Assert.Equal(-(long)Errno.EFAULT, Call(Swap(ulong.MaxValue, 0, ulong.MaxValue, 0)));
        Assert.Equal(-(long)Errno.EINVAL, Call(Swap(1, 0, 1UL << 55, 0)));
        Assert.Equal(-(long)Errno.EINVAL, Call(Swap(4, 0, 1, 2) with { NrExchanged = 5 }));
        Assert.Equal(-(long)Errno.EINVAL, Call(Swap(4, 0, 1, 2) with { NrExchanged = 3 }));
        Assert.Equal(-(long)Errno.EINVAL, Call(Swap(4, 0, 1, 2) with { In = Extents(PvCalls.List, 4, 0, 2) }));
        Assert.Equal(-(long)Errno.ESRCH, Call(Swap(4, 0, 1, 2) with { In = Extents(PvCalls.List, 4, 0, 9), Out = Extents(PvCalls.Done, 1, 2, 9) }));
        Assert.Equal(-(long)Errno.EPERM, Call(Swap(4, 0, 1, 2) with { In = Extents(PvCalls.List, 4, 0, 2), Out = Extents(PvCalls.Done, 1, 2, 2) }));
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.MemoryOp, (ulong)MemoryOp.Exchange, PvCalls.Nowhere));
        Assert.Equal(0, Call(Swap(4, 0, 1, 2) with { NrExchanged = 4 }));
    }

    [Fact]
    public void A_domain_is_told_how_much_it_has_and_may_have()
    {
        using PvScene scene = new();
        scene.NewDomain();
        Assert.Equal((long)scene.Domain.Pages.TotalPages, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.CurrentReservation, DomainIds.Self));
        Assert.Equal(1024, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.MaximumReservation, (ushort)1));
        Assert.Equal(0, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.MaximumGpfn, DomainIds.Self));
        Assert.Equal((long)scene.Host.Memory.Frames.Count, scene.Call(HypercallNumber.MemoryOp, (ulong)MemoryOp.MaximumRamPage));
        Assert.Equal(-(long)Errno.EPERM, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.CurrentReservation, (ushort)2));
        Assert.Equal(-(long)Errno.ESRCH, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.CurrentReservation, (ushort)9));
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.MemoryOp, (ulong)MemoryOp.CurrentReservation, PvCalls.Nowhere));
    }

    [Fact]
    public void The_window_of_the_machine_to_physical_table_is_the_ABIs()
    {
        using PvScene scene = new();
        Assert.Equal(0, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.MachphysMapping, default(MachphysMapping)));
        MachphysMapping mapping = scene.Get<MachphysMapping>(PvCalls.Argument);
        Assert.Equal((0xffff_8000_0000_0000UL, 0xffff_8040_0000_0000UL, (1UL << 35) - 1), (mapping.VStart, mapping.VEnd, mapping.MaxMfn));
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.MemoryOp, (ulong)MemoryOp.MachphysMapping, PvCalls.Nowhere));
        Assert.Equal(-(long)Errno.EOPNOTSUPP, scene.Call(HypercallNumber.MemoryOp, (ulong)MemoryOp.MachphysCompatMfnList, PvCalls.Argument));
    }

    [Theory]
    [InlineData(MemoryOp.AddToPhysmap, Errno.EACCES)]
    [InlineData(MemoryOp.AddToPhysmapBatch, Errno.EACCES)]
    [InlineData(MemoryOp.RemoveFromPhysmap, Errno.EACCES)]
    [InlineData(MemoryOp.GetVnumaInfo, Errno.EOPNOTSUPP)]
    public void A_PV_domain_has_no_translated_map_to_change(MemoryOp op, Errno refusal)
    {
        using PvScene scene = new();
        scene.NewDomain();
        Assert.Equal(-(long)refusal, PhysicalMap(scene, op, DomainIds.Self));
        Assert.Equal(-(long)Errno.EPERM, PhysicalMap(scene, op, 2));
        Assert.Equal(-(long)Errno.ESRCH, PhysicalMap(scene, op, 9));
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.MemoryOp, (ulong)op, PvCalls.Nowhere));
        using PvScene control = new(isPrivileged: true);
        control.NewDomain();
        Assert.Equal(-(long)refusal, PhysicalMap(control, op, 2));
    }

    private static long PhysicalMap(PvScene scene, MemoryOp op, ushort domain) => op switch
    {
        MemoryOp.AddToPhysmap => scene.CallWith(HypercallNumber.MemoryOp, (ulong)op, new AddToPhysmap { Domid = domain }),
        MemoryOp.AddToPhysmapBatch => scene.CallWith(HypercallNumber.MemoryOp, (ulong)op, new AddToPhysmapBatch { Domid = domain }),
        MemoryOp.RemoveFromPhysmap => scene.CallWith(HypercallNumber.MemoryOp, (ulong)op, new RemoveFromPhysmap { Domid = domain }),
        _ => scene.CallWith(HypercallNumber.MemoryOp, (ulong)op, new VnumaTopologyInfo { Domid = domain }),
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_needs_nested_paging_is_refused_in_Xens_order(bool isPrivileged)
    {
        using PvScene scene = new(isPrivileged);
        scene.NewDomain();
        long refused = isPrivileged ? -(long)Errno.EINVAL : -(long)Errno.EPERM;
        foreach (MemoryOp op in (MemoryOp[])[MemoryOp.GetPodTarget, MemoryOp.SetPodTarget])
        {
            Assert.Equal(refused, scene.CallWith(HypercallNumber.MemoryOp, (ulong)op, new PodTarget { Domid = 2 }));
            Assert.Equal(-(long)Errno.ESRCH, scene.CallWith(HypercallNumber.MemoryOp, (ulong)op, new PodTarget { Domid = 9 }));
            Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.MemoryOp, (ulong)op, PvCalls.Nowhere));
        }
        Assert.Equal(refused, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.AccessOp, new MemAccessOpArgs { Domid = 2 }));
        Assert.Equal(-(long)Errno.EPERM, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.AccessOp, new MemAccessOpArgs { Domid = DomainIds.Self }));
        Assert.Equal(-(long)Errno.EPERM, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.AccessOp, new MemAccessOpArgs { Domid = scene.Domain.Id }));
        Assert.Equal(-(long)Errno.ESRCH, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.AccessOp, new MemAccessOpArgs { Domid = 9 }));
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.MemoryOp, (ulong)MemoryOp.AccessOp, PvCalls.Nowhere));
        Assert.Equal(-(long)Errno.ENOSYS, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.AddToPhysmap, new AddToPhysmap { Domid = 2, Space = (uint)MapSpace.GmfnForeign }));
        Assert.Equal(-(long)Errno.EINVAL, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.GetVnumaInfo, new VnumaTopologyInfo { Domid = 2, Pad = 1 }));
        Assert.Equal(0, scene.Call(HypercallNumber.MemoryOp, (ulong)MemoryOp.GetSharingFreedPages));
        Assert.Equal(-(long)Errno.ENOSYS, scene.Call(HypercallNumber.MemoryOp, (ulong)MemoryOp.SharingOp));
        Assert.Equal(-(long)Errno.ENOSYS, scene.Call(HypercallNumber.MemoryOp, 40));
    }

    [Fact]
    public void There_are_no_ranges_that_devices_must_find_mapped()
    {
        using PvScene scene = new();
        Assert.Equal(0, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.ReservedDeviceMemoryMap, new ReservedDeviceMemoryMap { Flags = MemoryConstants.RdmAll, NrEntries = 5 }));
        Assert.Equal(0u, scene.Get<ReservedDeviceMemoryMap>(PvCalls.Argument).NrEntries);
        Assert.Equal(-(long)Errno.EINVAL, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.ReservedDeviceMemoryMap, new ReservedDeviceMemoryMap { Flags = 2 }));
        Assert.Equal(-(long)Errno.EFAULT, scene.Call(HypercallNumber.MemoryOp, (ulong)MemoryOp.ReservedDeviceMemoryMap, PvCalls.Nowhere));
    }

    private static Mfn Listed(PvScene scene, ulong index) => new(scene.Get<ulong>(PvCalls.List + index * 8));

    private static MemoryReservation Request(ulong extents, uint order = 0, uint flags = 0, ushort domain = DomainIds.Self) =>
        new() { ExtentStart = new(PvCalls.List), NrExtents = extents, ExtentOrder = order, MemFlags = flags, Domid = domain };

    private static long Reserve(PvScene scene, MemoryOp op, ulong extents, uint order = 0, uint flags = 0, ushort domain = DomainIds.Self) =>
        scene.CallWith(HypercallNumber.MemoryOp, (ulong)op, Request(extents, order, flags, domain));

    private static MemoryReservation Extents(ulong list, ulong count, uint order, ushort domain = DomainIds.Self) =>
        new() { ExtentStart = new(list), NrExtents = count, ExtentOrder = order, Domid = domain };

    private static MemoryExchange Swap(ulong inCount, uint inOrder, ulong outCount, uint outOrder, uint addressBits = 0) => new()
    {
        In = Extents(PvCalls.List, inCount, inOrder),
        Out = Extents(PvCalls.Done, outCount, outOrder) with { MemFlags = addressBits },
    };
}
