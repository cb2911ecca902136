using System;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// XENMEM_exchange: a domain swaps frames for others of another contiguity or below an address limit; dom0 gets its DMA buffers so. One chunk, the size of the larger extent, is taken from the domain frame by
/// frame, then the new extents are placed, then the old frames are freed; if one cannot be taken all go back. All of it in steps: the frames say how far the exchange is (<see cref="DomainPages.TrySteal"/>),
/// and where it goes on is in the upper bits of the command when the call is made again.
/// </summary>
internal static class MemoryExchanges
{
    /// <summary>What is done with the frames of a chunk, in the order of an exchange that succeeds; then how one ends that does not.</summary>
    private enum Phase
    {
        Take,
        Place,
        Free,
        FreeThenBadAddress,
        FreeThenNoMemory,
        ReturnThenInvalid,
        ReturnThenBadAddress,
        ReturnThenNoMemory,
    }

    /// <summary>Where the call goes on: the phase in the three highest bits of the command, and in nine bits below them the frame or extent. The largest chunk has 2^9 frames.</summary>
    private const int IndexBits = (int)MemoryReservations.MaxOrder, PhaseShift = 61 - MemoryHypercalls.CommandBits, IndexShift = PhaseShift - IndexBits;
    private const ulong IndexMask = (1UL << IndexBits) - 1;

    /// <summary>Frames between two looks. To take one, or to free it, is some 200 instructions.</summary>
    private const ulong FramesPerLook = 16;

    private const ulong NrExchangedOffset = 64;

    /// <summary>The call. What has been exchanged so far is in the guest's structure, which is updated after each chunk.</summary>
    internal static long Exchange(Domain caller, ulong start, ulong argument, uint number)
    {
        if ((start & (1UL << IndexShift) - 1) != 0)
            return XenError.Invalid.ToResult();
        if (!GuestMemory.TryRead(argument, out MemoryExchange request))
            return XenError.BadAddress.ToResult();
        uint inOrder = request.In.ExtentOrder, outOrder = request.Out.ExtentOrder;
        if (Math.Max(inOrder, outOrder) > MemoryReservations.MaxOrder)
            return XenError.NotPermitted.ToResult();
        if (request.NrExchanged > request.In.NrExtents
            || request.In.NrExtents > ulong.MaxValue >> (int)inOrder
            || request.Out.NrExtents > ulong.MaxValue >> (int)outOrder
            || request.In.NrExtents << (int)inOrder != request.Out.NrExtents << (int)outOrder
            || request.In.Domid != request.Out.Domid)
            return XenError.Invalid.ToResult();
        // No list is as long as the address space; what lies before its end is found out on the way.
        if (request.In.NrExtents >= ulong.MaxValue / 8 || request.Out.NrExtents >= ulong.MaxValue / 8)
            return XenError.BadAddress.ToResult();
        if (DomainLookup.FindAny(caller, request.In.Domid) is not Domain target)
            return XenError.NoSuchDomain.ToResult();
        if (!DomainLookup.MayTarget(caller, target))
            return XenError.NotPermitted.ToResult();

        int chunkOrder = (int)(inOrder > outOrder ? inOrder : outOrder);
        ulong inPerChunk = 1UL << (chunkOrder - (int)inOrder);
        if (request.NrExchanged % inPerChunk != 0 || request.In.NrExtents % inPerChunk != 0)
            return XenError.Invalid.ToResult();
        var phase = (Phase)(int)(start >> PhaseShift);
        ulong index = start >> IndexShift & IndexMask;
        Looks looks = new() { Budget = new StepBudget(Serving.Vcpu) };
        while (request.NrExchanged < request.In.NrExtents)
        {
            XenError error = ExchangeChunk(target, request, chunkOrder, ref phase, ref index, ref looks);
            if (error == XenError.Restart)
                return Continuation.Again(number, (ulong)MemoryOp.Exchange | ((ulong)(int)phase << PhaseShift | index << IndexShift) << MemoryHypercalls.CommandBits, argument);
            if (error != XenError.None)
                return error.ToResult();
            request.NrExchanged += inPerChunk;
            if (!GuestMemory.TryWrite(argument + NrExchangedOffset, request.NrExchanged))
                return XenError.BadAddress.ToResult();
        }
        return 0;
    }

    /// <summary>Goes on with a chunk; <see cref="XenError.Restart"/> if the budget is spent. At its end the next chunk begins with the first phase.</summary>
    private static XenError ExchangeChunk(Domain target, in MemoryExchange request, int chunkOrder, ref Phase phase, ref ulong index, ref Looks looks)
    {
        ulong frames = 1UL << chunkOrder;
        if (phase == Phase.Take)
        {
            XenError error = Take(target, request, frames, ref index, ref looks);
            if (error == XenError.Restart)
                return error;
            phase = error == XenError.None ? Phase.Place : error == XenError.BadAddress ? Phase.ReturnThenBadAddress : Phase.ReturnThenInvalid;
            index = 0;
        }
        if (phase == Phase.Place)
        {
            XenError error = Place(target, request, chunkOrder, ref index, ref looks);
            if (error == XenError.Restart)
                return error;
            if (error == XenError.None)
                phase = Phase.Free;
            else if (index == 0)
                phase = error == XenError.BadAddress ? Phase.ReturnThenBadAddress : Phase.ReturnThenNoMemory;
            else
                phase = error == XenError.BadAddress ? Phase.FreeThenBadAddress : Phase.FreeThenNoMemory;
            index = 0;
        }
        if (LetGo(target, request, frames, phase >= Phase.ReturnThenInvalid, ref index, ref looks) == XenError.Restart)
            return XenError.Restart;
        XenError end = phase switch
        {
            Phase.FreeThenBadAddress or Phase.ReturnThenBadAddress => XenError.BadAddress,
            Phase.FreeThenNoMemory or Phase.ReturnThenNoMemory => XenError.NoMemory,
            Phase.ReturnThenInvalid => XenError.Invalid,
            _ => XenError.None,
        };
        phase = Phase.Take;
        index = 0;
        return end;
    }

    /// <summary>Reads a frame of the input list; index counts the frames of the chunk.</summary>
    private static bool TryReadFrame(in MemoryExchange request, ulong index, out Mfn frame)
    {
        int order = (int)request.In.ExtentOrder;
        bool ok = GuestMemory.TryRead(request.In.ExtentStart.Value, request.NrExchanged + (index >> order), out ulong first);
        frame = new Mfn(unchecked(first + (index & ((1UL << order) - 1))));
        return ok;
    }

    private static XenError Take(Domain target, in MemoryExchange request, ulong frames, ref ulong index, ref Looks looks)
    {
        for (; index < frames; index++)
        {
            if (looks.IsTime())
                return XenError.Restart;
            if (!TryReadFrame(request, index, out Mfn frame))
                return XenError.BadAddress;
            if (!target.Pages.TrySteal(frame))
                return XenError.Invalid;
            looks.Budget.Step();
        }
        return XenError.None;
    }

    /// <summary>The new frames take the pseudo-physical numbers that the guest put into the output list.</summary>
    private static XenError Place(Domain target, in MemoryExchange request, int chunkOrder, ref ulong index, ref Looks looks)
    {
        int order = (int)request.Out.ExtentOrder;
        ulong first = (request.NrExchanged << (int)request.In.ExtentOrder) >> order;
        AllocationFlags flags = AllocationFlags.None.Below((int)(request.Out.MemFlags & 0xff));
        for (; index < 1UL << (chunkOrder - order); index++)
        {
            if (looks.IsTime())
                return XenError.Restart;
            if (!GuestMemory.TryRead(request.Out.ExtentStart.Value, first + index, out ulong pfn))
                return XenError.BadAddress;
            XenError error = target.Pages.Allocate(order, flags, true, ref looks.Budget, out Mfn placed);
            if (error != XenError.None)
                return error;
            MachineToPhysical m2p = Host.Current.Memory.M2P;
            for (ulong i = 0; i < 1UL << order; i++)
                m2p.Set(placed.Plus(i), unchecked(pfn + i));
            if (!GuestMemory.TryWrite(request.Out.ExtentStart.Value, first + index, placed.Value))
            {
                // It counts as placed: what it replaces is gone.
                index++;
                return XenError.BadAddress;
            }
            looks.Budget.Step();
            if (order > 4)
                looks.Soon();
        }
        return XenError.None;
    }

    /// <summary>Frees the frames that were taken, or returns them. The list is read again: what the guest has put there meanwhile was not taken, and is passed over.</summary>
    private static XenError LetGo(Domain target, in MemoryExchange request, ulong frames, bool areReturned, ref ulong index, ref Looks looks)
    {
        for (; index < frames; index++)
        {
            if (looks.IsTime())
                return XenError.Restart;
            if (TryReadFrame(request, index, out Mfn frame))
                _ = areReturned ? target.Pages.TryReturn(frame) : target.Pages.TryFreeStolen(frame);
            looks.Budget.Step();
        }
        return XenError.None;
    }

    /// <summary>A budget that is looked at every so many frames.</summary>
    private struct Looks
    {
        internal StepBudget Budget;
        private ulong _frames;

        /// <summary>What was done was as long as many frames.</summary>
        internal void Soon() => _frames = 0;

        internal bool IsTime() => unchecked(_frames++ % FramesPerLook) == 0 && Budget.IsSpent;
    }
}
