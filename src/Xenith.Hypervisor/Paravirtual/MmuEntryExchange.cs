using System.Runtime.CompilerServices;
using System.Threading;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>What happened in one try to change an L1 entry, as bits.</summary>
[System.Flags]
internal enum L1Outcome
{
    /// <summary>Nothing: something needs the long way.</summary>
    None = 0,

    /// <summary>The new entry is in place.</summary>
    Replaced = 1,

    /// <summary>The old entry's references are the new one's: there is nothing to give back.</summary>
    SameReferences = 2,

    /// <summary>The table's reference that was taken for the time of the change is now the last one; the caller has it.</summary>
    TableIsLast = 4,

    /// <summary>A reference to the frame's type was taken although the frame is another's; the caller has it.</summary>
    ForeignType = 8,

    /// <summary>A general reference to the frame was taken but no type; the caller has it.</summary>
    General = 16,

    /// <summary>The entry was not the expected one and has not been changed.</summary>
    Differs = 32,

    /// <summary>The new entry's reference was taken although the entry has not been changed; the caller has it.</summary>
    HasReference = 64,
}

/// <summary>Which entry is changed and for whom, in one word: it travels in a register.</summary>
internal readonly struct L1Change
{
    private readonly ulong _bits;

    /// <summary>Owners as in the frame table (domain id + 1); the index of the entry; whether the new entry keeps what the CPU noted in the old one.</summary>
    internal L1Change(uint tableOwner, uint frameOwner, int index, bool preserveAccessedDirty) =>
        _bits = tableOwner | (ulong)frameOwner << 16 | unchecked((ulong)(uint)index) << 32 | (preserveAccessedDirty ? 1UL << 48 : 0);

    internal uint TableOwner
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)(_bits & 0xffff);
    }

    internal uint FrameOwner
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)(_bits >> 16 & 0xffff);
    }

    internal int Index
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (int)(_bits >> 32 & 0x1ff);
    }

    internal bool Preserves
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_bits >> 48) != 0;
    }
}

/// <summary>
/// The change of one L1 entry when nothing is in the way, which is nearly always: the table is one and stays one, the frame's type is in force already. Three locked operations:
/// hold the table, take the frame, exchange the entry; letting go of the table and of the old frame are two more.
/// </summary>
internal static class MmuEntryExchange
{
    /// <summary>Something was taken for an entry that has not been written.</summary>
    private const L1Outcome Untaken = L1Outcome.ForeignType | L1Outcome.General;

    /// <summary>Tries once. The entry is checked and adjusted; if it is not present, <paramref name="frame"/> is not looked at. <paramref name="old"/> is set if it was replaced.</summary>
    [Commit]
    internal static L1Outcome TryReplace(ref FrameInfo table, ref FrameInfo frame, PageTableView view, PageTableEntry value, L1Change change, out PageTableEntry old)
    {
        old = default;
        uint owner = change.TableOwner;
        if (!TryEnter(ref table))
            return L1Outcome.None;
        // Only a frame that has a reference keeps its owner.
        L1Outcome outcome = table.Owner != owner ? L1Outcome.None : Replace(ref frame, view, value, change, ref old);
        if (!Leave(ref table))
            outcome |= L1Outcome.TableIsLast;
        return (outcome & Untaken) == 0 ? outcome : Untake(ref frame, outcome);
    }

    /// <summary>The same, if the entry still is <paramref name="expected"/>; <paramref name="found"/> is what was there.</summary>
    [Commit]
    internal static L1Outcome TryCompareExchange(
        ref FrameInfo table, uint owner, ref FrameInfo frame, PageTableView view, int index, PageTableEntry expected, PageTableEntry value, out PageTableEntry found)
    {
        found = expected;
        if (!TryEnter(ref table))
            return L1Outcome.None;
        L1Outcome outcome = L1Outcome.None;
        if (table.Owner == owner)
        {
            bool sharesReferences = value.IsPresent && ((value.Bits ^ expected.Bits) & EntryRules.SameReference) == 0;
            outcome = sharesReferences ? L1Outcome.Replaced | L1Outcome.SameReferences
                : value.IsPresent ? OutcomeOf(FrameCounts.Take(ref frame, owner, value.IsWritable))
                : L1Outcome.Replaced;
            if ((outcome & L1Outcome.Replaced) != 0)
            {
                found = view.CompareExchange(index, value, expected);
                if (found.Bits != expected.Bits)
                    outcome = sharesReferences || !value.IsPresent ? L1Outcome.Differs : L1Outcome.Differs | L1Outcome.HasReference;
            }
        }
        if (!Leave(ref table))
            outcome |= L1Outcome.TableIsLast;
        return (outcome & Untaken) == 0 ? outcome : Untake(ref frame, outcome);
    }

    /// <summary>
    /// Takes an entry out if it still is <paramref name="expected"/>; its reference stays for later, which <paramref name="owed"/> says from the same moment on. <paramref name="found"/> is what was there.
    /// </summary>
    [Commit]
    internal static L1Outcome TryClear(ref FrameInfo table, uint owner, PageTableView view, int index, PageTableEntry expected, ref OwedEntry owed, out PageTableEntry found)
    {
        found = expected;
        if (!TryEnter(ref table))
            return L1Outcome.None;
        L1Outcome outcome = L1Outcome.None;
        if (table.Owner == owner)
        {
            found = view.CompareExchange(index, default, expected);
            outcome = found.Bits == expected.Bits ? L1Outcome.Replaced : L1Outcome.Differs;
            if (outcome == L1Outcome.Replaced)
                owed = expected.IsWritable ? OwedEntry.Writable : OwedEntry.ReadOnly;
        }
        return Leave(ref table) ? outcome : outcome | L1Outcome.TableIsLast;
    }

    /// <summary>Gives it back, unless it is the last reference by now.</summary>
    [Commit]
    private static L1Outcome Untake(ref FrameInfo frame, L1Outcome outcome)
    {
        TakeResult taken = (outcome & L1Outcome.ForeignType) != 0 ? TakeResult.ForeignType : TakeResult.General;
        return FrameCounts.Untake(ref frame, taken) == taken ? outcome : outcome & ~Untaken;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static L1Outcome Replace(ref FrameInfo frame, PageTableView view, PageTableEntry value, L1Change change, ref PageTableEntry old)
    {
        int index = change.Index;
        if (value.IsPresent)
        {
            PageTableEntry present = view[index];
            if (((present.Bits ^ value.Bits) & EntryRules.SameReference) == 0)
            {
                ulong kept = change.Preserves ? present.Bits & (PageFlags.Accessed | PageFlags.Dirty) : 0;
                return view.CompareExchange(index, value.With(kept), present).Bits == present.Bits ? L1Outcome.Replaced | L1Outcome.SameReferences : L1Outcome.None;
            }
            if (change.Preserves)
                return L1Outcome.None;
            TakeResult taken = FrameCounts.Take(ref frame, change.FrameOwner, value.IsWritable);
            if (taken != TakeResult.Taken)
                return OutcomeOf(taken);
        }
        old = view.Exchange(index, value);
        return L1Outcome.Replaced;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static L1Outcome OutcomeOf(TakeResult taken) =>
        taken == TakeResult.Taken ? L1Outcome.Replaced : taken == TakeResult.ForeignType ? L1Outcome.ForeignType : taken == TakeResult.General ? L1Outcome.General : L1Outcome.None;

    /// <summary>Holds a table that is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryEnter(ref FrameInfo table)
    {
        unchecked
        {
            ulong bits = Volatile.Read(ref table.Type);
            return FrameCounts.IsValid(bits, PageType.L1) && Interlocked.CompareExchange(ref table.Type, bits + 1, bits) == bits;
        }
    }

    /// <summary>Lets go of it; false if that would be the last reference, which is kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Leave(ref FrameInfo table)
    {
        unchecked
        {
            ulong bits = Volatile.Read(ref table.Type);
            while ((uint)bits > 1)
            {
                ulong seen = Interlocked.CompareExchange(ref table.Type, bits - 1, bits);
                if (seen == bits)
                    return true;
                bits = seen;
            }
            return false;
        }
    }
}
