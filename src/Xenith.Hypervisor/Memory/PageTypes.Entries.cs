using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>References of single page-table entries: what an entry needs before it may stand in a table, and what goes with it when it leaves.</summary>
public sealed partial class PageTypes
{
    /// <summary>An address of all ones: what Linux makes of INVALID_MFN.</summary>
    private const ulong InvalidFrame = PageFlags.AddressMask >> AddressSpace.PageShift;

    /// <summary>
    /// Takes the references of a present L1 entry: a writable mapping needs its frame to be of that type, another mapping only keeps the frame.
    /// <paramref name="pageOwner"/> owns the frame (domain id + 1), <paramref name="tableOwner"/> the table.
    /// </summary>
    internal XenError AcquireL1(PageTableEntry entry, uint pageOwner, Domain tableOwner, ref StepBudget budget, out PageTableEntry adjusted)
    {
        adjusted = entry;
        if ((entry.Bits & EntryRules.L1Forbidden(tableOwner.IsPrivileged)) != 0)
            return XenError.Invalid;
        Mfn frame = entry.Frame;
        if (!_frames.Contains(frame))
            return AcquireDevice(entry, pageOwner, tableOwner, out adjusted);
        ref FrameInfo info = ref _frames[frame];
        TakeResult taken = FrameCounts.TryTake(ref info, pageOwner, entry.IsWritable);
        if (taken != TakeResult.Taken)
        {
            Return(frame, taken);
            if (info.Owner == FrameBits.IoOwner)
                return AcquireDevice(entry, pageOwner, tableOwner, out adjusted);
            if (entry.IsWritable)
            {
                XenError error = GetType(frame, ref info, PageType.Writable, pageOwner, null, XenError.Busy, ref budget);
                if (error != XenError.None)
                    return error;
            }
            else if (!FrameCounts.TryGet(ref info, pageOwner))
                return XenError.Busy;
        }
        adjusted = EntryRules.AdjustL1(entry);
        return XenError.None;
    }

    /// <summary>Takes the reference of a present L1 entry if it has none of the bits that it may not have and that is simple.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TakeResult TakeQuickly(PageTableEntry entry, uint owner, ulong forbidden) =>
        (entry.Bits & forbidden) == 0 && _frames.Contains(entry.Frame) ? FrameCounts.TryTake(ref _frames[entry.Frame], owner, entry.IsWritable) : TakeResult.NotSimple;

    /// <summary>Gives back the references of an L1 entry that stands in no table any more.</summary>
    internal void ReleaseL1(PageTableEntry entry)
    {
        DropResult result = TryDropEntry(entry);
        FaultInjection.Point();
        if (result != DropResult.Remains)
            DropSlowly(entry.Frame, ref _frames[entry.Frame], entry.IsWritable, result);
    }

    /// <summary>In one with the search for the frame: so nothing that can trap lies between the moment when an entry goes and the end of its reference, whoever's the frame is.</summary>
    [Commit]
    private DropResult TryDropEntry(PageTableEntry entry)
    {
        ref FrameInfo info = ref _frames.OrFirst(entry.Frame);
        // Frame 0 lies in the same range of devices as everything else that has no references.
        return entry.Frame.Value >= _frames.Count || info.Owner == FrameBits.IoOwner ? DropResult.Remains : FrameCounts.Drop(ref info, entry.IsWritable, _tlb);
    }

    /// <summary>Gives back the reference of an entry that went earlier; <paramref name="owed"/> says which, and is nothing afterwards.</summary>
    internal void ReleaseOwed(Mfn frame, ref OwedEntry owed)
    {
        bool writable = owed == OwedEntry.Writable;
        ref FrameInfo info = ref _frames[frame];
        DropResult result;
        do
            result = FrameCounts.TryDropOwed(ref info, ref owed, _tlb);
        while (result == DropResult.Again);
        if (result != DropResult.Remains)
            DropSlowly(frame, ref info, writable, result);
    }

    private void DropSlowly(Mfn frame, ref FrameInfo info, bool writable, DropResult result)
    {
        while (result == DropResult.Again)
            result = FrameCounts.TryDrop(ref info, writable, _tlb);
        if (result == DropResult.LastReference)
            Release(frame);
        Invariant.Holds(result != DropResult.Underflow);
    }

    /// <summary>
    /// Takes the references of a present entry of a table of level 2 to 4: its frame becomes a table of the next lower level. A table may map itself, as a
    /// table of the lower level, if it does so read-only, and holds no reference to itself then.
    /// </summary>
    internal XenError AcquireUpper(int level, Mfn table, PageTableEntry entry, Domain domain, ref StepBudget budget, out PageTableEntry adjusted)
    {
        adjusted = entry.With(PageFlags.User);
        if ((entry.Bits & EntryRules.UpperForbidden) != 0)
            return XenError.Invalid;
        if (entry.Frame == table)
            return entry.IsWritable ? XenError.Invalid : XenError.None;
        return GetTable(entry.Frame, level - 1, domain, ref budget);
    }

    /// <summary>Gives back the references of an entry that stood in a table of level 2 to 4; the answer is that of <see cref="PutTable"/>.</summary>
    internal XenError ReleaseUpper(Mfn table, PageTableEntry entry, ref StepBudget budget) =>
        entry.IsPresent && entry.Frame != table ? PutTable(entry.Frame, ref budget) : XenError.None;

    /// <summary>Frames outside RAM hold no references: it is enough that the domain may map them now.</summary>
    private XenError AcquireDevice(PageTableEntry entry, uint pageOwner, Domain tableOwner, out PageTableEntry adjusted)
    {
        Mfn frame = entry.Frame;
        bool permitted = _devices.IsPermitted(tableOwner, frame, out bool readOnly);
        if (permitted && pageOwner != FrameBits.IoOwner && pageOwner != FrameBits.OwnerOf(tableOwner))
            permitted = Host.Current.Domains.Find(pageOwner - 1) is Domain other && _devices.IsPermitted(other, frame, out readOnly);
        adjusted = EntryRules.AdjustL1(readOnly ? entry.Without(PageFlags.Writable) : entry);
        adjusted = EntryRules.AdjustDevice(adjusted);
        return permitted ? XenError.None : frame.Value == InvalidFrame ? XenError.Invalid : XenError.NotPermitted;
    }
}
