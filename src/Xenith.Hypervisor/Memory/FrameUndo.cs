using System.Threading;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

// What a trap undoes. None of these frees or demotes: the domain that was served is about to die, and its end walks over all of its frames, also those
// that are left with no reference or half-way here.

/// <summary>Gives a general reference back.</summary>
internal sealed class ReferenceUndo : Undoable
{
    private readonly FrameTable _frames;

    internal ReferenceUndo(FrameTable frames) => _frames = frames;

    /// <inheritdoc/>
    public override void Undo(ulong argument) => FrameCounts.Put(ref _frames[new Mfn(argument)]);
}

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
