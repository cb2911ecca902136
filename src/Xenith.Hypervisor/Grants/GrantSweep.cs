using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;

namespace Xenith.Hypervisor.Grants;

/// <summary>
/// The end of all that a domain uses of others' grants, when its own list of handles cannot be believed: a trap may have come between a use and its handle. The lenders' tables
/// say who uses what.
/// </summary>
internal static class GrantSweep
{
    /// <summary>Ends the domain's uses in the tables of all domains. <see cref="XenError.Restart"/> if it has to be called again.</summary>
    internal static XenError ReleaseAll(Host host, Domain user, ref StepBudget budget)
    {
        if (user.Grants.Mappings.ReleaseOwed(host, ref budget) != XenError.None)
            return XenError.Restart;
        for (; user.SweptDomain < host.Domains.End; user.SweptDomain++)
        {
            if (host.Domains.Find(user.SweptDomain) is not Domain lender)
                continue;
            for (; user.SweptPart < GrantTable.MaxFrames; user.SweptPart++)
            {
                if (budget.IsSpent)
                    return XenError.Restart;
                if (!lender.Grants.TryReleaseAllOf(user.Id, user.SweptPart))
                    break;
                budget.Step();
            }
            user.SweptPart = 0;
        }
        return XenError.None;
    }
}
