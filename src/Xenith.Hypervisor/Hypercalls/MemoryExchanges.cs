using System;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// XENMEM_exchange: a domain swaps frames for others of another contiguity or below an address limit; dom0 gets its DMA buffers so. One chunk, the size of the larger extent, is one step:
/// new memory is found first, then the old frames are taken, and if one cannot be taken all go back.
/// </summary>
internal static class MemoryExchanges
{
    /// <summary>The call. What has been exchanged so far is in the guest's structure, which is updated after each chunk.</summary>
    internal static long Exchange(Domain caller, ulong command, ulong argument, uint number)
    {
        if (!GuestMemory.TryRead(argument, out MemoryExchange request))
            return XenError.BadAddress.ToResult();
        uint inOrder = request.In.ExtentOrder, outOrder = request.Out.ExtentOrder;
        if (Math.Max(inOrder, outOrder) > MemoryReservations.MaxOrderOf(caller))
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
        Vcpu vcpu = Serving.Vcpu;
        bool any = false;
        while (request.NrExchanged < request.In.NrExtents)
        {
            if (any && Continuation.IsDue(vcpu))
                return Continuation.Again(number, command, argument);
            XenError error = ExchangeChunk(target, request, chunkOrder);
            if (error != XenError.None)
                return error.ToResult();
            request.NrExchanged += inPerChunk;
            any = true;
            if (!GuestMemory.TryWrite(argument + NrExchangedOffset, request.NrExchanged))
                return XenError.BadAddress.ToResult();
        }
        return 0;
    }

    private const ulong NrExchangedOffset = 64;

    private static XenError ExchangeChunk(Domain target, in MemoryExchange request, int chunkOrder)
    {
        Host host = Host.Current;
        int inOrder = (int)request.In.ExtentOrder, outOrder = (int)request.Out.ExtentOrder;
        ulong frames = 1UL << chunkOrder;
        int addressBits = (int)(request.Out.MemFlags & 0xff);
        ulong outFirst = (request.NrExchanged << inOrder) >> outOrder;
        ulong outCount = 1UL << (chunkOrder - outOrder);
        StolenFrames stolen = host.Stolen;
        stolen.Clear();

        ulong firstIn = request.NrExchanged;
        for (ulong i = 0; i < frames; i++)
        {
            XenError error = XenError.BadAddress;
            if (GuestMemory.TryRead(request.In.ExtentStart.Value, firstIn + (i >> inOrder), out ulong mfn))
            {
                Mfn frame = new(unchecked(mfn + (i & ((1UL << inOrder) - 1))));
                ulong number = host.Memory.M2P.Get(frame);
                error = host.Memory.Frames.Contains(frame) && target.Pages.TrySteal(frame) ? XenError.None : XenError.Invalid;
                if (error == XenError.None)
                    stolen.Add(frame, number);
            }
            if (error != XenError.None)
            {
                stolen.GiveBack(host.Memory, target);
                return error;
            }
        }

        // The new frames take the pseudo-physical numbers that the guest put into the output list.
        for (ulong extent = 0; extent < outCount; extent++)
        {
            XenError error = PlaceExtent(host, target, request, outFirst + extent, outOrder, addressBits);
            if (error != XenError.None)
            {
                if (extent == 0)
                    stolen.GiveBack(host.Memory, target);
                else
                    stolen.Free(host.Memory);
                return error;
            }
        }
        stolen.Free(host.Memory);
        return XenError.None;
    }

    private static XenError PlaceExtent(Host host, Domain target, in MemoryExchange request, ulong extent, int order, int addressBits)
    {
        if (!GuestMemory.TryRead(request.Out.ExtentStart.Value, extent, out ulong pfn))
            return XenError.BadAddress;
        if (!target.Pages.TryAllocate(order, AllocationFlags.None.Below(addressBits), out Mfn first))
            return XenError.NoMemory;
        for (ulong i = 0; i < 1UL << order; i++)
            host.Memory.M2P.Set(first.Plus(i), unchecked(pfn + i));
        return GuestMemory.TryWrite(request.Out.ExtentStart.Value, extent, first.Value) ? XenError.None : XenError.BadAddress;
    }
}

/// <summary>Frames that an exchange has taken from a domain and not yet given to anybody.</summary>
public sealed class StolenFrames
{
    private readonly ulong[] _frames = new ulong[1 << 12];
    private readonly ulong[] _pfns = new ulong[1 << 12];
    private int _count;

    /// <summary>Forgets all.</summary>
    internal void Clear() => _count = 0;

    /// <summary>Notes a frame and the pseudo-physical number that it had.</summary>
    internal void Add(Mfn frame, ulong pfn)
    {
        _frames[_count] = frame.Value;
        _pfns[_count] = pfn;
        _count++;
    }

    /// <summary>Returns the frames to the domain that they were taken from.</summary>
    internal void GiveBack(MachineMemory memory, Domain owner)
    {
        for (int i = 0; i < _count; i++)
        {
            if (owner.Pages.TryAssign(new Mfn(_frames[i])))
                memory.M2P.Set(new Mfn(_frames[i]), _pfns[i]);
            else
                memory.Allocator.Free(new Mfn(_frames[i]), 0);
        }
        _count = 0;
    }

    /// <summary>Returns the frames to the page allocator.</summary>
    internal void Free(MachineMemory memory)
    {
        for (int i = 0; i < _count; i++)
            memory.Allocator.Free(new Mfn(_frames[i]), 0);
        _count = 0;
    }
}
