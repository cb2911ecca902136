using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>What the emulation of page-table writes needs of the frame table.</summary>
internal static class PvMemory
{
    /// <summary>True if a frame is one of the domain's L1 tables at this moment.</summary>
    internal static bool IsOwnL1Table(Domain domain, Mfn frame)
    {
        FrameTable frames = Host.Current.Memory.Frames;
        if (!frames.Contains(frame))
            return false;
        ref FrameInfo info = ref frames[frame];
        return info.Owner == FrameBits.OwnerOf(domain) && FrameCounts.IsValid(Volatile.Read(ref info.Type), PageType.L1);
    }

    /// <summary>
    /// Exchanges an entry of an L1 table of the vCPU's domain, if it still is <paramref name="expected"/>; <paramref name="found"/> is what was there. The new entry's references are
    /// taken before and the old one's given back after. <see cref="XenError.Restart"/> if it has to be tried again; else, if not None, nothing has changed.
    /// </summary>
    internal static XenError UpdateL1Entry(Vcpu vcpu, Mfn table, int index, PageTableEntry expected, PageTableEntry value, out PageTableEntry found)
    {
        found = expected;
        StepBudget budget = new(vcpu);
        PageTypes types = Host.Current.Memory.Types;
        int held = types.EnterTable(table, vcpu.Domain, out int level);
        if (held < 0)
            return XenError.Invalid;
        XenError error = level == 1
            ? Exchange(types, vcpu.Domain, PageTableView.At(table), index, expected, value, out found, ref budget)
            : XenError.Invalid;
        types.LeaveTable(table, held, ref budget);
        return error;
    }

    private static XenError Exchange(
        PageTypes types, Domain domain, PageTableView view, int index, PageTableEntry expected, PageTableEntry value, out PageTableEntry found, ref StepBudget budget)
    {
        found = expected;
        bool sharesReferences = value.IsPresent && ((value.Bits ^ expected.Bits) & EntryRules.SameReference) == 0;
        if (sharesReferences)
        {
            if ((value.Bits & EntryRules.L1Forbidden(domain.IsPrivileged)) != 0)
                return XenError.Invalid;
            value = EntryRules.AdjustL1(value);
        }
        else if (value.IsPresent)
        {
            XenError error = types.AcquireL1(value, FrameBits.OwnerOf(domain), domain, ref budget, out value);
            if (error != XenError.None)
                return error;
        }

        found = view.CompareExchange(index, value, expected);
        bool exchanged = found.Bits == expected.Bits;
        PageTableEntry left = exchanged ? expected : value;
        if (!sharesReferences && left.IsPresent)
            types.ReleaseL1(left);
        return XenError.None;
    }
}
