// The machine has no free frame left: what needs one is refused with the ABI's error, changes nothing, and works again as soon as there is memory.

using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xenith.Tests.Paravirtual;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed class ExhaustionTests : IDisposable
{
    private readonly PvScene _scene = new(isPrivileged: true);
    private readonly List<Mfn> _taken = [];

    private PageAllocator Allocator => _scene.Host.Memory.Allocator;

    public void Dispose() => _scene.Dispose();

    [Fact]
    public void A_grant_table_does_not_grow()
    {
        _scene.Domain.Grants.Grow(1);
        // A frame more of the table takes three; what was found of them is not lost.
        foreach (int left in (int[])[0, 1, 2])
        {
            Take();
            Free(left);
            ulong free = Allocator.FreeFrames;
            Assert.Equal(GrantStatus.GeneralError, SetUpTable(2));
            Assert.Equal((1u, free), (_scene.Domain.Grants.FrameCount, Allocator.FreeFrames));
        }
        Free(_taken.Count);
        Assert.Equal(GrantStatus.Okay, SetUpTable(2));
        Assert.Equal(2u, _scene.Domain.Grants.FrameCount);
    }

    [Fact]
    public void A_grant_is_not_mapped_without_a_place_for_its_handle()
    {
        Domain lender = _scene.NewDomain();
        Mfn lent = PvCalls.NewFrame(lender);
        Assert.Equal(XenError.None, lender.Grants.Grow(1));
        Frame.At(lender.Grants.FrameAt(0)).Write(8 * 8, new GrantEntryV1 { Flags = 1, Domid = 0, Frame = (uint)lent.Value });
        foreach (int left in (int[])[0, 1])
        {
            Take();
            Free(left);
            Assert.Equal(GrantStatus.NoDeviceSpace, Map());
            // The lender's entry is as it was: nobody uses it.
            Assert.Equal(1, Frame.At(lender.Grants.FrameAt(0)).Read<ushort>(8 * 8));
        }
        Free(_taken.Count);
        Assert.Equal(GrantStatus.Okay, Map());
    }

    [Fact]
    public void Ports_beyond_those_that_have_a_place_are_not_bound()
    {
        List<uint> ports = [];
        for (Take(); ; )
        {
            XenError error = _scene.Domain.Events.BindIpi(0, out uint port);
            if (error != XenError.None)
            {
                Assert.Equal(XenError.NoMemory, error);
                break;
            }
            ports.Add(port);
            Assert.True(ports.Count < 4096);
        }
        Free(1);
        Assert.Equal(XenError.None, _scene.Domain.Events.BindIpi(0, out uint next));
        Assert.DoesNotContain(next, ports);
        foreach (uint port in ports)
            Assert.Equal(XenError.None, _scene.Domain.Events.Close(port));
    }

    [Fact]
    public void Memory_calls_say_how_far_they_came()
    {
        Take();
        Assert.Equal(0, Reserve(MemoryOp.IncreaseReservation, 3));
        Free(2);
        Assert.Equal(2, Reserve(MemoryOp.IncreaseReservation, 3));
        Assert.Equal(2, Reserve(MemoryOp.DecreaseReservation, 2));
        Assert.Equal(2UL, Allocator.FreeFrames);
        Assert.Equal(-(long)Errno.ENOMEM, _scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.SetMemoryMap,
            new ForeignMemoryMap { Domid = DomainIds.Self, Map = new() { NrEntries = 1, Buffer = new(PvCalls.List) } }));
        Assert.Equal(-(long)Errno.ENOMEM, _scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.ClaimPages, new MemoryReservation { NrExtents = _scene.Domain.Pages.TotalPages + 3 }));
        Assert.Equal(0UL, Allocator.ClaimedFrames);
    }

    [Fact]
    public void A_domain_without_a_table_of_ports_gets_none()
    {
        Domain domain = _scene.NewDomain();
        Take();
        Assert.False(domain.Pv.Ports.Allow(0x70, 0x71));
        Assert.False(domain.Pv.Ports.IsAllowed(0x70, 1));
        domain.Pv.Ports.Deny(0x70, 0x71);
        Free(_taken.Count);
        Assert.True(domain.Pv.Ports.Allow(0x70, 0x71));
        Assert.True(domain.Pv.Ports.IsAllowed(0x70, 2));
    }

    /// <summary>Takes every free frame.</summary>
    private void Take()
    {
        while (Allocator.TryAllocate(0, AllocationFlags.None, out Mfn frame))
            _taken.Add(frame);
        Assert.Equal(0UL, Allocator.FreeFrames);
    }

    /// <summary>Gives some of them back.</summary>
    private void Free(int count)
    {
        for (; count > 0; count--)
        {
            Allocator.Free(_taken[^1], 0);
            _taken.RemoveAt(_taken.Count - 1);
        }
    }

    private GrantStatus SetUpTable(uint frames)
    {
        _scene.Put(PvCalls.Argument, new GrantTableSetupTable { Dom = DomainIds.Self, NrFrames = frames, FrameList = new(PvCalls.List) });
        Assert.Equal(0, _scene.Call(HypercallNumber.GrantTableOp, (ulong)GrantTableOp.SetupTable, PvCalls.Argument, 1));
        return (GrantStatus)_scene.Get<GrantTableSetupTable>(PvCalls.Argument).Status;
    }

    private GrantStatus Map()
    {
        _scene.Put(PvCalls.Argument, new GrantTableMapGrantRef { HostAddr = PvCalls.Nowhere, Flags = (uint)GrantMapFlags.HostMap, Ref = 8, Dom = 2 });
        Assert.Equal(0, _scene.Call(HypercallNumber.GrantTableOp, (ulong)GrantTableOp.MapGrantRef, PvCalls.Argument, 1));
        return (GrantStatus)_scene.Get<GrantTableMapGrantRef>(PvCalls.Argument).Status;
    }

    private long Reserve(MemoryOp op, ulong extents) => _scene.CallWith(HypercallNumber.MemoryOp, (ulong)op,
        new MemoryReservation { ExtentStart = new(PvCalls.List), NrExtents = extents, Domid = DomainIds.Self });
}
