using System;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// What a trap of ours must not cost: free memory. The lists of free blocks can be made again from the flags of the frames; frames that are on their way from or to the lists are in
/// the ledger of the CPU that has them in its hands.
/// </summary>
public sealed partial class PageAllocator
{
    /// <summary>Makes lists and counts again from what each frame says of itself. Takes as long as there are frames; only a trap leads here. The lock is held.</summary>
    private void Rebuild()
    {
        _lists.Clear();
        _free = 0;
        _dirty = 0;
        Span<ulong> groups = _freeByGroup;
        groups.Clear();
        // No block may look listed before it is.
        for (ulong at = 1; at < _frames.Count; at++)
        {
            ref FrameInfo frame = ref _frames[new Mfn(at)];
            // Others' frames change meanwhile, and have no such mark.
            if ((frame.Count & FrameBits.BlockHead) != 0)
                frame.Count &= ~FrameBits.BlockHead;
        }
        for (ulong at = 1; at < _frames.Count; at++)
        {
            ref FrameInfo frame = ref _frames[new Mfn(at)];
            if ((frame.Count & FrameBits.Free) == 0)
                continue;
            int group = GroupOf(at);
            _free++;
            _freeByGroup[group]++;
            bool dirty = (frame.Count & FrameBits.Dirty) != 0;
            // What another CPU scrubs is on no list, and is no longer counted as dirty.
            if ((frame.Count & FrameBits.Scrubbing) != 0)
                continue;
            if (dirty)
                _dirty++;
            frame.Type = 0;
            Merge(group, (uint)at, 0, dirty ? 0 : FreeLists.Clean);
        }
    }

    /// <summary>Frees those of some frames that are neither free nor anybody's.</summary>
    internal void TakeBack(ulong first, int order)
    {
        for (ulong i = 0; i < 1UL << order; i++)
        {
            if (!_frames.Contains(new Mfn(first + i)))
                return;
            ref FrameInfo frame = ref _frames[new Mfn(first + i)];
            const ulong somebodys = FrameBits.Free | FrameBits.Listed | FrameBits.Counted | FrameBits.Shared | FrameBits.Allocated | 0xffff_ffff;
            if ((frame.Count & (somebodys | FrameBits.Managed)) != FrameBits.Managed)
                continue;
            frame.Count = FrameBits.Managed;
            frame.Type = 0;
            Free(new Mfn(first + i), 0);
        }
    }

    private sealed class FreeListsRepair(PageAllocator allocator) : Undoable
    {
        public override void Undo(ulong argument) => allocator.Rebuild();
    }

    /// <summary>The ledger's word for frames between the lists and an owner.</summary>
    private sealed class FramesInHand(PageAllocator allocator) : Undoable
    {
        /// <summary>None yet. Frame 0 is never the allocator's.</summary>
        internal const ulong None = 0;

        internal static ulong Of(ulong first, int order) => first << 8 | unchecked((ulong)(uint)order);

        public override void Undo(ulong argument)
        {
            if (argument != None)
                allocator.TakeBack(argument >> 8, (int)(argument & 0xff));
        }
    }
}
