using System.Threading;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// Frames that a domain exchanges for others. Each is taken from it first, so that nobody can refer to it any more, then what replaces it is allocated, and then it is freed; or it is given back. An exchange
/// may stop between any two of these steps for as long as it likes: the frame says what it is, it stays on the domain's list, and ends with the domain.
/// </summary>
public sealed partial class DomainPages
{
    /// <summary>Frames that have been taken, and those of them that have been replaced. What the domain has beyond its limit is what has been replaced and not freed yet.</summary>
    private ulong _stolen, _replaced;

    /// <summary>True if the domain may have so many more frames, or has given away as many that have not been replaced.</summary>
    private bool HasRoom(ulong count, bool exchanged)
    {
        // Read once: another CPU may change it where the lock is not held yet.
        ulong total = TotalPages;
        return exchanged ? _replaced + count <= _stolen : total + count <= MaxPages;
    }

    /// <summary>Takes a frame from the domain that nobody refers to but the domain itself. False if there is another reference, or the frame is not the domain's.</summary>
    public bool TrySteal(Mfn frame)
    {
        uint owner = FrameBits.OwnerOf(_domain);
        return TryChange(frame, FrameBits.OnlyOwners(owner), FrameBits.StolenFrom(owner), Exchanged.Taken);
    }

    /// <summary>Gives a frame back to the domain that was taken and has not been replaced. False if it was not.</summary>
    public bool TryReturn(Mfn frame)
    {
        uint owner = FrameBits.OwnerOf(_domain);
        return TryChange(frame, FrameBits.StolenFrom(owner), FrameBits.OnlyOwners(owner), Exchanged.Returned);
    }

    /// <summary>Frees a frame that was taken. False if it was not.</summary>
    public bool TryFreeStolen(Mfn frame)
    {
        ulong stolen = FrameBits.StolenFrom(FrameBits.OwnerOf(_domain));
        if (!TryChange(frame, stolen, stolen & ~FrameBits.Stolen, Exchanged.Freed))
            return false;
        Host.Current.Memory.Types.FreeLeftover(frame);
        return true;
    }

    private enum Exchanged
    {
        Taken,
        Returned,
        Freed,
    }

    private bool TryChange(Mfn frame, ulong from, ulong to, Exchanged what)
    {
        FrameTable frames = Host.Current.Memory.Frames;
        if (!frames.Contains(frame))
            return false;
        ref FrameInfo info = ref frames[frame];
        using (_lock.Enter())
            return TryCount(ref info, from, to, what);
    }

    /// <summary>The frame and the counts change together. The lock is held.</summary>
    [Commit]
    private bool TryCount(ref FrameInfo info, ulong from, ulong to, Exchanged what)
    {
        unchecked
        {
            if ((what == Exchanged.Returned && _stolen == _replaced) || Interlocked.CompareExchange(ref info.Count, to, from) != from)
                return false;
            if (what == Exchanged.Taken)
            {
                _stolen++;
                return true;
            }
            _stolen--;
            if (what == Exchanged.Freed && _replaced != 0)
                _replaced--;
            return true;
        }
    }
}
