using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>The frames of one domain: a list through the frame table, a count and a limit. A frame leaves it when its last reference goes, wherever that was.</summary>
public sealed partial class DomainPages
{
    private readonly Domain _domain;
    private readonly SpinLock _lock;
    private bool _keepsDomain;
    private uint _first;
    private uint _last;

    /// <summary>A domain without memory.</summary>
    public DomainPages(Domain domain)
    {
        _domain = domain;
        _lock = new SpinLock(LockRank.DomainPages, new ListRepair(this));
    }

    /// <summary>Frames on the list.</summary>
    public ulong TotalPages { get; private set; }

    /// <summary>Frames of the hypervisor that the domain may map, or has mapped still: shared_info, its grant table.</summary>
    public ulong SharedPages { get; private set; }

    /// <summary>How many it may have.</summary>
    public ulong MaxPages { get; set; }

    /// <summary>Frames set aside for the domain by XENMEM_claim_pages that it has not got yet.</summary>
    public ulong ClaimedPages { get; private set; }

    /// <summary>First frame of the list; <see cref="Mfn.Invalid"/> if it is empty.</summary>
    public Mfn First => _first == 0 ? Mfn.Invalid : new Mfn(_first);

    /// <summary>Gives the domain a frame that is nobody's. False if that is not so, or if the domain has all it may have.</summary>
    public bool TryAssign(Mfn frame) => TryAssign(frame, 0);

    /// <summary>Gives the domain 2^order frames that are nobody's, or none.</summary>
    public bool TryAssign(Mfn first, int order) => TryAssign(first, order, false);

    private bool TryAssign(Mfn first, int order, bool exchanged)
    {
        MachineMemory memory = Host.Current.Memory;
        FrameTable frames = memory.Frames;
        ulong count = 1UL << order;
        if (first.Value == 0 || !frames.Contains(first.Plus(count - 1)))
            return false;
        for (ulong i = 0; i < count; i++)
        {
            if ((frames[first.Plus(i)].Count & ~(FrameBits.Managed | FrameBits.Dirty)) != 0)
                return false;
        }
        using (_lock.Enter())
        {
            if (_domain.State != DomainState.Alive || !HasRoom(count, exchanged))
                return false;
            KeepDomain();
            if (exchanged)
                _replaced += count;
            ulong owned = FrameBits.OnlyOwners(FrameBits.OwnerOf(_domain));
            uint before = _last, at = unchecked((uint)first.Value);
            for (ulong i = 0; i < count; i++)
            {
                ref FrameInfo info = ref frames[new Mfn(at)];
                if (info.Count == 0)
                    memory.Allocator.Adopt(new Mfn(at), ref info);
                // They follow each other on the list, too.
                info.Previous = before;
                before = at;
                at = unchecked(at + 1);
                info.Next = at;
                Volatile.Write(ref info.Count, owned);
            }
            frames[new Mfn(before)].Next = 0;
            if (_last == 0)
                _first = unchecked((uint)first.Value);
            else
                frames[new Mfn(_last)].Next = unchecked((uint)first.Value);
            _last = before;
            TotalPages += count;
        }
        return true;
    }

    /// <summary>Allocates frames and gives them to the domain; a claim of the domain shrinks by as many.</summary>
    public bool TryAllocate(int order, AllocationFlags flags, out Mfn first)
    {
        ulong count = 1UL << order;
        PageAllocator allocator = Host.Current.Memory.Allocator;
        first = Mfn.Invalid;
        if (!HasRoom(count, false))
            return false;
        if (!allocator.TryAllocate(order, ClaimedPages >= count ? flags.FromClaim() : flags, out first, out int note))
            return false;
        if (!TryAssign(first, order))
        {
            allocator.Free(first, order, note);
            return false;
        }
        PerCpu.Ledger.Strike(note);
        if (ClaimedPages != 0)
            UseClaim(allocator, count);
        return true;
    }

    /// <summary>
    /// Allocates frames for a guest that asked for them, and gives them to the domain. <see cref="XenError.Restart"/> if the call is to be made again, <see cref="XenError.NoMemory"/> if there are none,
    /// or the domain has all that it may have. <paramref name="exchanged"/>: they come in the place of frames that the domain gives away (<see cref="TrySteal"/>).
    /// </summary>
    internal XenError Allocate(int order, AllocationFlags flags, bool exchanged, ref StepBudget budget, out Mfn first)
    {
        ulong count = 1UL << order;
        PageAllocator allocator = Host.Current.Memory.Allocator;
        first = Mfn.Invalid;
        if (!HasRoom(count, exchanged))
            return XenError.NoMemory;
        bool claimed = !exchanged && ClaimedPages >= count;
        XenError error = allocator.AllocateInSteps(order, claimed ? flags.FromClaim() : flags, ref budget, out first, out int note);
        if (error != XenError.None)
            return error;
        if (!TryAssign(first, order, exchanged))
        {
            allocator.Free(first, order, note);
            return XenError.NoMemory;
        }
        PerCpu.Ledger.Strike(note);
        if (!exchanged && ClaimedPages != 0)
            UseClaim(allocator, count);
        return XenError.None;
    }

    private void UseClaim(PageAllocator allocator, ulong count)
    {
        using (_lock.Enter())
        {
            ulong used = count < ClaimedPages ? count : ClaimedPages;
            ClaimedPages -= used;
            allocator.EndClaim(used);
        }
    }

    /// <summary>The domain's own reference to one of its frames goes, as if it had given the frame back; the frame is freed when nobody else refers to it. False if it is not the domain's or was given back before.</summary>
    public bool TryGiveBack(Mfn frame)
    {
        MachineMemory memory = Host.Current.Memory;
        if (memory.Types.TryRelease(frame, FrameBits.OwnerOf(_domain), this))
            return true;
        using ReferenceScope held = memory.Types.Hold(frame, _domain);
        if (!held.Exists || !TryTakeAllocated(ref memory.Frames[frame]))
            return false;
        memory.Types.PutReference(frame);
        return true;
    }

    /// <summary>Sets frames aside for the domain beyond those that it has. <see cref="XenError.NoMemory"/> if so many are not free.</summary>
    public XenError Claim(ulong totalPages)
    {
        using SpinLock.Scope held = _lock.Enter();
        if (totalPages == 0)
        {
            Host.Current.Memory.Allocator.EndClaim(ClaimedPages);
            ClaimedPages = 0;
            return XenError.None;
        }
        if (_domain.State != DomainState.Alive || ClaimedPages != 0 || totalPages <= TotalPages || totalPages > MaxPages)
            return XenError.Invalid;
        ulong more = totalPages - TotalPages;
        if (!Host.Current.Memory.Allocator.TryClaim(0, more))
            return XenError.NoMemory;
        ClaimedPages = more;
        return XenError.None;
    }

    /// <summary>The frame after one on the list; <see cref="Mfn.Invalid"/> at the end.</summary>
    public Mfn After(Mfn frame)
    {
        uint next = Host.Current.Memory.Frames[frame].Next;
        return next == 0 ? Mfn.Invalid : new Mfn(next);
    }

    /// <summary>Counts a frame of the hypervisor that the domain may map from now on.</summary>
    internal void CountShared()
    {
        using (_lock.Enter())
        {
            KeepDomain();
            SharedPages++;
        }
    }

    /// <summary>Takes a frame off the list, or a shared one out of the count, whose last reference is gone.</summary>
    internal void Remove(Mfn frame, ref FrameInfo info)
    {
        if ((info.Count & FrameBits.Counted) != 0)
        {
            using (_lock.Enter())
            {
                info.Count &= ~FrameBits.Counted;
                SharedPages--;
                LetGoOfDomain();
            }
            return;
        }
        FrameTable frames = Host.Current.Memory.Frames;
        using (_lock.Enter())
        {
            // From here on the frame is not the domain's, whatever becomes of the links.
            info.Count &= ~FrameBits.Listed;
            if (frame.Value == _cursor)
                _cursor = info.Next;
            if (info.Previous == 0)
                _first = info.Next;
            else
                frames[new Mfn(info.Previous)].Next = info.Next;
            if (info.Next == 0)
                _last = info.Previous;
            else
                frames[new Mfn(info.Next)].Previous = info.Previous;
            info.Next = 0;
            info.Previous = 0;
            TotalPages--;
            LetGoOfDomain();
        }
    }

    /// <summary>The first of its pages keeps the domain. The lock is held.</summary>
    private void KeepDomain()
    {
        if (!_keepsDomain)
            _keepsDomain = _domain.TryGet();
    }

    /// <summary>The last one lets go of it. The lock is held.</summary>
    private void LetGoOfDomain()
    {
        if (!_keepsDomain || TotalPages != 0 || SharedPages != 0)
            return;
        _keepsDomain = false;
        _domain.Put();
    }

    private void Append(FrameTable frames, Mfn frame, ref FrameInfo info)
    {
        uint number = (uint)frame.Value;
        info.Next = 0;
        info.Previous = _last;
        if (_last == 0)
            _first = number;
        else
            frames[new Mfn(_last)].Next = number;
        _last = number;
    }

    private static bool TryTakeAllocated(ref FrameInfo info) => (Interlocked.And(ref info.Count, ~FrameBits.Allocated) & FrameBits.Allocated) != 0;
}
