using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// XENMEM_exchange: a domain gives frames and gets as many others that are contiguous or lie below an address: memory for devices. It goes chunk by chunk, the
/// larger of the two extent sizes at a time; a chunk is exchanged whole or not at all.
/// </summary>
internal static partial class MemoryHypercalls
{
    /// <summary>Offset of nr_exchanged in struct xen_memory_exchange.</summary>
    private const ulong ExchangedOffset = 64;

    private static long Exchange(ulong argument, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        if (!GuestMemory.TryRead(argument, out MemoryExchange exchange))
            return XenError.BadAddress.ToResult();
        int inOrder = (int)(exchange.In.ExtentOrder & 0xff), outOrder = (int)(exchange.Out.ExtentOrder & 0xff);
        if (exchange.In.ExtentOrder > MostOrder(vcpu.Domain) || exchange.Out.ExtentOrder > MostOrder(vcpu.Domain))
            return XenError.NotPermitted.ToResult();
        if (exchange.In.Domid != exchange.Out.Domid
            || exchange.NrExchanged > exchange.In.NrExtents
            || exchange.In.NrExtents > ulong.MaxValue >> inOrder
            || exchange.Out.NrExtents > ulong.MaxValue >> outOrder
            || exchange.In.NrExtents << inOrder != exchange.Out.NrExtents << outOrder
            || !TryGetFlags(exchange.Out.MemFlags, out AllocationFlags flags))
            return XenError.Invalid.ToResult();
        XenError error = TryFindTarget(exchange.In.Domid, out Domain domain);
        if (error != XenError.None)
            return error.ToResult();

        int inPerChunk = outOrder > inOrder ? outOrder - inOrder : 0;
        ulong first = exchange.NrExchanged >> inPerChunk;
        ulong chunk = first;
        for (; error == XenError.None && chunk < exchange.In.NrExtents >> inPerChunk; chunk++)
        {
            if (chunk != first && Continuation.IsDue(vcpu))
                return ReportExchanged(argument, chunk << inPerChunk) ? Continuation.Again(number, (uint)Abi.MemoryOp.Exchange, argument) : XenError.BadAddress.ToResult();
            error = ExchangeChunk(domain, exchange, inOrder, outOrder, chunk, flags, out bool done);
            if (!done)
                break;
        }
        return ReportExchanged(argument, chunk << inPerChunk) ? error.ToResult() : XenError.BadAddress.ToResult();
    }

    private static bool ReportExchanged(ulong argument, ulong extents) => GuestMemory.TryWrite(unchecked(argument + ExchangedOffset), extents);

    private static XenError ExchangeChunk(Domain domain, in MemoryExchange exchange, int inOrder, int outOrder, ulong chunk, AllocationFlags flags, out bool done)
    {
        MachineMemory memory = Host.Current.Memory;
        int inPerChunk = outOrder > inOrder ? outOrder - inOrder : 0;
        int outPerChunk = inOrder > outOrder ? inOrder - outOrder : 0;
        done = false;

        // Both sets of frames are nobody's until the chunk is decided; they hang together by the links of the frame table.
        FrameChain given = default, taken = default;
        XenError error = Steal(memory, domain, exchange.In.ExtentStart.Value, chunk << inPerChunk, 1UL << inPerChunk, inOrder, ref given);
        for (int i = 0; error == XenError.None && i < 1 << outPerChunk; i++)
        {
            if (memory.Allocator.TryAllocate(outOrder, flags, out Mfn block))
                taken.Push(memory.Frames, block);
            else
                error = XenError.NoMemory;
        }
        if (error != XenError.None)
        {
            while (taken.TryPop(memory.Frames, out Mfn block))
                memory.Allocator.Free(block, outOrder);
            while (given.TryPop(memory.Frames, out Mfn frame))
            {
                if (!domain.Pages.TryAssign(frame))
                    memory.Allocator.Free(frame, 0);
            }
            return error;
        }

        done = true;
        while (given.TryPop(memory.Frames, out Mfn frame))
        {
            memory.M2P.Set(frame, MachineToPhysical.InvalidEntry);
            memory.Allocator.Free(frame, 0);
        }
        ulong at = chunk << outPerChunk;
        while (taken.TryPop(memory.Frames, out Mfn block))
        {
            ulong list = exchange.Out.ExtentStart.Value;
            if (!domain.Pages.TryAssign(block, outOrder))
            {
                memory.Allocator.Free(block, outOrder);
                error = XenError.NoMemory;
            }
            else if (GuestMemory.TryRead(list, at, out ulong pfn))
            {
                SetMachineToPhysical(block, pfn, outOrder);
                if (!GuestMemory.TryWrite(list, at, block.Value))
                    error = XenError.BadAddress;
            }
            else
                error = XenError.BadAddress;
            at++;
        }
        return error;
    }

    /// <summary>Takes the frames of some extents from the domain. Nobody may refer to any of them: the guest has unmapped them before.</summary>
    private static XenError Steal(MachineMemory memory, Domain domain, ulong list, ulong firstExtent, ulong extents, int order, ref FrameChain stolen)
    {
        for (ulong i = 0; i < extents; i++)
        {
            if (!GuestMemory.TryRead(list, firstExtent + i, out ulong first))
                return XenError.BadAddress;
            for (ulong j = 0; j < 1UL << order; j++)
            {
                Mfn frame = new Mfn(first).Plus(j);
                if (!domain.Pages.TrySteal(frame))
                    return XenError.Invalid;
                stolen.Push(memory.Frames, frame);
            }
        }
        return XenError.None;
    }

    /// <summary>Frames that are nobody's, linked by the frame table.</summary>
    private struct FrameChain
    {
        private uint _first;

        internal void Push(FrameTable frames, Mfn frame)
        {
            frames[frame].Next = _first;
            _first = (uint)frame.Value;
        }

        internal bool TryPop(FrameTable frames, out Mfn frame)
        {
            frame = new Mfn(_first);
            if (_first == 0)
                return false;
            ref FrameInfo info = ref frames[frame];
            _first = info.Next;
            info.Next = 0;
            return true;
        }
    }
}
