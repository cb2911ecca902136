using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// Page tables: a frame becomes one when all its entries have been checked and hold references, and ceases to be one when its last reference goes, which gives back those of
/// its entries. Both go entry by entry, downwards through the levels, and can stop before any entry that is present.
/// </summary>
public sealed partial class PageTypes
{
    private const int Entries = 512;

    /// <summary>
    /// Takes a reference to a frame as a page table of a level, making it one if need be. <see cref="XenError.Invalid"/> if the frame is another's or is used as something else;
    /// <see cref="XenError.Restart"/> if it has to be called again; or what is wrong with an entry.
    /// </summary>
    internal XenError GetTable(Mfn table, int level, Domain domain, ref StepBudget budget)
    {
        if (!_frames.Contains(table))
            return XenError.Invalid;
        ref FrameInfo info = ref _frames[table];
        PageType type = TypeBits.TableType(level);
        uint owner = FrameBits.OwnerOf(domain);
        if (info.Owner == owner && FrameCounts.TryGetType(ref info, type))
        {
            if (info.Owner == owner)
                return XenError.None;
            PutTable(table, ref budget);
            return XenError.Invalid;
        }
        return GetType(table, ref info, type, owner, domain, XenError.Invalid, ref budget);
    }

    /// <summary>
    /// Gives a reference to a page table back. <see cref="XenError.Restart"/> if it was the last and the table's own references could not all be given back in the budget: the rest is
    /// noted for the vCPU (<see cref="Finish"/>), and the reference itself is gone in any case.
    /// </summary>
    internal XenError PutTable(Mfn table, ref StepBudget budget)
    {
        ref FrameInfo info = ref _frames[table];
        switch (FrameCounts.PutType(ref info, _tlb))
        {
            case PutResult.Remains:
                return XenError.None;
            case PutResult.Last:
                int entry = PerCpu.Ledger.Enter(_busy, table.Value);
                return Demote(table, ref info, entry, ref budget);
            default:
                Invariant.Broken();
                return XenError.None;
        }
    }

    /// <summary>
    /// Holds a page table of a domain, of whatever level, while one of its entries is changed: returns the ledger entry for <see cref="LeaveTable"/>, or a negative number if the frame is
    /// no page table of the domain at this moment.
    /// </summary>
    internal int EnterTable(Mfn table, Domain domain, out int level)
    {
        level = 0;
        if (!_frames.Contains(table))
            return -1;
        ref FrameInfo info = ref _frames[table];
        PageType type = TypeBits.TypeOf(Volatile.Read(ref info.Type));
        uint owner = FrameBits.OwnerOf(domain);
        if (!TypeBits.IsTable(type) || info.Owner != owner || !FrameCounts.TryGetType(ref info, type))
            return -1;
        int ledger = PerCpu.Ledger.Enter(_types, table.Value);
        if (info.Owner != owner)
        {
            StepBudget budget = StepBudget.ForCaller();
            LeaveTable(table, ledger, ref budget);
            return -1;
        }
        level = (int)type;
        return ledger;
    }

    /// <summary>Ends what <see cref="EnterTable"/> began.</summary>
    internal void LeaveTable(Mfn table, int ledger, ref StepBudget budget)
    {
        PerCpu.Ledger.Strike(ledger);
        PutTable(table, ref budget);
    }

    /// <summary>Sets the guest's pin, which is a reference of its own. <see cref="XenError.Invalid"/> if the table is pinned already.</summary>
    internal XenError Pin(Mfn table, int level, Domain domain, ref StepBudget budget)
    {
        // The end of a domain takes pins away once.
        if (domain.State != DomainState.Alive)
            return XenError.Invalid;
        XenError error = GetTable(table, level, domain, ref budget);
        if (error != XenError.None)
            return error;
        if ((Interlocked.Or(ref _frames[table].Type, TypeBits.Pinned) & TypeBits.Pinned) == 0)
            return XenError.None;
        PutTable(table, ref budget);
        return XenError.Invalid;
    }

    /// <summary>Takes the guest's pin away. <see cref="XenError.Invalid"/> if there is none or the frame is another's; <see cref="XenError.Restart"/> as with <see cref="PutTable"/>.</summary>
    internal XenError Unpin(Mfn table, Domain domain, ref StepBudget budget)
    {
        using ReferenceScope held = Hold(table, domain);
        if (!held.Exists || !TryTakePin(ref _frames[table]))
            return XenError.Invalid;
        return PutTable(table, ref budget);
    }

    /// <summary>Clears the pin; its reference is the caller's then.</summary>
    internal static bool TryTakePin(ref FrameInfo info) => (Interlocked.And(ref info.Type, ~TypeBits.Pinned) & TypeBits.Pinned) != 0;

    /// <summary>Goes on with demotions that a vCPU could not finish, lowest level first. <see cref="XenError.Restart"/> if there is still something left.</summary>
    internal XenError Finish(UnfinishedTables unfinished, ref StepBudget budget)
    {
        for (int level = 1; level <= 4; level++)
        {
            if (!unfinished.TryTake(level, out Mfn table, out uint owner))
                continue;
            ref FrameInfo info = ref _frames[table];
            ulong bits = Volatile.Read(ref info.Type);
            // Somebody may have gone on with it since, or want it as a table again.
            if (info.Owner == owner && (bits & TypeBits.Partial) != 0 && TypeBits.TypeOf(bits) == TypeBits.TableType(level)
                && DemotePartial(table, ref info, bits, ref budget) == XenError.Restart)
                return XenError.Restart;
        }
        return XenError.None;
    }

    /// <summary>Goes on backwards with a table that was left half-way. Its type and the general reference of that end with it.</summary>
    internal XenError DemotePartial(Mfn table, ref FrameInfo info, ulong bits, ref StepBudget budget)
    {
        if (!FrameCounts.TryChangeType(ref info, bits, bits & ~TypeBits.Partial | TypeBits.Busy))
            return XenError.None;
        int entry = PerCpu.Ledger.Enter(_busy, table.Value);
        return Demote(table, ref info, entry, ref budget);
    }

    /// <summary>Checks the entries that hold no references yet and takes them. The caller has made the frame busy and entered that into the ledger; both end here.</summary>
    private XenError Promote(Mfn table, ref FrameInfo info, Domain domain, int ledger, ref StepBudget budget)
    {
        ulong bits = Volatile.Read(ref info.Type);
        int level = (int)TypeBits.TypeOf(bits);
        uint owner = FrameBits.OwnerOf(domain);
        ulong forbidden = EntryRules.L1Forbidden(domain.IsPrivileged);
        PageTableView view = PageTableView.At(table);
        for (int n = TypeBits.EntriesOf(bits); n < Entries; n++)
        {
            PageTableEntry entry = view[n];
            if (!entry.IsPresent || (level == 4 && EntryRules.IsHypervisorSlot(n)))
                continue;
            if (budget.IsSpent)
                return Stop(ref info, ledger);
            PageTableEntry adjusted;
            TakeResult taken = level == 1 ? TakeQuickly(entry, owner, forbidden) : TakeResult.NotSimple;
            if (taken == TakeResult.Taken)
                adjusted = EntryRules.AdjustL1(entry);
            else
            {
                Return(entry.Frame, taken);
                XenError error = level == 1
                    ? AcquireL1(entry, owner, domain, ref budget, out adjusted)
                    : AcquireUpper(level, table, entry, domain, ref budget, out adjusted);
                if (error == XenError.Restart)
                    return Stop(ref info, ledger);
                if (error != XenError.None)
                {
                    Volatile.Write(ref info.Type, Volatile.Read(ref info.Type) & ~TypeBits.Promoting);
                    Demote(table, ref info, ledger, ref budget);
                    return error;
                }
            }
            if (adjusted.Bits != entry.Bits)
                view.Write(n, adjusted);
            Volatile.Write(ref info.Type, TypeBits.WithEntries(bits, unchecked(n + 1)));
            budget.Step();
            FaultInjection.Point();
        }
        FaultInjection.Point();
        if (level == 4)
            HypervisorAddressSpace.FillRootTable(view, domain);
        Volatile.Write(ref info.Type, TypeBits.One(TypeBits.TypeOf(bits)));
        PerCpu.Ledger.Strike(ledger);
        return XenError.None;
    }

    /// <summary>Gives back the references of entries, last first. The caller has made the frame busy and entered that into the ledger; both end here, and with all done so does the type's general reference.</summary>
    private XenError Demote(Mfn table, ref FrameInfo info, int ledger, ref StepBudget budget)
    {
        ulong bits = Volatile.Read(ref info.Type);
        int level = (int)TypeBits.TypeOf(bits);
        int n = TypeBits.EntriesOf(bits);
        // A table that holds nothing is not looked at.
        PageTableView view = n > 0 ? PageTableView.At(table) : default;
        while (n > 0)
        {
            PageTableEntry entry = view[n - 1];
            if (!entry.IsPresent || (level == 4 && EntryRules.IsHypervisorSlot(n - 1)))
            {
                n--;
                continue;
            }
            if (budget.IsSpent)
                return StopDemotion(table, ref info, level, ledger, ref budget);
            n--;
            Volatile.Write(ref info.Type, TypeBits.WithEntries(bits, n));
            budget.Step();
            if (level == 1)
                ReleaseL1(entry);
            else if (entry.Frame != table && PutTable(entry.Frame, ref budget) == XenError.Restart && n > 0)
                return StopDemotion(table, ref info, level, ledger, ref budget);
        }
        if (level == 4 && TypeBits.EntriesOf(bits) > 0)
        {
            for (int slot = AddressSpace.FirstHypervisorSlot; slot < AddressSpace.EndHypervisorSlot; slot++)
                view.Write(slot, default);
        }
        PerCpu.Ledger.Strike(ledger);
        EndType(table, ref info, TypeBits.TableType(level));
        return XenError.None;
    }

    private static XenError Stop(ref FrameInfo info, int ledger)
    {
        BusyUndo.Suspend(ref info);
        PerCpu.Ledger.Strike(ledger);
        return XenError.Restart;
    }

    private static XenError StopDemotion(Mfn table, ref FrameInfo info, int level, int ledger, ref StepBudget budget)
    {
        budget.Unfinished?.Note(level, table, info.Owner);
        return Stop(ref info, ledger);
    }
}
