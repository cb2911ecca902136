using System.Runtime.CompilerServices;
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
        uint before = 0;
        if ((count & Preempted) != 0)
        {
            count &= ~Preempted;
            if (doneAddress != 0)
                GuestMemory.TryRead(doneAddress, out before);
        }

        uint done = 0;
        XenError error = MmuOwners.TryResolve(vcpu.Domain, unchecked((uint)domains), out MmuOwners owners);
        while (error == XenError.None && done < count)
        {
            if (done != 0 && (unfinished.Any || Continuation.IsDue(vcpu)))
            {
                error = XenError.Restart;
                break;
            }
            if (!GuestMemory.TryRead(list, out ulong pointer) || !GuestMemory.TryRead(unchecked(list + 8), out ulong value))
                error = XenError.BadAddress;
            else
                error = UpdateOne(vcpu.Domain, owners, pointer, value, ref budget);
            if (error != XenError.None)
                break;
            budget.Step();
            list = unchecked(list + RequestSize);
            done++;
        }

        if (doneAddress != 0)
            GuestMemory.TryWrite(doneAddress, unchecked(before + done));
        if (error == XenError.Restart || (error == XenError.None && unfinished.Any))
            return Continuation.Again(number, list, (count - done) | Preempted, doneAddress, domains);
        return error.ToResult();
    }

    private static XenError UpdateOne(Domain caller, in MmuOwners owners, ulong pointer, ulong value, ref StepBudget budget)
    {
        Mfn frame = new(pointer >> AddressSpace.PageShift);
        switch (pointer & 7)
        {
            case (ulong)MmuUpdateCommand.NormalPtUpdate:
            case (ulong)MmuUpdateCommand.PtUpdatePreserveAd:
            case (ulong)MmuUpdateCommand.PtUpdateNoTranslate:
                bool preserve = (pointer & 7) == (ulong)MmuUpdateCommand.PtUpdatePreserveAd;
                return PageTableUpdate.Update(owners.Tables, owners.Frames, frame, (int)(pointer & (AddressSpace.PageSize - 1)) >> 3, new PageTableEntry(value), preserve, ref budget);
            case (ulong)MmuUpdateCommand.MachphysUpdate:
                return owners.Tables == caller ? SetMachineToPhysical(frame, owners.Frames, value) : XenError.NotPermitted;
            default:
                return XenError.NotImplemented;
        }
    }

    private static XenError SetMachineToPhysical(Mfn frame, uint owner, ulong pfn)
    {
        MachineMemory memory = Host.Current.Memory;
        if (!memory.Types.TryGetReference(frame, owner))
            return XenError.Invalid;
        memory.M2P.Set(frame, pfn);
        memory.Types.PutReference(frame);
        return XenError.None;
    }
}

/// <summary>Whose tables are changed, and whose frames may be mapped: the last argument of mmu_update.</summary>
internal readonly struct MmuOwners
{
    private MmuOwners(Domain tables, uint frames)
    {
        Tables = tables;
        Frames = frames;
    }

    /// <summary>Owner of the page tables.</summary>
    internal Domain Tables { get; }

    /// <summary>Owner of the mapped frames: domain id + 1.</summary>
    internal uint Frames { get; }

    /// <summary>Bits 0 to 15 name the owner of the frames; bits 16 to 31, if not 0, are one more than the id of the owner of the tables.</summary>
    internal static XenError TryResolve(Domain caller, uint domains, out MmuOwners owners)
    {
        owners = new MmuOwners(caller, FrameBits.OwnerOf(caller));
        return domains == DomainIds.Self ? XenError.None : TryResolveForeign(caller, domains, ref owners);
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
        if (id == caller.Id || (id != DomainIds.Xen && Host.Current.Domains.Find(id) is null))
            return XenError.NoSuchDomain;
        owner = id + 1u;
        return caller.IsPrivileged ? XenError.None : XenError.NotPermitted;
    }

    private static XenError TryResolveForeign(Domain caller, uint domains, ref MmuOwners owners)
    {
        Domain tables = caller;
        uint tableId = domains >> 16;
        if (tableId != 0)
        {
            if (Host.Current.Domains.Find(tableId - 1) is not Domain found)
                return XenError.NoSuchDomain;
            if (found != caller && !caller.IsPrivileged)
                return XenError.NotPermitted;
            tables = found;
        }
        XenError error = TryFindFrameOwner(caller, (ushort)(domains & 0xffff), out uint frames);
        owners = new MmuOwners(tables, frames);
        return error;
    }
}
