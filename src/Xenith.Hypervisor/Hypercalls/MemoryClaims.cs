using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>XENMEM_claim_pages: memory is set aside for a domain before it is populated, so that building it cannot run out half-way. The domain is named by its id; DOMID_SELF is none here.</summary>
internal static class MemoryClaims
{
    /// <summary>The call.</summary>
    internal static XenError Claim(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out MemoryReservation request))
            return XenError.BadAddress;
        if (request.ExtentStart.Value != 0 || request.ExtentOrder != 0 || request.MemFlags != 0 || DomainLookup.Find(request.Domid) is not Domain target)
            return XenError.Invalid;
        return caller.IsPrivileged ? target.Pages.Claim(request.NrExtents) : XenError.NotPermitted;
    }
}
