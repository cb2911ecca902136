using System.Threading;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

// What a trap undoes. None of these frees or demotes: the domain that was served is about to die, and its end walks over all of its frames, also those
// that are left with no reference or half-way here. A frame of another domain keeps the reference of its owner.

/// <summary>Ends a promotion or demotion in the state that it has reached.</summary>
internal sealed class BusyUndo : Undoable
{
    private readonly FrameTable _frames;

    internal BusyUndo(FrameTable frames) => _frames = frames;

    /// <inheritdoc/>
    public override void Undo(ulong argument) => Suspend(ref _frames[new Mfn(argument)]);

    /// <summary>Makes a busy frame partial: anybody may go on with it.</summary>
    [Commit]
    internal static void Suspend(ref FrameInfo frame)
    {
        ulong bits = Volatile.Read(ref frame.Type);
        if ((bits & TypeBits.Busy) != 0)
            Volatile.Write(ref frame.Type, bits & ~(TypeBits.Busy | TypeBits.Promoting) | TypeBits.Partial);
    }
}

/// <summary>Gives a type reference back; if it was the last, the frame is left partial.</summary>
internal sealed class TypeUndo : Undoable
{
    private readonly FrameTable _frames;
    private readonly TlbFlush _tlb;

    internal TypeUndo(FrameTable frames, TlbFlush tlb)
    {
        _frames = frames;
        _tlb = tlb;
    }

    /// <inheritdoc/>
    public override void Undo(ulong argument)
    {
        ref FrameInfo frame = ref _frames[new Mfn(argument)];
        if (FrameCounts.PutType(ref frame, _tlb) == PutResult.Last)
            BusyUndo.Suspend(ref frame);
    }
}

/// <summary>
/// What a CPU has of a frame at this moment, whoever's it is: a general reference, one to its type, or the frame itself on its way to a type that is no page table. The note changes in the same
/// [Commit] method as the frame's counters, so it is never wrong.
/// </summary>
internal sealed class FrameInHand : Undoable
{
    /// <summary>Nothing.</summary>
    internal const ulong None = 0;

    /// <summary>Added to the frame's number: a general reference, a reference to the type, the busy frame.</summary>
    internal const ulong General = 1UL << 63, Typed = 1UL << 62, Becoming = 1UL << 61;

    /// <summary>With <see cref="Becoming"/>: what the frame was before.</summary>
    internal const int FormerShift = 56;

    private const ulong FrameMask = (1UL << 40) - 1;

    private readonly FrameTable _frames;
    private readonly TlbFlush _tlb;

    internal FrameInHand(FrameTable frames, TlbFlush tlb)
    {
        _frames = frames;
        _tlb = tlb;
    }

    /// <summary>The note of a frame that becomes something else and was of a type before.</summary>
    internal static ulong OfBusy(Mfn frame, PageType former) => frame.Value | Becoming | (ulong)former << FormerShift;

    /// <inheritdoc/>
    public override void Undo(ulong argument)
    {
        if (argument == None)
            return;
        ref FrameInfo frame = ref _frames[new Mfn(argument & FrameMask)];
        if ((argument & Becoming) != 0)
        {
            // As it was: who wants it next looks at the TLBs again.
            Volatile.Write(ref frame.Type, TypeBits.Idle((PageType)(int)(argument >> FormerShift & 7)));
            FrameCounts.Put(ref frame);
        }
        if ((argument & Typed) != 0 && FrameCounts.PutType(ref frame, _tlb) == PutResult.Last)
        {
            PageType type = TypeBits.TypeOf(frame.Type);
            if (TypeBits.IsTable(type))
                BusyUndo.Suspend(ref frame);
            else
            {
                Volatile.Write(ref frame.Type, TypeBits.Idle(type));
                FrameCounts.Put(ref frame);
            }
        }
        if ((argument & General) != 0)
            FrameCounts.Put(ref frame);
    }
}
