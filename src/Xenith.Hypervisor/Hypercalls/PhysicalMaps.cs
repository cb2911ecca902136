using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// The operations of memory_op that change a translated physical map (public/memory.h). A PV domain has none: it sees machine frames. What is left is the check of the arguments in Xen's
/// order, and then the error that says so.
/// </summary>
internal static class PhysicalMaps
{
    /// <summary>XENMEM_add_to_physmap.</summary>
    internal static XenError Add(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out AddToPhysmap request))
            return XenError.BadAddress;
        // Frames of other domains come in lists only.
        return request.Space == (uint)MapSpace.GmfnForeign ? XenError.NotImplemented : Refuse(caller, request.Domid);
    }

    /// <summary>XENMEM_add_to_physmap_batch.</summary>
    internal static XenError AddBatch(Domain caller, ulong argument) =>
        GuestMemory.TryRead(argument, out AddToPhysmapBatch request) ? Refuse(caller, request.Domid) : XenError.BadAddress;

    /// <summary>XENMEM_remove_from_physmap.</summary>
    internal static XenError Remove(Domain caller, ulong argument) =>
        GuestMemory.TryRead(argument, out RemoveFromPhysmap request) ? Refuse(caller, request.Domid) : XenError.BadAddress;

    /// <summary>XENMEM_get_pod_target and XENMEM_set_pod_target: memory that is there only once it is touched, for domains with a translated map.</summary>
    internal static XenError PodTarget(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PodTarget request))
            return XenError.BadAddress;
        if (DomainLookup.FindAny(caller, request.Domid) is null)
            return XenError.NoSuchDomain;
        return caller.IsPrivileged ? XenError.Invalid : XenError.NotPermitted;
    }

    /// <summary>XENMEM_get_vnumainfo: no domain has virtual nodes yet.</summary>
    internal static XenError VirtualNodes(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out VnumaTopologyInfo request))
            return XenError.BadAddress;
        if (request.Pad != 0)
            return XenError.Invalid;
        return DomainLookup.FindAny(caller, request.Domid) is not Domain target ? XenError.NoSuchDomain
            : DomainLookup.MayTarget(caller, target) ? XenError.NotSupported : XenError.NotPermitted;
    }

    /// <summary>XENMEM_access_op: rights to single pages, which need nested paging. A domain never asks for itself.</summary>
    internal static XenError Access(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out MemAccessOpArgs request))
            return XenError.BadAddress;
        if (request.Domid == DomainIds.Self || request.Domid == caller.Id)
            return XenError.NotPermitted;
        if (DomainLookup.Find(request.Domid) is null)
            return XenError.NoSuchDomain;
        return caller.IsPrivileged ? XenError.Invalid : XenError.NotPermitted;
    }

    /// <summary>XENMEM_reserved_device_memory_map: memory that firmware uses with devices. It concerns who translates their addresses; without an IOMMU in use there is none.</summary>
    internal static XenError ReservedDevices(ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out ReservedDeviceMemoryMap request))
            return XenError.BadAddress;
        if ((request.Flags & ~MemoryConstants.RdmAll) != 0)
            return XenError.Invalid;
        request.NrEntries = 0;
        return GuestMemory.TryWrite(argument, request) ? XenError.None : XenError.BadAddress;
    }

    private static XenError Refuse(Domain caller, ushort id) =>
        DomainLookup.FindAny(caller, id) is not Domain target ? XenError.NoSuchDomain
            : DomainLookup.MayTarget(caller, target) ? XenError.AccessDenied : XenError.NotPermitted;
}
