using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Changes of single page-table entries on behalf of a guest: the new entry's references are taken, the entry is exchanged in one atomic step, the old entry's references
/// are given back. So at no moment does an entry stand in a table without its references.
/// </summary>
internal static class PageTableUpdate
{
    /// <summary>
    /// Changes an entry of a table of the vCPU's domain, whatever its level. The frame that the new entry names belongs to <paramref name="owner"/>.
    /// <see cref="XenError.Restart"/> if it has to be called again; otherwise, if it is not <see cref="XenError.None"/>, nothing was changed.
    /// </summary>
    internal static XenError UpdateEntry(Vcpu vcpu, Domain owner, Mfn table, int index, PageTableEntry value, bool preserveAccessedDirty)
    {
        StepBudget budget = new(vcpu);
        return Update(vcpu.Domain, FrameBits.OwnerOf(owner), table, index, value, preserveAccessedDirty, ref budget);
    }

    /// <summary>The same for a table of any domain, and for frames that belong to no domain (DOMID_IO, DOMID_XEN).</summary>
    internal static XenError Update(Domain tableOwner, uint pageOwner, Mfn table, int index, PageTableEntry value, bool preserveAccessedDirty, ref StepBudget budget)
    {
        L1Change change = new(FrameBits.OwnerOf(tableOwner), pageOwner, index, preserveAccessedDirty);
        MachineMemory memory = Host.Current.Memory;
        return TryUpdateQuickly(memory, tableOwner, table, value, change, ref budget) ? XenError.None : UpdateSlowly(memory, tableOwner, table, value, change, ref budget);
    }

    /// <summary>Changes an entry of an L1 table if nothing is in the way. False if nothing was changed: then it may go the slow way, or not at all.</summary>
    internal static bool TryUpdateQuickly(MachineMemory memory, Domain tableOwner, Mfn table, PageTableEntry value, L1Change change, ref StepBudget budget)
    {
        FrameTable frames = memory.Frames;
        Mfn frame = table;
        if (value.IsPresent)
        {
            if ((value.Bits & EntryRules.L1Forbidden(tableOwner.IsPrivileged)) != 0)
                return false;
            frame = value.Frame;
            value = EntryRules.AdjustL1(value);
        }
        if (!frames.Contains(table) || !frames.Contains(frame))
            return false;
        L1Outcome outcome = MmuEntryExchange.TryReplace(ref frames[table], ref frames[frame], PageTableView.At(table), value, change, out PageTableEntry old);
        FaultInjection.Point();
        if (outcome == L1Outcome.Replaced)
        {
            if (old.IsPresent)
                memory.Types.ReleaseL1(old);
            return true;
        }
        return outcome == (L1Outcome.Replaced | L1Outcome.SameReferences) || Settle(memory.Types, outcome, table, frame, old, ref budget);
    }

    /// <summary>Who changes an entry that others change all the time gives up after so many attempts.</summary>
    internal const int Patience = 1000;

    /// <summary>
    /// Takes an entry that maps a frame out of an L1 table of the domain, for grant mappings. Its reference is the caller's to give back (<see cref="PageTypes.ReleaseOwed"/>);
    /// <paramref name="owed"/> says from the moment on when the entry is gone. <see cref="XenError.Invalid"/> if it maps something else.
    /// </summary>
    internal static XenError ClearL1(Domain tableOwner, Mfn table, int index, Mfn expected, ref OwedEntry owed)
    {
        MachineMemory memory = Host.Current.Memory;
        FrameTable frames = memory.Frames;
        for (int attempt = 0; attempt < Patience; attempt++)
        {
            if (!PvMemory.IsOwnL1Table(tableOwner, table))
                return XenError.Invalid;
            PageTableView view = PageTableView.At(table);
            PageTableEntry present = view[index];
            if (!present.IsPresent || present.Frame != expected)
                return XenError.Invalid;
            L1Outcome outcome = MmuEntryExchange.TryClear(ref frames[table], FrameBits.OwnerOf(tableOwner), view, index, present, ref owed, out _);
            if ((outcome & L1Outcome.TableIsLast) != 0)
            {
                StepBudget budget = StepBudget.ForCaller();
                memory.Types.PutTable(table, ref budget);
            }
            if ((outcome & L1Outcome.Replaced) != 0)
                return XenError.None;
        }
        return XenError.Invalid;
    }

    /// <summary>Cleans up after a try that was not simply successful. True if the entry is in place all the same.</summary>
    private static bool Settle(PageTypes types, L1Outcome outcome, Mfn table, Mfn frame, PageTableEntry old, ref StepBudget budget)
    {
        if ((outcome & L1Outcome.TableIsLast) != 0)
            types.PutTable(table, ref budget);
        if ((outcome & L1Outcome.ForeignType) != 0)
            types.PutType(frame);
        if ((outcome & L1Outcome.General) != 0)
            types.PutReference(frame);
        if ((outcome & L1Outcome.Replaced) == 0)
            return false;
        if ((outcome & L1Outcome.SameReferences) == 0 && old.IsPresent)
            types.ReleaseL1(old);
        return true;
    }

    /// <summary>Changes an entry of a table of any level, or of a frame that is none.</summary>
    internal static XenError UpdateSlowly(MachineMemory memory, Domain tableOwner, Mfn table, PageTableEntry value, L1Change change, ref StepBudget budget)
    {
        if (!memory.Frames.Contains(table))
            return XenError.Invalid;
        int held = memory.Types.EnterTable(table, tableOwner, out int level);
        if (held < 0)
            return UpdatePlain(memory.Types, tableOwner, table, change.Index, value, ref budget);
        XenError error;
        if (level == 1)
            error = UpdateL1(memory.Types, tableOwner, change.FrameOwner, table, change.Index, value, change.Preserves, ref budget);
        else if (change.FrameOwner != change.TableOwner || (level == 4 && EntryRules.IsHypervisorSlot(change.Index)))
            error = XenError.Invalid;
        else
            error = UpdateUpper(memory.Types, tableOwner, level, table, change.Index, value, change.Preserves, ref budget);
        memory.Types.LeaveTable(table, held, ref budget);
        return error;
    }

    /// <summary>Changes an entry of a table that a walk has found: an L1 table, or nothing.</summary>
    internal static XenError UpdateFound(MachineMemory memory, Domain tableOwner, Mfn table, PageTableEntry value, L1Change change, ref StepBudget budget)
    {
        int held = memory.Types.EnterTable(table, tableOwner, out int level);
        if (held < 0)
            return XenError.Invalid;
        XenError error = level == 1
            ? UpdateL1(memory.Types, tableOwner, change.FrameOwner, table, change.Index, value, change.Preserves, ref budget)
            : XenError.Invalid;
        memory.Types.LeaveTable(table, held, ref budget);
        return error;
    }

    private static XenError UpdateL1(PageTypes types, Domain tableOwner, uint pageOwner, Mfn table, int index, PageTableEntry value, bool preserveAccessedDirty, ref StepBudget budget)
    {
        if (value.IsPresent)
        {
            XenError error = types.AcquireL1(value, pageOwner, tableOwner, ref budget, out value);
            if (error != XenError.None)
                return error;
        }
        PageTableEntry old = Exchange(PageTableView.At(table), index, value, preserveAccessedDirty);
        if (old.IsPresent)
            types.ReleaseL1(old);
        return XenError.None;
    }

    private static XenError UpdateUpper(PageTypes types, Domain domain, int level, Mfn table, int index, PageTableEntry value, bool preserveAccessedDirty, ref StepBudget budget)
    {
        if (value.IsPresent)
        {
            XenError error = types.AcquireUpper(level, table, value, domain, ref budget, out value);
            if (error != XenError.None)
                return error;
        }
        PageTableEntry old = Exchange(PageTableView.At(table), index, value, preserveAccessedDirty);
        types.ReleaseUpper(table, old, ref budget);
        return XenError.None;
    }

    /// <summary>Exchanges an entry; if asked to, the new one keeps what the CPU noted in the old one.</summary>
    private static PageTableEntry Exchange(PageTableView view, int index, PageTableEntry value, bool preserveAccessedDirty)
    {
        if (!preserveAccessedDirty || !value.IsPresent)
            return view.Exchange(index, value);
        PageTableEntry present = view[index];
        for (;;)
        {
            PageTableEntry seen = view.CompareExchange(index, value.With(present.Bits & (PageFlags.Accessed | PageFlags.Dirty)), present);
            if (seen.Bits == present.Bits)
                return seen;
            present = seen;
        }
    }

    /// <summary>The frame is no page table: the guest could write there itself if it had it mapped.</summary>
    private static XenError UpdatePlain(PageTypes types, Domain owner, Mfn frame, int index, PageTableEntry value, ref StepBudget budget)
    {
        XenError error = types.GetWritable(frame, ref Host.Current.Memory.Frames[frame], FrameBits.OwnerOf(owner), ref budget);
        if (error != XenError.None)
            return error == XenError.Restart ? error : XenError.Invalid;
        PageTableView.At(frame).Write(index, value);
        types.PutType(frame);
        return XenError.None;
    }
}
