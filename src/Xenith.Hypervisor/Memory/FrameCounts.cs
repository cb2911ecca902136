using System.Runtime.CompilerServices;
using System.Threading;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>What became of a reference that was given back.</summary>
internal enum PutResult
{
    /// <summary>Others remain.</summary>
    Remains,

    /// <summary>It was the last; the caller has to do what follows from that.</summary>
    Last,

    /// <summary>There was none: the books are wrong.</summary>
    Underflow,
}

/// <summary>What became of an attempt to take the reference of a new L1 entry.</summary>
internal enum TakeResult
{
    /// <summary>The entry has its reference.</summary>
    Taken,

    /// <summary>Nothing was taken: the frame is another's, or is or was something else, or another CPU was faster.</summary>
    NotSimple,

    /// <summary>A reference to the type was taken although the frame is another's; the caller has it.</summary>
    ForeignType,

    /// <summary>A general reference was taken but no type; the caller has it.</summary>
    General,
}

/// <summary>What became of the reference of an L1 entry that is gone.</summary>
internal enum DropResult
{
    /// <summary>Others remain.</summary>
    Remains,

    /// <summary>It was the last on the frame, which is now the caller's alone, to free.</summary>
    LastReference,

    /// <summary>Another CPU was faster: again.</summary>
    Again,

    /// <summary>There was none: the books are wrong.</summary>
    Underflow,
}

/// <summary>The reference of an L1 entry that is gone already, while it has not been given back.</summary>
internal enum OwedEntry : uint
{
    None = 0,
    ReadOnly = 1,
    Writable = 2,
}

/// <summary>
/// The atomic steps on a frame's two counters, each of which either happens whole or not at all. Nothing in here can trap, so no step can be half done.
/// </summary>
internal static class FrameCounts
{
    /// <summary>Takes a general reference if the frame is the owner's and has one already.</summary>
    [Commit]
    internal static bool TryGet(ref FrameInfo frame, uint owner)
    {
        unchecked
        {
            ulong count = Volatile.Read(ref frame.Count);
            while (((uint)(count >> FrameBits.OwnerShift) & 0xffff) == owner && (uint)count - 1 < FrameBits.MostReferences - 1)
            {
                ulong seen = Interlocked.CompareExchange(ref frame.Count, count + 1, count);
                if (seen == count)
                    return true;
                count = seen;
            }
            return false;
        }
    }

    /// <summary>Gives a general reference back. After the last one the frame is the caller's alone, to free.</summary>
    [Commit]
    internal static PutResult Put(ref FrameInfo frame)
    {
        unchecked
        {
            uint left = (uint)Interlocked.Decrement(ref frame.Count);
            return left == 0 ? PutResult.Last : left <= FrameBits.MostReferences ? PutResult.Remains : PutResult.Underflow;
        }
    }

    /// <summary>
    /// Adds a reference to a type that is in force and valid. Fails if it is not, for whatever reason. The caller has to look at the owner afterwards: the reference
    /// keeps it from changing, but until then it could.
    /// </summary>
    [Commit]
    internal static bool TryGetType(ref FrameInfo frame, PageType type)
    {
        unchecked
        {
            ulong bits = Volatile.Read(ref frame.Type);
            while (IsValid(bits, type))
            {
                ulong seen = Interlocked.CompareExchange(ref frame.Type, bits + 1, bits);
                if (seen == bits)
                    return true;
                bits = seen;
            }
            return false;
        }
    }

    /// <summary>
    /// Gives back a reference to a type. The last one makes the frame busy, with a fresh TLB stamp: the caller ends that state, and then gives back the general reference that the type held.
    /// </summary>
    [Commit]
    internal static PutResult PutType(ref FrameInfo frame, TlbFlush tlb)
    {
        unchecked
        {
            ulong bits = Volatile.Read(ref frame.Type);
            for (;;)
            {
                uint references = (uint)bits;
                if (references == 0)
                    return PutResult.Underflow;
                ulong entries = (uint)(bits >> TypeBits.TypeShift) - 1 < 4 ? 512UL << TypeBits.EntriesShift : 0;
                ulong next = references > 1
                    ? bits - 1
                    : bits & ~(TypeBits.Pinned | TypeBits.EntriesMask | 0xffff_ffffUL) | TypeBits.Busy | entries;
                ulong seen = Interlocked.CompareExchange(ref frame.Type, next, bits);
                if (seen == bits)
                {
                    if (references > 1)
                        return PutResult.Remains;
                    Volatile.Write(ref frame.TlbStamp, tlb.Now);
                    return PutResult.Last;
                }
                bits = seen;
            }
        }
    }

    /// <summary>
    /// Takes the reference of a new L1 entry when that is simple, as it nearly always is: one locked operation for a frame that is mapped the same way already or is to be read only,
    /// two for the first writable mapping of a frame that was never anything else.
    /// </summary>
    [Commit]
    internal static TakeResult TryTake(ref FrameInfo frame, uint owner, bool writable)
    {
        TakeResult taken = Take(ref frame, owner, writable);
        return taken == TakeResult.Taken ? taken : Untake(ref frame, taken);
    }

    /// <summary>The same, but what comes out has still to go through <see cref="Untake"/>: as the caller's last step, so that he need not keep anything over it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TakeResult Take(ref FrameInfo frame, uint owner, bool writable)
    {
        unchecked
        {
            ulong bits = writable ? Volatile.Read(ref frame.Type) : 0;
            if (writable && IsValid(bits, PageType.Writable))
            {
                if (Interlocked.CompareExchange(ref frame.Type, bits + 1, bits) != bits)
                    return TakeResult.NotSimple;
                // Only a frame that has a reference keeps its owner.
                return frame.Owner == owner ? TakeResult.Taken : TakeResult.ForeignType;
            }
            const ulong idle = (ulong)PageType.Writable << TypeBits.TypeShift;
            ulong count = Volatile.Read(ref frame.Count);
            if (((uint)(count >> FrameBits.OwnerShift) & 0xffff) != owner || (uint)count - 1 >= FrameBits.MostReferences - 1 || (bits != 0 && bits != idle))
                return TakeResult.NotSimple;
            if (Interlocked.CompareExchange(ref frame.Count, count + 1, count) != count)
                return TakeResult.NotSimple;
            return !writable || Interlocked.CompareExchange(ref frame.Type, idle | 1, bits) == bits ? TakeResult.Taken : TakeResult.General;
        }
    }

    /// <summary>Gives back what an attempt took that did not succeed, unless that is the last reference by now. Says what the caller has then.</summary>
    [Commit]
    internal static TakeResult Untake(ref FrameInfo frame, TakeResult taken) => taken switch
    {
        TakeResult.ForeignType => TryUntakeType(ref frame) ? TakeResult.NotSimple : taken,
        TakeResult.General => TryUntake(ref frame) ? TakeResult.NotSimple : taken,
        _ => taken,
    };

    /// <summary>Gives back a reference to a type that was taken a moment ago, unless it is the last by now.</summary>
    [Commit]
    private static bool TryUntakeType(ref FrameInfo frame)
    {
        unchecked
        {
            ulong bits = Volatile.Read(ref frame.Type);
            while ((uint)bits > 1)
            {
                ulong seen = Interlocked.CompareExchange(ref frame.Type, bits - 1, bits);
                if (seen == bits)
                    return true;
                bits = seen;
            }
            return false;
        }
    }

    /// <summary>The same for a general reference.</summary>
    [Commit]
    private static bool TryUntake(ref FrameInfo frame)
    {
        unchecked
        {
            ulong count = Volatile.Read(ref frame.Count);
            while ((uint)count > 1)
            {
                ulong seen = Interlocked.CompareExchange(ref frame.Count, count - 1, count);
                if (seen == count)
                    return true;
                count = seen;
            }
            return false;
        }
    }

    /// <summary>Gives back the reference of an L1 entry that is gone; with the last writable one of a frame, the general reference that the type held goes too.</summary>
    [Commit]
    internal static DropResult TryDrop(ref FrameInfo frame, bool writable, TlbFlush tlb) => Drop(ref frame, writable, tlb);

    /// <inheritdoc cref="TryDrop"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static DropResult Drop(ref FrameInfo frame, bool writable, TlbFlush tlb)
    {
        unchecked
        {
            if (writable)
            {
                const ulong idle = (ulong)PageType.Writable << TypeBits.TypeShift;
                ulong bits = Volatile.Read(ref frame.Type);
                if (bits - idle - 2 <= uint.MaxValue - 2)
                    return Interlocked.CompareExchange(ref frame.Type, bits - 1, bits) == bits ? DropResult.Remains : DropResult.Again;
                if (bits != (idle | 1))
                    return DropResult.Underflow;
                if (Interlocked.CompareExchange(ref frame.Type, idle | TypeBits.Busy, bits) != bits)
                    return DropResult.Again;
                Volatile.Write(ref frame.TlbStamp, tlb.Now);
                Volatile.Write(ref frame.Type, idle);
            }
            uint left = (uint)Interlocked.Decrement(ref frame.Count);
            return left == 0 ? DropResult.LastReference : left <= FrameBits.MostReferences ? DropResult.Remains : DropResult.Underflow;
        }
    }

    /// <summary>True if a type has references, and room for one more, whether pinned or not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsValid(ulong bits, PageType type)
    {
        unchecked
        {
            return (uint)bits - 1 < FrameBits.MostReferences - 1 && (int)(bits >> TypeBits.TypeShift) == (int)type;
        }
    }

    /// <summary>Takes a general reference and notes it.</summary>
    [Commit]
    internal static bool TryGet(ref FrameInfo frame, uint owner, ref ulong note, ulong value)
    {
        if (!TryGet(ref frame, owner))
            return false;
        note = value;
        return true;
    }

    /// <summary>Gives back a general reference and the note of it.</summary>
    [Commit]
    internal static PutResult Put(ref FrameInfo frame, ref ulong note, ulong value)
    {
        note = value;
        return Put(ref frame);
    }

    /// <summary>Gives back the reference of a writable use and the note of it.</summary>
    [Commit]
    internal static DropResult TryDrop(ref FrameInfo frame, TlbFlush tlb, ref ulong note)
    {
        DropResult result = Drop(ref frame, true, tlb);
        if (result != DropResult.Again)
            note = 0;
        return result;
    }

    /// <summary>Gives back the reference of an L1 entry that is gone, and forgets that it was owed.</summary>
    [Commit]
    internal static DropResult TryDropOwed(ref FrameInfo frame, ref OwedEntry owed, TlbFlush tlb)
    {
        DropResult result = Drop(ref frame, owed == OwedEntry.Writable, tlb);
        if (result != DropResult.Again)
            owed = OwedEntry.None;
        return result;
    }

    /// <summary>Changes the type word if nobody else has since it was read, and notes what the caller has then.</summary>
    [Commit]
    internal static bool TryChangeType(ref FrameInfo frame, ulong from, ulong to, ref ulong note, ulong value)
    {
        if (Interlocked.CompareExchange(ref frame.Type, to, from) != from)
            return false;
        note = value;
        return true;
    }

    /// <summary>Ends the time of a busy frame, and notes what the caller has then.</summary>
    [Commit]
    internal static void SetType(ref FrameInfo frame, ulong bits, ref ulong note, ulong value)
    {
        note = value;
        Volatile.Write(ref frame.Type, bits);
    }

    /// <summary>Changes the type word if nobody else has since it was read.</summary>
    [Commit]
    internal static bool TryChangeType(ref FrameInfo frame, ulong from, ulong to) => Interlocked.CompareExchange(ref frame.Type, to, from) == from;
}
