using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Grants;

/// <summary>
/// Mapping and unmapping granted frames in a PV guest. The page-table entry holds references of its own like any other, and the handle holds one more: so even a guest that
/// removes the entry by other means cannot use a frame that it has no reference to, nor end the loan without its handle.
/// </summary>
internal static class GrantMapper
{
    private const GrantMapFlags Kinds = GrantMapFlags.HostMap | GrantMapFlags.DeviceMap;

    /// <summary>The bits that a guest may choose in the entry: three, at bit 16 of the flags and at bit 9 of the entry.</summary>
    private const int AvailableShift = 16;
    private const uint AvailableMask = 7;
    private const int EntryAvailableShift = 9;

    /// <summary>GNTTABOP_map_grant_ref: one request. <see cref="GrantStatus.Eagain"/> is for the caller, who tries the request again.</summary>
    internal static GrantStatus Map(Vcpu vcpu, ref GrantTableMapGrantRef op)
    {
        GrantMapFlags flags = (GrantMapFlags)op.Flags;
        if ((flags & Kinds) == 0)
            return GrantStatus.BadGntref;
        if (Host.Current.Domains.Find(op.Dom) is not Domain granter)
            return GrantStatus.BadDomain;
        GrantMappings mappings = vcpu.Domain.Grants.Mappings;
        ref GrantMapping mapping = ref mappings.Reserve(out uint handle);
        if (handle == GrantMappings.None)
            return GrantStatus.NoDeviceSpace;

        GrantStatus status = Pin(vcpu.Domain, granter, op.Ref, flags, out Mfn frame);
        if (status == GrantStatus.Okay && (flags & GrantMapFlags.HostMap) != 0)
        {
            status = Install(vcpu, granter, op.HostAddr, flags, frame);
            if (status != GrantStatus.Okay)
                Unpin(granter, op.Ref, flags, flags);
        }
        if (status != GrantStatus.Okay)
        {
            mappings.Leave(handle, 0);
            return status;
        }
        mapping.Set(granter.Id, op.Ref, unchecked((ushort)(op.Flags & 0x1f)));
        op.Handle = handle;
        op.DevBusAddr = frame.Address;
        return GrantStatus.Okay;
    }

    /// <summary>
    /// First half of GNTTABOP_unmap_grant_ref: the entry goes. The loan lasts until <see cref="FinishUnmap"/>, before which the caller flushes the TLB.
    /// </summary>
    internal static GrantStatus BeginUnmap(Vcpu vcpu, in GrantTableUnmapGrantRef op, out PendingUnmap pending)
    {
        pending = default;
        GrantMappings mappings = vcpu.Domain.Grants.Mappings;
        if (!mappings.TryEnter(op.Handle, out GrantMapping mapping))
            return GrantStatus.BadHandle;
        GrantMapFlags flags = (GrantMapFlags)mapping.Flags;
        pending.Handle = op.Handle;
        pending.Mapping = mapping;
        GrantStatus status = Host.Current.Domains.Find(mapping.Granter) is Domain granter
            ? Remove(vcpu, granter, op, flags, ref pending)
            : GrantStatus.GeneralError;
        if (status != GrantStatus.Okay)
            mappings.Leave(op.Handle, mapping.Flags);
        return status;
    }

    /// <summary>Second half: gives the references back, and ends the handle if nothing of it is left.</summary>
    internal static void FinishUnmap(Domain domain, in PendingUnmap pending)
    {
        if ((pending.Done & GrantMapFlags.HostMap) != 0)
            Host.Current.Memory.Types.ReleaseOwed(pending.Frame, ref domain.Grants.Mappings.OwedOf(pending.Handle));
        GrantMapFlags flags = (GrantMapFlags)pending.Mapping.Flags;
        if (Host.Current.Domains.Find(pending.Mapping.Granter) is Domain granter)
            Unpin(granter, pending.Mapping.Reference, pending.Done, flags);
        domain.Grants.Mappings.Leave(pending.Handle, (ushort)(flags & ~pending.Done));
    }

    /// <summary>One use of the grant for each kind of mapping.</summary>
    private static GrantStatus Pin(Domain domain, Domain granter, uint reference, GrantMapFlags flags, out Mfn frame)
    {
        bool readOnly = (flags & GrantMapFlags.Readonly) != 0;
        GrantStatus status = granter.Grants.Pin(reference, domain.Id, readOnly, out frame);
        if (status != GrantStatus.Okay || (flags & Kinds) != Kinds)
            return status;
        status = granter.Grants.Pin(reference, domain.Id, readOnly, out frame);
        if (status != GrantStatus.Okay)
            granter.Grants.Unpin(reference, readOnly);
        return status;
    }

    /// <summary>Ends the uses of a grant that the kinds of mapping stand for.</summary>
    internal static void Unpin(Domain granter, uint reference, GrantMapFlags kinds, GrantMapFlags flags)
    {
        bool readOnly = (flags & GrantMapFlags.Readonly) != 0;
        if ((kinds & GrantMapFlags.HostMap) != 0)
            granter.Grants.Unpin(reference, readOnly);
        if ((kinds & GrantMapFlags.DeviceMap) != 0)
            granter.Grants.Unpin(reference, readOnly);
    }

    private static GrantStatus Install(Vcpu vcpu, Domain granter, ulong address, GrantMapFlags flags, Mfn frame)
    {
        if (!TryFindEntry(vcpu, address, flags, out Mfn table, out int index))
            return GrantStatus.GeneralError;
        ulong bits = PageFlags.Present | PageFlags.Accessed | PageFlags.Dirty
            | ((flags & GrantMapFlags.ApplicationMap) != 0 ? PageFlags.User : 0)
            | ((flags & GrantMapFlags.Readonly) != 0 ? 0 : PageFlags.Writable)
            | (ulong)((uint)flags >> AvailableShift & AvailableMask) << EntryAvailableShift;
        MachineMemory memory = Host.Current.Memory;
        StepBudget budget = new(vcpu);
        L1Change change = new(FrameBits.OwnerOf(vcpu.Domain), FrameBits.OwnerOf(granter), index, false);
        // The use of the grant keeps the frame what it is, so an attempt fails only if another CPU is at the same table or frame.
        for (int attempt = 0; attempt < PageTableUpdate.Patience; attempt++)
        {
            if (PageTableUpdate.TryUpdateQuickly(memory, vcpu.Domain, table, new PageTableEntry(frame, bits), change, ref budget))
                return GrantStatus.Okay;
            if (!PvMemory.IsOwnL1Table(vcpu.Domain, table))
                return GrantStatus.GeneralError;
        }
        return GrantStatus.GeneralError;
    }

    private static GrantStatus Remove(Vcpu vcpu, Domain granter, in GrantTableUnmapGrantRef op, GrantMapFlags flags, ref PendingUnmap pending)
    {
        Mfn frame = granter.Grants.PinnedFrame(pending.Mapping.Reference);
        bool device = op.DevBusAddr != 0 && (flags & GrantMapFlags.DeviceMap) != 0;
        if (device && op.DevBusAddr != frame.Address)
            return GrantStatus.GeneralError;
        if (op.HostAddr != 0 && (flags & GrantMapFlags.HostMap) != 0)
        {
            if (!TryFindEntry(vcpu, op.HostAddr, flags, out Mfn table, out int index)
                || PageTableUpdate.ClearL1(vcpu.Domain, table, index, frame, ref vcpu.Domain.Grants.Mappings.OwedOf(pending.Handle)) != XenError.None)
                return GrantStatus.GeneralError;
            pending.Frame = frame;
            pending.Done |= GrantMapFlags.HostMap;
        }
        if (device)
            pending.Done |= GrantMapFlags.DeviceMap;
        return GrantStatus.Okay;
    }

    /// <summary>The address names the page that is to be mapped, or the entry itself by its machine address.</summary>
    private static bool TryFindEntry(Vcpu vcpu, ulong address, GrantMapFlags flags, out Mfn table, out int index)
    {
        if ((flags & GrantMapFlags.ContainsPte) == 0)
        {
            index = AddressSpace.TableIndex(address, 1);
            return GuestPageWalk.TryGetL1Table(vcpu, address, out table);
        }
        table = Mfn.FromAddress(address);
        index = (int)(address % AddressSpace.PageSize / 8);
        return address % 8 == 0;
    }
}

/// <summary>A mapping whose entry is gone and whose references are not.</summary>
internal struct PendingUnmap
{
    internal uint Handle;
    internal GrantMapping Mapping;
    internal Mfn Frame;
    internal GrantMapFlags Done;
}
