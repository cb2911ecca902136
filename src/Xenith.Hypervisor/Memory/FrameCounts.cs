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

    /// <summary>True if a type has references, and room for one more, whether pinned or not.</summary>
    [Commit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsValid(ulong bits, PageType type)
    {
        unchecked
        {
            return (uint)bits - 1 < FrameBits.MostReferences - 1 && (int)(bits >> TypeBits.TypeShift) == (int)type;
        }
    }

    /// <summary>Changes the type word if nobody else has since it was read.</summary>
    [Commit]
    internal static bool TryChangeType(ref FrameInfo frame, ulong from, ulong to) => Interlocked.CompareExchange(ref frame.Type, to, from) == from;
}
