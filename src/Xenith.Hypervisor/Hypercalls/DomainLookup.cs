using Xenith.Abi;
using Xenith.Hypervisor.Domains;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>How calls find the domain that they are about, and whether the caller may touch it. The rules are those of Xen's built-in policy.</summary>
internal static class DomainLookup
{
    /// <summary>The domain with an id, which may be DOMID_SELF; null if there is none.</summary>
    internal static Domain? FindAny(Domain caller, ushort id) => id == DomainIds.Self || id == caller.Id ? caller : Host.Current.Domains.Find(id);

    /// <summary>The domain with an id; DOMID_SELF is no domain here. Null if there is none.</summary>
    internal static Domain? Find(ushort id) => Host.Current.Domains.Find(id);

    /// <summary>Rule for calls that a domain makes about itself and the control domain about any.</summary>
    internal static bool MayTarget(Domain caller, Domain target) => caller == target || caller.IsPrivileged;
}
