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
        Domain domain = vcpu.Domain;
        MachineMemory memory = Host.Current.Memory;
        FrameTable frames = memory.Frames;
        Mfn frame = value.IsPresent ? value.Frame : table;
        if (frames.Contains(frame) && (!value.IsPresent || (value.Bits & EntryRules.L1Forbidden(domain.IsPrivileged)) == 0))
        {
            PageTableEntry adjusted = value.IsPresent ? EntryRules.AdjustL1(value) : value;
            L1Outcome outcome = MmuEntryExchange.TryCompareExchange(
                ref frames[table], FrameBits.OwnerOf(domain), ref frames[frame], PageTableView.At(table), index, expected, adjusted, out found);
            if (outcome == L1Outcome.Replaced)
            {
                if (expected.IsPresent)
                    memory.Types.ReleaseL1(expected);
                return XenError.None;
            }
            if (outcome is L1Outcome.Differs or (L1Outcome.Replaced | L1Outcome.SameReferences))
                return XenError.None;
            if (Settle(vcpu, outcome, table, frame, expected, adjusted))
                return XenError.None;
        }
        return UpdateSlowly(vcpu, table, index, expected, value, out found);
    }

    /// <summary>Cleans up after a try that was not simply successful. False if the long way has to be gone.</summary>
    private static bool Settle(Vcpu vcpu, L1Outcome outcome, Mfn table, Mfn frame, PageTableEntry expected, PageTableEntry value)
    {
        StepBudget budget = new(vcpu);
        PageTypes types = Host.Current.Memory.Types;
        if ((outcome & L1Outcome.ForeignType) != 0)
            types.PutType(frame);
        if ((outcome & L1Outcome.General) != 0)
            types.PutReference(frame);
        if ((outcome & L1Outcome.HasReference) != 0)
            types.ReleaseL1(value);
        if ((outcome & (L1Outcome.Replaced | L1Outcome.SameReferences)) == L1Outcome.Replaced && expected.IsPresent)
            types.ReleaseL1(expected);
        if ((outcome & L1Outcome.TableIsLast) != 0)
            types.PutTable(table, ref budget);
        return (outcome & (L1Outcome.Replaced | L1Outcome.Differs)) != 0;
    }

    private static XenError UpdateSlowly(Vcpu vcpu, Mfn table, int index, PageTableEntry expected, PageTableEntry value, out PageTableEntry found)
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
