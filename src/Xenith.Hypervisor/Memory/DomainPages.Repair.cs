using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>The list of a domain's frames is a convenience: each frame says whose it is. After a trap that found the list half changed it is made again.</summary>
public sealed partial class DomainPages
{
    /// <summary>Makes list and counts again. Takes as long as there are frames; only a trap leads here. The lock is held.</summary>
    private void Rebuild()
    {
        FrameTable frames = Host.Current.Memory.Frames;
        uint owner = FrameBits.OwnerOf(_domain);
        _first = 0;
        _last = 0;
        TotalPages = 0;
        SharedPages = 0;
        _stolen = 0;
        for (ulong at = 1; at < frames.Count; at++)
        {
            Mfn frame = new(at);
            ref FrameInfo info = ref frames[frame];
            if ((info.Count & FrameBits.Free) != 0 || info.Owner != owner)
                continue;
            if ((info.Count & FrameBits.Counted) != 0)
                SharedPages++;
            if ((info.Count & FrameBits.Listed) == 0)
                continue;
            Append(frames, frame, ref info);
            TotalPages++;
            if ((info.Count & FrameBits.Stolen) != 0)
                _stolen++;
        }
        // A walk that takes the memory away begins anew.
        _cursor = _first;
        _tablesDone = false;
        _tablesChanged = false;
        if (TotalPages != 0 || SharedPages != 0)
            KeepDomain();
        else
            LetGoOfDomain();
    }

    private sealed class ListRepair(DomainPages pages) : Undoable
    {
        public override void Undo(ulong argument) => pages.Rebuild();
    }
}
