// Extents of many pages, done in steps: stopped wherever they may stop, left half done, and resumed by a guest that makes up where it was.

using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xenith.Tests.Paravirtual;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed class LargeExtentTests
{
    private const int Order = 9;
    private const ulong Pages = 1UL << Order, More = PvCalls.List + 0x1000;

    [Fact]
    public void A_large_extent_is_scrubbed_in_steps_and_given_back_in_steps()
    {
        using PvScene scene = new();
        ulong before = scene.Domain.Pages.TotalPages, free = Spoil(scene);
        scene.Put(PvCalls.List, 0x4000UL);
        (long result, int calls) = InSteps(scene, MemoryOp.PopulatePhysmap, 1);
        Assert.Equal(1, result);
        Assert.InRange(calls, 16, 40);
        Mfn first = new(scene.Get<ulong>(PvCalls.List));
        for (ulong i = 0; i < Pages; i++)
        {
            Assert.Equal(FrameBits.OwnerOf(scene.Domain), scene.Host.Memory.Frames[first.Plus(i)].Owner);
            Assert.Equal(0x4000 + i, scene.Host.Memory.M2P.Get(first.Plus(i)));
            Assert.Equal((0UL, 0UL), (Frame.At(first.Plus(i)).Read<ulong>(0), Frame.At(first.Plus(i)).Read<ulong>(4088)));
        }
        Assert.Equal((before + Pages, free - Pages), (scene.Domain.Pages.TotalPages, scene.Host.Memory.Allocator.FreeFrames));

        Assert.Equal((1L, 32), InSteps(scene, MemoryOp.DecreaseReservation, 1));
        Assert.Equal((before, free), (scene.Domain.Pages.TotalPages, scene.Host.Memory.Allocator.FreeFrames));
        // The next one finds it as it was left.
        Assert.Equal(1, InSteps(scene, MemoryOp.IncreaseReservation, 1).Result);
    }

    [Fact]
    public void Nothing_is_lost_when_the_guest_never_comes_back()
    {
        using PvScene scene = new();
        ulong before = scene.Domain.Pages.TotalPages, free = Spoil(scene), dirty = scene.Host.Memory.Allocator.DirtyFrames;
        for (int i = 1; i <= 5; i++)
        {
            // Each beginning gets further, whoever makes it.
            StopOnce(scene, MemoryOp.IncreaseReservation, Request(1));
            Assert.Equal((before, free), (scene.Domain.Pages.TotalPages, scene.Host.Memory.Allocator.FreeFrames));
            Assert.Equal(dirty - 32 * (ulong)i, scene.Host.Memory.Allocator.DirtyFrames);
        }
        Assert.Equal(0, PerCpu.Ledger.Depth);
        while (scene.Host.Memory.Allocator.ScrubSome(64))
        {
        }
        Assert.Equal((free, 0UL), (scene.Host.Memory.Allocator.FreeFrames, scene.Host.Memory.Allocator.DirtyFrames));
    }

    [Fact]
    public void An_extent_that_ends_early_counts_as_not_given_back()
    {
        using PvScene scene = new();
        Assert.Equal(1, InSteps(scene, MemoryOp.IncreaseReservation, 1).Result);
        Mfn first = new(scene.Get<ulong>(PvCalls.List));
        Assert.True(scene.Domain.Pages.TryGiveBack(first.Plus(100)));
        ulong before = scene.Domain.Pages.TotalPages;
        Assert.Equal((0L, 7), InSteps(scene, MemoryOp.DecreaseReservation, 1));
        Assert.Equal(before - 100, scene.Domain.Pages.TotalPages);
        // A guest that says it was further than it was gives back less.
        Assert.Equal(1, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.DecreaseReservation | 500UL << 52, Request(1)));
        Assert.Equal(before - 112, scene.Domain.Pages.TotalPages);
    }

    [Fact]
    public void Frames_are_exchanged_for_a_large_one_and_back_in_steps()
    {
        using PvScene scene = new();
        ulong free = FillList(scene), before = scene.Domain.Pages.TotalPages;
        scene.Put(More, 0x4000UL);
        scene.Put(PvCalls.Argument, Swap(Pages, 0, 1, Order));
        (long result, int calls) = scene.CallInSteps(HypercallNumber.MemoryOp, (ulong)MemoryOp.Exchange, PvCalls.Argument);
        Assert.Equal(0, result);
        Assert.InRange(calls, 64, 120);
        Assert.Equal(Pages, scene.Get<MemoryExchange>(PvCalls.Argument).NrExchanged);
        Assert.Equal((before, free), (scene.Domain.Pages.TotalPages, scene.Host.Memory.Allocator.FreeFrames));
        Mfn first = new(scene.Get<ulong>(More));
        Assert.Equal(0x4000 + Pages - 1, scene.Host.Memory.M2P.Get(first.Plus(Pages - 1)));

        scene.Put(PvCalls.List, first.Value);
        for (ulong i = 0; i < Pages; i++)
            scene.Put(More + i * 8, 0x7000 + i);
        scene.Put(PvCalls.Argument, Swap(1, Order, Pages, 0));
        Assert.Equal(0, scene.CallInSteps(HypercallNumber.MemoryOp, (ulong)MemoryOp.Exchange, PvCalls.Argument).Result);
        Assert.Equal((before, free), (scene.Domain.Pages.TotalPages, scene.Host.Memory.Allocator.FreeFrames));
        for (ulong i = 0; i < Pages; i++)
        {
            Mfn frame = new(scene.Get<ulong>(More + i * 8));
            Assert.Equal((0x7000 + i, FrameBits.OnlyOwners(FrameBits.OwnerOf(scene.Domain))), (scene.Host.Memory.M2P.Get(frame), scene.Host.Memory.Frames[frame].Count));
        }
    }

    /// <summary>The last frame is mapped; the output list cannot be read at its start, or further on; there is no memory below so few bits.</summary>
    [Theory]
    [InlineData(0, Errno.EINVAL)]
    [InlineData(1, Errno.EFAULT)]
    [InlineData(2, Errno.ENOMEM)]
    public void An_exchange_that_fails_returns_everything_in_steps(int how, Errno error)
    {
        using PvScene scene = new();
        ulong free = FillList(scene), before = scene.Domain.Pages.TotalPages;
        Mfn[] frames = [.. Enumerable.Range(0, (int)Pages).Select(i => new Mfn(scene.Get<ulong>(PvCalls.List + (ulong)i * 8)))];
        if (how == 0)
            scene.Put(PvCalls.List + (Pages - 1) * 8, scene.L1.Value);
        scene.Put(PvCalls.Argument, Swap(Pages, 0, 1, Order, how == 2 ? 13u : 0, how == 1 ? PvCalls.Nowhere : More));
        Assert.Equal(-(long)error, scene.CallInSteps(HypercallNumber.MemoryOp, (ulong)MemoryOp.Exchange, PvCalls.Argument).Result);
        Assert.Equal((before, free), (scene.Domain.Pages.TotalPages, scene.Host.Memory.Allocator.FreeFrames));
        foreach (Mfn frame in frames)
            Assert.Equal(FrameBits.OnlyOwners(FrameBits.OwnerOf(scene.Domain)), scene.Host.Memory.Frames[frame].Count);
    }

    [Fact]
    public void An_output_list_whose_end_cannot_be_written_is_an_error_after_the_exchange()
    {
        using PvScene scene = new();
        Assert.True(scene.Domain.Pages.TryAllocate(1, AllocationFlags.None, out Mfn pair));
        ulong free = scene.Host.Memory.Allocator.FreeFrames, before = scene.Domain.Pages.TotalPages;
        scene.Put(PvCalls.List, pair.Value);
        scene.Put(More + 0xff8, 0x7000UL);
        scene.Put(PvCalls.Argument, Swap(1, 1, 2, 0, 0, More + 0xff8));
        Assert.Equal(-(long)Errno.EFAULT, scene.CallInSteps(HypercallNumber.MemoryOp, (ulong)MemoryOp.Exchange, PvCalls.Argument).Result);
        Assert.Equal((before, free), (scene.Domain.Pages.TotalPages, scene.Host.Memory.Allocator.FreeFrames));
        Assert.Equal(0x7000UL, scene.Host.Memory.M2P.Get(new Mfn(scene.Get<ulong>(More + 0xff8))));
        Assert.False(scene.Host.Memory.Types.TryGetReference(pair, scene.Domain));
        Assert.Equal(0UL, scene.Get<MemoryExchange>(PvCalls.Argument).NrExchanged);
    }

    [Fact]
    public void Frames_in_an_exchange_end_with_their_domain_wherever_it_stopped()
    {
        ulong expected = 0;
        for (int stop = 0; stop < 80; stop++)
        {
            using PvScene scene = new();
            FillList(scene);
            scene.Put(More, 0x4000UL);
            scene.Put(PvCalls.Argument, Swap(Pages, 0, 1, Order));
            ulong a1 = (ulong)MemoryOp.Exchange;
            ulong rip = scene.Frame.Rip;
            for (int i = 0; i < stop; i++)
            {
                PerCpu.RaiseWork(PendingWork.Schedule);
                _ = scene.Call(HypercallNumber.MemoryOp, a1, PvCalls.Argument);
                if (scene.Frame.Rip == rip)
                    break;
                scene.Frame.Rip = rip;
                a1 = scene.Frame.Rdi;
            }
            StepBudget budget = new(null);
            XenError error;
            do
                error = scene.Domain.Pages.Relinquish(ref budget);
            while (error == XenError.Restart);
            if (stop == 0)
                expected = scene.Host.Memory.Allocator.FreeFrames;
            Assert.Equal(expected, scene.Host.Memory.Allocator.FreeFrames);
        }
    }

    [Fact]
    public void A_guest_cannot_use_an_exchange_to_have_more_than_its_limit()
    {
        using PvScene scene = new();
        FillList(scene);
        ulong before = scene.Domain.Pages.TotalPages;
        scene.Domain.Pages.MaxPages = before;
        Mfn first = new(scene.Get<ulong>(PvCalls.List));
        scene.Put(More, 0x4000UL);
        MemoryExchange one = Swap(1, 0, 1, 0);
        long At(ulong phase, MemoryExchange request) => scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.Exchange | phase << 61, request);

        // To place without having taken anything.
        Assert.Equal(-(long)Errno.ENOMEM, At(1, one));
        Assert.Equal(before, scene.Domain.Pages.TotalPages);
        // To free, or have returned, what was not taken.
        for (ulong phase = 2; phase < 8; phase++)
            _ = At(phase, one);
        Assert.Equal(before, scene.Domain.Pages.TotalPages);

        // One taken, by another vCPU say: it can be replaced once, and what is replaced does not come back.
        Assert.True(scene.Domain.Pages.TrySteal(first));
        Assert.False(scene.Host.Memory.Types.TryGetReference(first, scene.Domain));
        Assert.False(scene.Domain.Pages.TryGiveBack(first));
        MemoryExchange others = Swap(1, 0, 1, 0) with { In = new() { ExtentStart = new(PvCalls.List + 8), NrExtents = 1, Domid = DomainIds.Self } };
        Assert.Equal(0, At(1, others));
        Assert.Equal(before + 1, scene.Domain.Pages.TotalPages);
        Assert.Equal(-(long)Errno.ENOMEM, At(1, others));
        Assert.Equal(-(long)Errno.EINVAL, At(5, one));
        Assert.Equal(FrameBits.StolenFrom(FrameBits.OwnerOf(scene.Domain)), scene.Host.Memory.Frames[first].Count);
        Assert.Equal(0, At(2, one));
        Assert.Equal(before, scene.Domain.Pages.TotalPages);
        Assert.Equal(-(long)Errno.EINVAL, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.Exchange | 1UL << 6, one));
    }

    /// <summary>Writes into all free memory, so that it has to be scrubbed. Returns how much is free.</summary>
    private static ulong Spoil(PvScene scene)
    {
        PageAllocator allocator = scene.Host.Memory.Allocator;
        ulong free = allocator.FreeFrames;
        List<Mfn> taken = [];
        while (allocator.TryAllocate(Order, AllocationFlags.Unscrubbed, out Mfn first))
        {
            taken.Add(first);
            for (ulong i = 0; i < Pages; i++)
            {
                Frame.At(first.Plus(i)).Write(0, 0xdeadUL);
                Frame.At(first.Plus(i)).Write(4088, 0xdeadUL);
            }
        }
        foreach (Mfn first in taken)
            allocator.Free(first, Order);
        return free;
    }

    /// <summary>Gives the guest as many frames as a large extent has, in its list. Returns how many are free then.</summary>
    private static ulong FillList(PvScene scene)
    {
        scene.Domain.Pages.MaxPages = 4096;
        Assert.Equal((long)Pages, scene.CallWith(HypercallNumber.MemoryOp, (ulong)MemoryOp.IncreaseReservation, Request(Pages) with { ExtentOrder = 0 }));
        return Spoil(scene);
    }

    private static void StopOnce(PvScene scene, MemoryOp op, MemoryReservation request)
    {
        ulong rip = scene.Frame.Rip;
        PerCpu.RaiseWork(PendingWork.Schedule);
        _ = scene.CallWith(HypercallNumber.MemoryOp, (ulong)op, request);
        Assert.Equal(rip - 2, scene.Frame.Rip);
        scene.Frame.Rip = rip;
    }

    private static (long Result, int Calls) InSteps(PvScene scene, MemoryOp op, ulong extents)
    {
        scene.Put(PvCalls.Argument, Request(extents));
        return scene.CallInSteps(HypercallNumber.MemoryOp, (ulong)op, PvCalls.Argument);
    }

    private static MemoryReservation Request(ulong extents) => new() { ExtentStart = new(PvCalls.List), NrExtents = extents, ExtentOrder = Order, Domid = DomainIds.Self };

    private static MemoryExchange Swap(ulong inCount, uint inOrder, ulong outCount, uint outOrder, uint addressBits = 0, ulong to = More) => new()
    {
        In = new() { ExtentStart = new(PvCalls.List), NrExtents = inCount, ExtentOrder = inOrder, Domid = DomainIds.Self },
        Out = new() { ExtentStart = new(to), NrExtents = outCount, ExtentOrder = outOrder, MemFlags = addressBits, Domid = DomainIds.Self },
    };
}
