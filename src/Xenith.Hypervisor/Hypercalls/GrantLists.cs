using System;
using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Grants;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Op = Xenith.Abi.GrantTableOp;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>The grant operations that take lists: each request is copied in once, carried out and its status written back; the call can stop between requests.</summary>
internal static class GrantLists
{
    private const ulong MapSize = 32, UnmapSize = 24, CopySize = 40, SwapSize = 12, FlushSize = 16;

    /// <summary>Unmapped requests that share one TLB flush.</summary>
    private const int Batch = 32;

    internal static long Map(Vcpu vcpu, ulong list, uint count, uint number)
    {
        if (!AddressSpace.IsGuestAddress(list))
            return XenError.BadAddress.ToResult();
        for (bool first = true; count != 0; first = false)
        {
            if (!first && Continuation.IsDue(vcpu))
                return Continuation.Again(number, (ulong)Op.MapGrantRef, list, count);
            if (!GuestMemory.TryRead(list, out GrantTableMapGrantRef op))
                return XenError.BadAddress.ToResult();
            GrantStatus status = GrantMapper.Map(vcpu, ref op);
            if (status == GrantStatus.Eagain)
                return Continuation.Again(number, (ulong)Op.MapGrantRef, list, count);
            op.Status = (short)status;
            if (!GuestMemory.TryWrite(list, op))
                return XenError.BadAddress.ToResult();
            list = unchecked(list + MapSize);
            count--;
        }
        return 0;
    }

    internal static long Copy(Vcpu vcpu, ulong list, uint count, uint number)
    {
        if (!AddressSpace.IsGuestAddress(list))
            return XenError.BadAddress.ToResult();
        for (bool first = true; count != 0; first = false)
        {
            if (!first && Continuation.IsDue(vcpu))
                return Continuation.Again(number, (ulong)Op.Copy, list, count);
            if (!GuestMemory.TryRead(list, out GrantTableCopy op))
                return XenError.BadAddress.ToResult();
            GrantStatus status = GrantCopier.Copy(vcpu.Domain, op);
            if (status == GrantStatus.Eagain)
                return Continuation.Again(number, (ulong)Op.Copy, list, count);
            op.Status = (short)status;
            if (!GuestMemory.TryWrite(list, op))
                return XenError.BadAddress.ToResult();
            list = unchecked(list + CopySize);
            count--;
        }
        return 0;
    }

    internal static long Swap(Vcpu vcpu, ulong list, uint count, uint number)
    {
        if (!AddressSpace.IsGuestAddress(list))
            return XenError.BadAddress.ToResult();
        for (bool first = true; count != 0; first = false)
        {
            if (!first && Continuation.IsDue(vcpu))
                return Continuation.Again(number, (ulong)Op.SwapGrantRef, list, count);
            if (!GuestMemory.TryRead(list, out GrantTableSwapGrantRef op))
                return XenError.BadAddress.ToResult();
            op.Status = (short)vcpu.Domain.Grants.Swap(op.RefA, op.RefB);
            if (!GuestMemory.TryWrite(list, op))
                return XenError.BadAddress.ToResult();
            list = unchecked(list + SwapSize);
            count--;
        }
        return 0;
    }

    /// <summary>The first request that cannot be carried out ends the call with its error.</summary>
    internal static long FlushCache(Vcpu vcpu, ulong list, uint count, uint number)
    {
        if (!AddressSpace.IsGuestAddress(list))
            return XenError.BadAddress.ToResult();
        for (bool first = true; count != 0; first = false)
        {
            if (!first && Continuation.IsDue(vcpu))
                return Continuation.Again(number, (ulong)Op.CacheFlush, list, count);
            if (!GuestMemory.TryRead(list, out GrantTableCacheFlush op))
                return XenError.BadAddress.ToResult();
            XenError error = GrantCacheFlush.Flush(vcpu.Domain, op);
            if (error != XenError.None)
                return error.ToResult();
            list = unchecked(list + FlushSize);
            count--;
        }
        return 0;
    }

    internal static long Unmap(Vcpu vcpu, ulong list, uint count, uint number)
    {
        if (!AddressSpace.IsGuestAddress(list))
            return XenError.BadAddress.ToResult();
        for (bool first = true; count != 0; first = false)
        {
            if (!first && Continuation.IsDue(vcpu))
                return Continuation.Again(number, (ulong)Op.UnmapGrantRef, list, count);
            uint part = Math.Min(count, Batch);
            if (part == 1 ? !UnmapOne(vcpu, list) : !UnmapBatch(vcpu, list, part))
                return XenError.BadAddress.ToResult();
            list = unchecked(list + part * UnmapSize);
            count -= part;
        }
        return 0;
    }

    /// <summary>
    /// The entries go first, then the TLB is flushed, then the references are given back and the lender learns it: nobody can reach a frame after its loan. False if a
    /// request cannot be read or its status not be written.
    /// </summary>
    private static bool UnmapBatch(Vcpu vcpu, ulong list, uint count)
    {
        PendingUnmaps pending = default;
        int begun = 0;
        bool done = true;
        for (uint i = 0; i < count && done; i++)
        {
            ulong at = unchecked(list + i * UnmapSize);
            done = GuestMemory.TryRead(at, out GrantTableUnmapGrantRef op);
            if (!done)
                break;
            GrantStatus status = GrantMapper.BeginUnmap(vcpu, op, out PendingUnmap unmap);
            if (status == GrantStatus.Okay)
                pending[begun++] = unmap;
            op.Status = (short)status;
            done = GuestMemory.TryWrite(at, op);
        }
        if (begun != 0)
            GuestFlush.FlushAll(vcpu.Domain);
        for (int i = 0; i < begun; i++)
            GrantMapper.FinishUnmap(vcpu.Domain, pending[i]);
        return done;
    }

    /// <summary>The same for a list of one, without room for a batch that would have to be cleared first.</summary>
    private static bool UnmapOne(Vcpu vcpu, ulong at)
    {
        if (!GuestMemory.TryRead(at, out GrantTableUnmapGrantRef op))
            return false;
        GrantStatus status = GrantMapper.BeginUnmap(vcpu, op, out PendingUnmap unmap);
        op.Status = (short)status;
        bool done = GuestMemory.TryWrite(at, op);
        if (status == GrantStatus.Okay)
        {
            GuestFlush.FlushAll(vcpu.Domain);
            GrantMapper.FinishUnmap(vcpu.Domain, unmap);
        }
        return done;
    }

    [InlineArray(Batch)]
    private struct PendingUnmaps
    {
        private PendingUnmap _first;
    }
}
