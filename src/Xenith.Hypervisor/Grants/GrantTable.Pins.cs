using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Grants;

/// <summary>
/// The use of entries by other domains. Each use takes references to the frame, so that it stays what it is whatever the domain does; two bits in the guest's entry tell
/// the domain that the frame is being used.
/// </summary>
public sealed partial class GrantTable
{
    // Bits and offsets in struct grant_entry_v1, whose first half is flags and domain.
    private const uint EntrySize = 8, FrameOffset = 4;
    private const uint ReadingBit = 3, WritingBit = 4;
    private const int DomainShift = 16;

    /// <summary>A guest that keeps changing an entry while we mark it is told off after so many tries.</summary>
    private const int Patience = 5;

    /// <summary>Uses of each kind that an entry may have.</summary>
    private const ushort MaxPins = 0xfff0;

    private static uint EntryOffset(uint reference) => reference % EntriesPerFrame * EntrySize;

    /// <summary>
    /// Begins a use of an entry by a domain and gives the frame. <see cref="GrantStatus.Eagain"/> asks to try again: the frame is on its way to or from being a page table.
    /// </summary>
    internal GrantStatus Pin(uint reference, ushort grantee, bool readOnly, out Mfn frame)
    {
        frame = Mfn.Invalid;
        using (_lock.Enter())
        {
            if (reference >= _count * EntriesPerFrame || _isEnding)
                return GrantStatus.BadGntref;
            ref ActiveGrant active = ref Active(reference);
            if (active.IsPinned && (active.Grantee != grantee || active.Readers >= MaxPins || active.Writers >= MaxPins))
                return GrantStatus.GeneralError;

            bool first = !active.IsPinned;
            bool marks = first || (!readOnly && active.Writers == 0);
            if (marks)
            {
                GrantStatus status = Mark(reference, grantee, readOnly);
                if (status != GrantStatus.Okay)
                    return status;
            }
            frame = new Mfn(first ? Shared(reference).Load32(EntryOffset(reference) + FrameOffset) : active.Frame);
            GrantStatus taken = Use(ref active, frame, grantee, readOnly);
            if (taken != GrantStatus.Okay)
            {
                Unmark(reference, first, marks && !readOnly);
                return taken;
            }
            if (first)
            {
                _inUse++;
                Host.Current.Memory.Types.SetLoaned(frame, true);
            }
            return GrantStatus.Okay;
        }
    }

    /// <summary>Ends a use.</summary>
    internal void Unpin(uint reference, bool readOnly)
    {
        using (_lock.Enter())
        {
            ref ActiveGrant active = ref Active(reference);
            Mfn frame = new(active.Frame);
            MachineMemory memory = Host.Current.Memory;
            if (active.Readers + active.Writers == 1)
            {
                _inUse--;
                memory.Types.SetLoaned(frame, false);
            }
            ref FrameInfo info = ref memory.Frames[frame];
            DropResult result;
            do
                result = TryEndUse(ref active, ref info, readOnly, memory.Tlb);
            while (result == DropResult.Again);
            // Whoever sees that the entry is not used any more may do with the frame what he likes.
            Unmark(reference, !active.IsPinned, !readOnly && active.Writers == 0);
            if (result == DropResult.LastReference)
                memory.Types.FreeLeftover(frame);
            Invariant.Holds(result != DropResult.Underflow);
            if (_isEnding && _inUse == 0)
                EndSharing();
        }
    }

    /// <summary>Ends all uses of a domain in one part of the table. False if there is no such part.</summary>
    internal bool TryReleaseAllOf(ushort grantee, uint part)
    {
        if (part >= _count)
            return false;
        for (uint reference = part * EntriesPerFrame, end = reference + EntriesPerFrame; reference < end; reference++)
        {
            while (IsUsed(reference, grantee, out bool readOnly))
                Unpin(reference, readOnly);
        }
        return true;
    }

    private bool IsUsed(uint reference, ushort grantee, out bool readOnly)
    {
        readOnly = false;
        using (_lock.Enter())
        {
            // The table may have ended with the last use.
            if (reference >= _count * EntriesPerFrame)
                return false;
            ref ActiveGrant active = ref Active(reference);
            readOnly = active.Readers != 0;
            return active.IsPinned && active.Grantee == grantee;
        }
    }

    /// <summary>After a trap: how many entries are in use, and the marks that say so, are made again from who uses them. The lock is held.</summary>
    private void RepairMarks()
    {
        PageTypes types = Host.Current.Memory.Types;
        _inUse = 0;
        for (uint reference = 0; reference < _count * EntriesPerFrame; reference++)
        {
            ref ActiveGrant active = ref Active(reference);
            if (active.IsPinned)
                _inUse++;
            else if (active.Frame != 0)
                types.SetLoaned(new Mfn(active.Frame), false);
            Unmark(reference, !active.IsPinned, active.Writers == 0);
        }
        for (uint reference = 0; reference < _count * EntriesPerFrame; reference++)
        {
            if (Active(reference).IsPinned)
                types.SetLoaned(new Mfn(Active(reference).Frame), true);
        }
    }

    /// <summary>Adds what the uses of entries hold of a frame: general references and those to its type.</summary>
    internal void CountUses(Mfn frame, ref uint general, ref uint typed)
    {
        using (_lock.Enter())
        {
            for (uint reference = 0; reference < _count * EntriesPerFrame; reference++)
            {
                ref ActiveGrant active = ref Active(reference);
                if (!active.IsPinned || active.Frame != frame.Value)
                    continue;
                general += active.Readers;
                typed += active.Writers;
            }
        }
    }

    private sealed class MarksRepair(GrantTable table) : Undoable
    {
        public override void Undo(ulong argument) => table.RepairMarks();
    }

    /// <summary>The frame of an entry that the caller uses, so that it cannot change.</summary>
    internal Mfn PinnedFrame(uint reference) => new(Active(reference).Frame);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ActiveGrant Active(uint reference) => ref _active[reference / EntriesPerFrame][reference % EntriesPerFrame];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private SharedArea Shared(uint reference) => _shared[reference / EntriesPerFrame];

    /// <summary>Marks the guest's entry as in use, in one step with the check that it permits the use.</summary>
    private GrantStatus Mark(uint reference, ushort grantee, bool readOnly)
    {
        SharedArea shared = Shared(reference);
        uint offset = EntryOffset(reference);
        uint entry = shared.Load32(offset);
        for (int i = 0; i < Patience; i++)
        {
            uint flags = entry & 0xffff;
            bool permits = (flags & (uint)GrantEntryFlags.TypeMask) == (uint)GrantEntryFlags.PermitAccess && entry >> DomainShift == grantee;
            if (!permits || (!readOnly && (flags & (uint)GrantEntryFlags.Readonly) != 0))
                return GrantStatus.GeneralError;
            uint marked = entry | 1u << (int)ReadingBit | (readOnly ? 0 : 1u << (int)WritingBit);
            uint seen = shared.CompareExchange32(offset, marked, entry);
            if (seen == entry)
                return GrantStatus.Okay;
            entry = seen;
        }
        return GrantStatus.GeneralError;
    }

    private void Unmark(uint reference, bool reading, bool writing)
    {
        ulong marks = (writing ? 1UL << (int)WritingBit : 0) | (reading ? 1UL << (int)ReadingBit : 0);
        if (marks != 0)
            Shared(reference).And64(EntryOffset(reference), ~marks);
    }

    /// <summary>Enters a use and takes its reference. <see cref="GrantStatus.BadPage"/> if the frame is not the domain's, <see cref="GrantStatus.GeneralError"/> if nobody may write it. The lock is held.</summary>
    private GrantStatus Use(ref ActiveGrant active, Mfn frame, ushort grantee, bool readOnly)
    {
        MachineMemory memory = Host.Current.Memory;
        if (!memory.Frames.Contains(frame))
            return GrantStatus.BadPage;
        ref FrameInfo info = ref memory.Frames[frame];
        uint owner = FrameBits.OwnerOf(_domain);
        TakeResult taken = TryBeginUse(ref active, ref info, frame, owner, grantee, readOnly);
        return taken == TakeResult.Taken ? GrantStatus.Okay : UseSlowly(memory.Types, ref active, ref info, frame, owner, grantee, readOnly, taken);
    }

    /// <summary>The same for a frame that was something else before, or that another CPU is busy with.</summary>
    private GrantStatus UseSlowly(PageTypes types, ref ActiveGrant active, ref FrameInfo info, Mfn frame, uint owner, ushort grantee, bool readOnly, TakeResult taken)
    {
        types.Return(frame, taken);
        using (ReferenceScope held = types.Hold(frame, _domain))
        {
            if (!held.Exists)
                return GrantStatus.BadPage;
        }
        if (readOnly)
        {
            taken = TryBeginUse(ref active, ref info, frame, owner, grantee, true);
            types.Return(frame, taken);
            return taken == TakeResult.Taken ? GrantStatus.Okay : GrantStatus.Eagain;
        }
        XenError error = types.HoldWritable(frame, _domain, out int writable);
        GrantStatus status = error == XenError.Restart ? GrantStatus.Eagain : GrantStatus.GeneralError;
        if (error == XenError.None)
        {
            taken = TryBeginUse(ref active, ref info, frame, owner, grantee, false);
            types.Return(frame, taken);
            status = taken == TakeResult.Taken ? GrantStatus.Okay : GrantStatus.Eagain;
        }
        types.PutHeld(frame, writable);
        return status;
    }

    /// <summary>A use and its reference come in one: wherever a trap comes, the entry says what is held.</summary>
    [Commit]
    private static TakeResult TryBeginUse(ref ActiveGrant active, ref FrameInfo info, Mfn frame, uint owner, ushort grantee, bool readOnly)
    {
        unchecked
        {
            TakeResult taken = FrameCounts.Take(ref info, owner, !readOnly);
            if (taken != TakeResult.Taken)
                return FrameCounts.Untake(ref info, taken);
            active.Frame = (uint)frame.Value;
            active.Grantee = grantee;
            if (readOnly)
                active.Readers++;
            else
                active.Writers++;
            return TakeResult.Taken;
        }
    }

    /// <summary>They go in one, too.</summary>
    [Commit]
    private static DropResult TryEndUse(ref ActiveGrant active, ref FrameInfo info, bool readOnly, TlbFlush tlb)
    {
        unchecked
        {
            DropResult result = FrameCounts.Drop(ref info, !readOnly, tlb);
            if (result == DropResult.Again)
                return result;
            if (readOnly)
                active.Readers--;
            else
                active.Writers--;
            return result;
        }
    }

    /// <summary>
    /// Takes the reference of one use of a domain's frame. <see cref="GrantStatus.BadPage"/> if it is not the domain's, <see cref="GrantStatus.GeneralError"/> if nobody may write it.
    /// </summary>
    internal static GrantStatus Take(Mfn frame, Domain owner, bool readOnly)
    {
        PageTypes types = Host.Current.Memory.Types;
        if (readOnly)
            return types.TryGetReference(frame, owner) ? GrantStatus.Okay : GrantStatus.BadPage;
        switch (types.TryGetWritable(frame, owner))
        {
            case XenError.None:
                return GrantStatus.Okay;
            case XenError.Restart:
                return GrantStatus.Eagain;
            default:
                if (!types.TryGetReference(frame, owner))
                    return GrantStatus.BadPage;
                types.PutReference(frame);
                return GrantStatus.GeneralError;
        }
    }
}
