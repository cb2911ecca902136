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
    FrameIsForeign = 8,

    /// <summary>The entry was not the expected one and has not been changed.</summary>
    Differs = 16,

    /// <summary>The new entry's reference was taken although the entry has not been changed; the caller has it.</summary>
    HasReference = 32,
}

/// <summary>
/// The change of one L1 entry when nothing is in the way, which is nearly always: the table is one and stays one, the frame's type is in force already. Three locked operations:
/// hold the table, take the frame, exchange the entry; letting go of the table and of the old frame are two more.
/// </summary>
internal static class MmuEntryExchange
{
    /// <summary>Tries once. The entry is checked and adjusted; if it is not present, <paramref name="frame"/> is not looked at.</summary>
    [Commit]
    internal static L1Outcome TryReplace(
        ref FrameInfo table, uint tableOwner, ref FrameInfo frame, uint frameOwner, PageTableView view, int index, PageTableEntry value, bool preserveAccessedDirty, out PageTableEntry old)
    {
        old = default;
        if (table.Owner != tableOwner || !TryEnter(ref table))
            return L1Outcome.None;
        L1Outcome outcome = L1Outcome.None;
        // Until now the owner could have changed.
        if (table.Owner == tableOwner)
        {
            old = view[index];
            if (value.IsPresent && ((old.Bits ^ value.Bits) & EntryRules.SameReference) == 0)
            {
                ulong kept = preserveAccessedDirty ? old.Bits & (PageFlags.Accessed | PageFlags.Dirty) : 0;
                if (view.CompareExchange(index, value.With(kept), old).Bits == old.Bits)
                    outcome = L1Outcome.Replaced | L1Outcome.SameReferences;
            }
            else if (!preserveAccessedDirty)
            {
                outcome = value.IsPresent ? Take(ref frame, frameOwner, value.IsWritable) : L1Outcome.Replaced;
                if (outcome == L1Outcome.Replaced)
                    old = view.Exchange(index, value);
            }
        }
        return Leave(ref table) ? outcome : outcome | L1Outcome.TableIsLast;
    }

    /// <summary>The same, if the entry still is <paramref name="expected"/>; <paramref name="found"/> is what was there.</summary>
    [Commit]
    internal static L1Outcome TryCompareExchange(
        ref FrameInfo table, uint owner, ref FrameInfo frame, PageTableView view, int index, PageTableEntry expected, PageTableEntry value, out PageTableEntry found)
    {
        found = expected;
        if (table.Owner != owner || !TryEnter(ref table))
            return L1Outcome.None;
        L1Outcome outcome = L1Outcome.None;
        if (table.Owner == owner)
        {
            bool sharesReferences = value.IsPresent && ((value.Bits ^ expected.Bits) & EntryRules.SameReference) == 0;
            outcome = sharesReferences ? L1Outcome.Replaced | L1Outcome.SameReferences
                : value.IsPresent ? Take(ref frame, owner, value.IsWritable)
                : L1Outcome.Replaced;
            if ((outcome & L1Outcome.Replaced) != 0)
            {
                found = view.CompareExchange(index, value, expected);
                if (found.Bits != expected.Bits)
                    outcome = sharesReferences || !value.IsPresent ? L1Outcome.Differs : L1Outcome.Differs | L1Outcome.HasReference;
            }
        }
        return Leave(ref table) ? outcome : outcome | L1Outcome.TableIsLast;
    }

    /// <summary>Takes the reference that a new entry needs: Replaced if that went well.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static L1Outcome Take(ref FrameInfo frame, uint owner, bool writable)
    {
        unchecked
        {
            ulong count = Volatile.Read(ref frame.Count);
            if (((uint)(count >> FrameBits.OwnerShift) & 0xffff) != owner || (uint)count - 1 >= FrameBits.MostReferences - 1)
                return L1Outcome.None;
            if (!writable)
                return Interlocked.CompareExchange(ref frame.Count, count + 1, count) == count ? L1Outcome.Replaced : L1Outcome.None;
            ulong type = Volatile.Read(ref frame.Type);
            if (!FrameCounts.IsValid(type, PageType.Writable) || Interlocked.CompareExchange(ref frame.Type, type + 1, type) != type)
                return L1Outcome.None;
            return frame.Owner == owner ? L1Outcome.Replaced : L1Outcome.FrameIsForeign;
        }
    }

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
