using Xenith.Abi;
using Xenith.Machine;

namespace Xenith.Hypervisor.Grants;

/// <summary>GNTTABOP_swap_grant_ref: two entries of a domain change places, while nobody uses either.</summary>
public sealed partial class GrantTable
{
    /// <summary>Exchanges two entries. <see cref="GrantStatus.Eagain"/> if one of them is in use.</summary>
    internal GrantStatus Swap(uint one, uint other)
    {
        using (_lock.Enter())
        {
            if (one >= _count * EntriesPerFrame || other >= _count * EntriesPerFrame)
                return GrantStatus.BadGntref;
            if (one == other)
                return GrantStatus.Okay;
            if (Active(one).IsPinned || Active(other).IsPinned)
                return GrantStatus.Eagain;
            SharedArea first = Shared(one), second = Shared(other);
            ulong entry = first.Load64(EntryOffset(one));
            first.Store64(EntryOffset(one), second.Load64(EntryOffset(other)));
            second.Store64(EntryOffset(other), entry);
            return GrantStatus.Okay;
        }
    }
}
