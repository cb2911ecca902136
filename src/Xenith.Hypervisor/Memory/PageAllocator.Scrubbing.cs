using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// Zeroing of frames that were freed. The idle loop does it in small pieces, so that allocations seldom have to: a piece is taken off the lists, scrubbed without the lock, and
/// put back, where it joins its neighbours again.
/// </summary>
public sealed partial class PageAllocator
{
    /// <summary>Order of the largest piece that is scrubbed between two looks at whether something else waits.</summary>
    private const int PieceOrder = 2;

    /// <summary>Scrubs free frames until so many have been looked at or none is dirty any more; false if there was nothing to do.</summary>
    public bool ScrubSome(uint frames)
    {
        uint done = 0;
        while (done < frames && _dirty != 0)
        {
            uint piece;
            int order;
            int group;
            ulong stamp = 0;
            using (_lock.Enter())
            {
                if (!TryTakeDirty(out group, out piece, out order))
                    break;
                for (uint i = 0; i < 1u << order; i++)
                {
                    ref FrameInfo frame = ref _frames[new Mfn(piece + i)];
                    if (frame.TlbStamp > stamp)
                        stamp = frame.TlbStamp;
                    if ((frame.Count & FrameBits.Dirty) != 0)
                        _dirty--;
                    frame.Count |= FrameBits.Scrubbing;
                }
            }
            Tlb.FlushSince(stamp);
            Scrub(piece, 1u << order, true);
            using (_lock.Enter())
            {
                for (uint i = 0; i < 1u << order; i++)
                    _frames[new Mfn(piece + i)].Count = FrameBits.Managed | FrameBits.Free;
                Merge(group, piece, order, FreeLists.Clean);
            }
            done += 1u << order;
        }
        return done != 0;
    }

    /// <summary>Ends the dirty state of frames that are on no list, and zeroes those that are in it.</summary>
    private void Scrub(uint first, uint count, bool zero)
    {
        for (uint i = 0; i < count; i++)
        {
            Mfn mfn = new(first + i);
            ref FrameInfo frame = ref _frames[mfn];
            if ((frame.Count & FrameBits.Dirty) == 0)
                continue;
            if (zero)
                Frame.At(mfn).Zero();
            frame.Count &= ~FrameBits.Dirty;
        }
    }

    /// <summary>Finds a block with a dirty frame and cuts out the piece that the frame is in; it is then on no list, but still counts as free.</summary>
    private bool TryTakeDirty(out int group, out uint piece, out int order)
    {
        piece = 0;
        order = 0;
        for (group = 0; group < _lists.Groups; group++)
        {
            for (int at = _lists.SmallestOrder(group, 0); at >= 0; at = at < MaxOrder ? _lists.SmallestOrder(group, at + 1) : -1)
            {
                uint block = _lists.Last(group, at);
                uint firstDirty = FreeLists.FirstDirtyOf(in _frames[new Mfn(block)]);
                if (firstDirty == FreeLists.Clean)
                    continue;
                _lists.Remove(group, block, at);
                CutOut(group, ref block, ref at, firstDirty);
                piece = block;
                order = at;
                return true;
            }
        }
        return false;
    }

    /// <summary>Halves a block until it is small, keeping the half with the first dirty frame.</summary>
    private void CutOut(int group, ref uint block, ref int order, uint firstDirty)
    {
        while (order > PieceOrder)
        {
            order--;
            uint half = 1u << order;
            if (firstDirty < half)
                _lists.Add(group, block + half, order, 0);
            else
            {
                _lists.Add(group, block, order, FreeLists.Clean);
                block += half;
                firstDirty -= half;
            }
        }
    }
}
