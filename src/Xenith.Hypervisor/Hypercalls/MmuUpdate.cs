using System.Runtime.CompilerServices;
using System;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// mmu_update (1): a list of changes to page-table entries by their machine addresses, and to the machine-to-physical table (public/xen.h, MMU_*). Linux sends most of its page-table changes
/// this way, so one change of an L1 entry of the caller's own is what this is made for.
/// </summary>
internal static partial class MmuHypercalls
{
    /// <summary>In the count of mmu_update and mmuext_op: this is a continuation (Xen's MMU_UPDATE_PREEMPTED).</summary>
    private const uint Preempted = 1u << 31;

    private const ulong RequestSize = 16;

    /// <summary>Requests that are copied from the guest at a time: pairs of address and value.</summary>
    [InlineArray(2 * (int)Count)]
    private struct Requests
    {
        internal const uint Count = 8;
        private ulong _first;
    }

    /// <summary>(list, count, where to write how many were done, domains).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long MmuUpdate(ulong list, ulong countArgument, ulong doneAddress, ulong domains, ulong a5, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        UnfinishedTables unfinished = vcpu.Pv.Unfinished;
        StepBudget budget = new(vcpu);
        if (unfinished.Any && Host.Current.Memory.Types.Finish(unfinished, ref budget) == XenError.Restart)
            return Continuation.Again(number, list, countArgument, doneAddress, domains);

        uint count = unchecked((uint)countArgument);
        uint earlier = 0;
        if ((count & Preempted) != 0)
        {
            count &= ~Preempted;
            if (doneAddress != 0)
                GuestMemory.TryRead(doneAddress, out earlier);
        }

        uint done = 0;
        XenError error = MmuOwners.TryResolve(vcpu.Domain, unchecked((uint)domains), out Domain tables, out uint frames);
        if (error == XenError.None && count == 1)
        {
            error = GuestMemory.TryRead(list, out ulong pointer) && GuestMemory.TryRead(unchecked(list + 8), out ulong value)
                ? UpdateOne(Host.Current.Memory, tables, frames, pointer, value, ref budget)
                : XenError.BadAddress;
            done = error == XenError.None ? 1u : 0;
        }
        else if (error == XenError.None)
            error = UpdateMany(vcpu, tables, frames, list, count, ref done, ref budget);

        if (doneAddress != 0)
            GuestMemory.TryWrite(doneAddress, unchecked(earlier + done));
        if (error == XenError.Restart || (error == XenError.None && unfinished.Any))
            return Continuation.Again(number, unchecked(list + done * RequestSize), (count - done) | Preempted, doneAddress, domains);
        return error.ToResult();
    }

    /// <summary>Serves a list until its end, a request that cannot be served, or a reason to stop.</summary>
    private static XenError UpdateMany(Vcpu vcpu, Domain tables, uint frames, ulong list, uint count, ref uint done, ref StepBudget budget)
    {
        MachineMemory memory = Host.Current.Memory;
        UnfinishedTables unfinished = vcpu.Pv.Unfinished;
        Requests requests = default;
        while (done < count)
        {
            if (done != 0 && Continuation.IsDue(vcpu))
                return XenError.Restart;
            int chunk = (int)Math.Min(count - done, Requests.Count);
            ulong at = unchecked(list + done * RequestSize);
            // If the list leaves the guest's memory, what lies before is served one by one.
            if (!GuestMemory.TryRead(at, requests[..(2 * chunk)]))
            {
                chunk = 1;
                if (!GuestMemory.TryRead(at, requests[..2]))
                    return XenError.BadAddress;
            }
            for (int i = 0; i < chunk; i++)
            {
                XenError error = UpdateOne(memory, tables, frames, requests[2 * i], requests[2 * i + 1], ref budget);
                if (error != XenError.None)
                    return error;
                budget.Step();
                done++;
                if (unfinished.Any)
                    return done < count ? XenError.Restart : XenError.None;
            }
        }
        return XenError.None;
    }

    private static XenError UpdateOne(MachineMemory memory, Domain tables, uint frames, ulong pointer, ulong value, ref StepBudget budget)
    {
        const ulong normal = (ulong)MmuUpdateCommand.NormalPtUpdate, preserve = (ulong)MmuUpdateCommand.PtUpdatePreserveAd, untranslated = (ulong)MmuUpdateCommand.PtUpdateNoTranslate;
        ulong command = pointer & 7;
        Mfn frame = new(pointer >> AddressSpace.PageShift);
        if (command is normal or preserve or untranslated)
        {
            L1Change change = new(FrameBits.OwnerOf(tables), frames, (int)(pointer & (AddressSpace.PageSize - 1)) >> 3, command == preserve);
            return PageTableUpdate.TryUpdateQuickly(memory, tables, frame, new PageTableEntry(value), change, ref budget)
                ? XenError.None
                : PageTableUpdate.UpdateSlowly(memory, tables, frame, new PageTableEntry(value), change, ref budget);
        }
        if (command != (ulong)MmuUpdateCommand.MachphysUpdate)
            return XenError.NotImplemented;
        return tables == Serving.Domain ? SetMachineToPhysical(memory, frame, frames, value) : XenError.NotPermitted;
    }

    private static XenError SetMachineToPhysical(MachineMemory memory, Mfn frame, uint owner, ulong pfn)
    {
        if (!memory.Types.TryGetReference(frame, owner))
            return XenError.Invalid;
        memory.M2P.Set(frame, pfn);
        memory.Types.PutReference(frame);
        return XenError.None;
    }
}

/// <summary>Whose tables are changed, and whose frames may be mapped: the last argument of mmu_update.</summary>
internal static class MmuOwners
{
    /// <summary>
    /// Bits 0 to 15 name the owner of the frames (as in the frame table: domain id + 1); bits 16 to 31, if not 0, are one more than the id of the owner of the tables.
    /// </summary>
    internal static XenError TryResolve(Domain caller, uint domains, out Domain tables, out uint frames)
    {
        tables = caller;
        frames = FrameBits.OwnerOf(caller);
        return domains == DomainIds.Self ? XenError.None : TryResolveForeign(caller, domains, ref tables, out frames);
    }

    /// <summary>Owner of frames by an id, which may be DOMID_SELF, DOMID_IO or DOMID_XEN, but not the caller's own.</summary>
    internal static XenError TryFindFrameOwner(Domain caller, ushort id, out uint owner)
    {
        owner = FrameBits.OwnerOf(caller);
        if (id == DomainIds.Self)
            return XenError.None;
        if (id == DomainIds.Io)
        {
            // The caller may map what it may map of devices; the domain lends no rights.
            owner = FrameBits.IoOwner;
            return XenError.None;
        }
        if (id == caller.Id || (id != DomainIds.Xen && Host.Current.Domains.Find(id) is not { GivesReferences: true }))
            return XenError.NoSuchDomain;
        owner = id + 1u;
        return caller.IsPrivileged ? XenError.None : XenError.NotPermitted;
    }

    private static XenError TryResolveForeign(Domain caller, uint domains, ref Domain tables, out uint frames)
    {
        frames = 0;
        uint tableId = domains >> 16;
        if (tableId != 0)
        {
            if (Host.Current.Domains.Find(tableId - 1) is not Domain found)
                return XenError.NoSuchDomain;
            if (found != caller && !caller.IsPrivileged)
                return XenError.NotPermitted;
            tables = found;
        }
        return TryFindFrameOwner(caller, (ushort)(domains & 0xffff), out frames);
    }
}
