using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>What a frame is, in the words of debug key `m`.</summary>
public enum FrameState
{
    /// <summary>Available for allocation.</summary>
    Free,

    /// <summary>Assigned to a domain, or the hypervisor's own.</summary>
    Allocated,

    /// <summary>Part of a page table.</summary>
    PageTable,

    /// <summary>Part of a segment descriptor table.</summary>
    SegmentDescriptors,

    /// <summary>Shared between the hypervisor and a domain, or between domains.</summary>
    Shared,

    /// <summary>Loaned to another domain.</summary>
    Loaned,

    /// <summary>No RAM that the hypervisor manages.</summary>
    Device,
}

/// <summary>
/// References to frames, and what they may be used as. This is the whole of PV memory safety: every mapping of a frame holds a general reference or one to its type, a frame
/// has one type at a time, it changes only while it has no references of that type, and a page table's references are those of its entries.
/// </summary>
/// <remarks>
/// There is no lock. Each frame's two counters are changed by single atomic steps (<see cref="FrameCounts"/>); a CPU that promotes or demotes a frame marks it busy, and whoever meets that
/// comes back later (<see cref="XenError.Restart"/>).
/// </remarks>
public sealed partial class PageTypes
{
    private readonly FrameTable _frames;
    private readonly PageAllocator _allocator;
    private readonly MachineToPhysical _m2p;
    private readonly DeviceFrames _devices;
    private readonly TlbFlush _tlb;
    private readonly BusyUndo _busy;
    private readonly TypeUndo _types;
    private readonly FrameInHand _inHand;

    internal PageTypes(FrameTable frames, PageAllocator allocator, MachineToPhysical m2p, DeviceFrames devices)
    {
        _frames = frames;
        _allocator = allocator;
        _m2p = m2p;
        _devices = devices;
        _tlb = allocator.Tlb;
        _busy = new BusyUndo(frames);
        _types = new TypeUndo(frames, _tlb);
        _inHand = new FrameInHand(frames, _tlb);
    }

    /// <summary>Takes a general reference to a frame that a domain owns.</summary>
    public bool TryGetReference(Mfn frame, Domain owner) => TryGetReference(frame, FrameBits.OwnerOf(owner));

    /// <summary>Takes a general reference to a frame of an owner (domain id + 1).</summary>
    public bool TryGetReference(Mfn frame, uint owner) => _frames.Contains(frame) && FrameCounts.TryGet(ref _frames[frame], owner);

    /// <summary>Gives a general reference back; the frame is freed with the last one.</summary>
    public void PutReference(Mfn frame)
    {
        switch (FrameCounts.Put(ref _frames[frame]))
        {
            case PutResult.Last:
                Release(frame);
                break;
            case PutResult.Underflow:
                Invariant.Broken();
                break;
        }
    }

    /// <summary>
    /// Frees a frame that nobody refers to but its owner, in one step: the owner's own reference, which is the last, goes. False, and nothing done, if there is another or the frame is not
    /// the owner's.
    /// </summary>
    internal bool TryRelease(Mfn frame, uint owner, DomainPages pages)
    {
        if (!_frames.Contains(frame))
            return false;
        ref FrameInfo info = ref _frames[frame];
        ulong only = FrameBits.OnlyOwners(owner);
        if (Interlocked.CompareExchange(ref info.Count, only & ~(FrameBits.Allocated | 1), only) != only)
            return false;
        Release(frame, ref info, pages);
        return true;
    }

    /// <summary>Holds a general reference for as long as the scope lives.</summary>
    public ReferenceScope Hold(Mfn frame, Domain owner)
    {
        if (!_frames.Contains(frame))
            return default;
        Ledger ledger = PerCpu.Ledger;
        int held = ledger.Enter(_inHand, FrameInHand.None);
        if (FrameCounts.TryGet(ref _frames[frame], FrameBits.OwnerOf(owner), ref ledger.ArgumentOf(held), frame.Value | FrameInHand.General))
            return new ReferenceScope(this, frame, held);
        ledger.Strike(held);
        return default;
    }

    /// <summary>Ends what <see cref="Hold"/> began.</summary>
    internal void PutReference(Mfn frame, int held)
    {
        Ledger ledger = PerCpu.Ledger;
        PutResult result = FrameCounts.Put(ref _frames[frame], ref ledger.ArgumentOf(held), FrameInHand.None);
        ledger.Strike(held);
        if (result == PutResult.Last)
            Release(frame);
        Invariant.Holds(result != PutResult.Underflow);
    }

    /// <summary>Lets a guest map a frame of the hypervisor, for writing too: shared_info, grant tables. The frame comes from the allocator and stays the hypervisor's.</summary>
    public void ShareWithGuest(Mfn frame, Domain domain)
    {
        Share(frame, FrameBits.OwnerOf(domain), PageType.Writable, FrameBits.Counted);
        domain.Pages.CountShared();
    }

    /// <summary>Lets privileged guests map a frame of the hypervisor for reading, under DOMID_XEN: the machine-to-physical table, trace buffers.</summary>
    public void ShareReadOnly(Mfn frame) => Share(frame, FrameBits.XenOwner, PageType.Shared, 0);

    /// <summary>Ends the hypervisor's part in a shared frame. It is freed when the last guest mapping is gone.</summary>
    public void EndSharing(Mfn frame)
    {
        ref FrameInfo info = ref _frames[frame];
        Invariant.Holds((info.Count & FrameBits.Shared) != 0);
        Interlocked.And(ref info.Count, ~FrameBits.Shared);
        if (FrameCounts.PutType(ref info, _tlb) == PutResult.Last)
            EndType(frame, ref info, TypeBits.TypeOf(info.Type));
        PutReference(frame);
    }

    /// <summary>Marks a frame as lent to another domain by a grant, or ends that.</summary>
    public void SetLoaned(Mfn frame, bool loaned)
    {
        if (loaned)
            Interlocked.Or(ref _frames[frame].Count, FrameBits.Loaned);
        else
            Interlocked.And(ref _frames[frame].Count, ~FrameBits.Loaned);
    }

    /// <summary>What a frame is now.</summary>
    public FrameState StateOf(Mfn frame)
    {
        if (!_frames.Contains(frame))
            return FrameState.Device;
        ref FrameInfo info = ref _frames[frame];
        ulong count = Volatile.Read(ref info.Count), type = Volatile.Read(ref info.Type);
        if ((count & FrameBits.Free) != 0)
            return FrameState.Free;
        if (info.Owner == FrameBits.IoOwner)
            return FrameState.Device;
        if ((count & FrameBits.Shared) != 0)
            return FrameState.Shared;
        if ((count & FrameBits.Loaned) != 0)
            return FrameState.Loaned;
        if (!TypeBits.IsInForce(type))
            return FrameState.Allocated;
        PageType kind = TypeBits.TypeOf(type);
        return TypeBits.IsTable(kind) ? FrameState.PageTable
            : kind == PageType.SegmentDescriptors ? FrameState.SegmentDescriptors
            : kind == PageType.Shared ? FrameState.Shared : FrameState.Allocated;
    }

    /// <summary>Frees a frame that has no references any more.</summary>
    internal void FreeLeftover(Mfn frame) => Release(frame);

    private void Share(Mfn frame, uint owner, PageType type, ulong mark)
    {
        ref FrameInfo info = ref _frames[frame];
        Invariant.Holds((info.Count & ~(FrameBits.Managed | FrameBits.Dirty)) == 0);
        info.Type = TypeBits.One(type);
        // Two references: the hypervisor's own and the one that the type holds.
        Volatile.Write(ref info.Count, info.Count & FrameBits.Managed | FrameBits.Shared | mark | (ulong)owner << FrameBits.OwnerShift | 2);
    }

    /// <summary>Ends a type whose last reference was given back, and with it the general reference that it held.</summary>
    private void EndType(Mfn frame, ref FrameInfo info, PageType type)
    {
        Volatile.Write(ref info.Type, TypeBits.Idle(type));
        PutReference(frame);
    }

    /// <summary>Nobody refers to the frame any more: it is only ours, and goes back to the allocator.</summary>
    private void Release(Mfn frame)
    {
        ref FrameInfo info = ref _frames[frame];
        bool counted = (info.Count & (FrameBits.Listed | FrameBits.Counted)) != 0;
        Release(frame, ref info, counted ? Host.Current.Domains.Find(info.Owner - 1)?.Pages : null);
    }

    /// <summary>The same for a frame that the domain of some pages counts among them, or that none does.</summary>
    private void Release(Mfn frame, ref FrameInfo info, DomainPages? pages)
    {
        info.TlbStamp = _tlb.Now;
        Invariant.Holds(!TypeBits.IsInForce(info.Type));
        int note = _allocator.EnterInHand(frame, 0);
        if (pages is not null)
            pages.Remove(frame, ref info);
        if ((info.Count & FrameBits.Managed) == 0)
        {
            info.Type = 0;
            info.Count = 0;
            PerCpu.Ledger.Strike(note);
            return;
        }
        _m2p.Set(frame, MachineToPhysical.InvalidEntry);
        info.Type = 0;
        info.Count = FrameBits.Managed;
        _allocator.FreeOne(frame, ref info, note);
    }
}

/// <summary>A general reference to a frame.</summary>
public readonly ref struct ReferenceScope
{
    private readonly PageTypes? _types;
    private readonly Mfn _frame;
    private readonly int _entry;

    internal ReferenceScope(PageTypes types, Mfn frame, int entry)
    {
        _types = types;
        _frame = frame;
        _entry = entry;
    }

    /// <summary>False if the reference could not be had: no such frame, or another owner.</summary>
    public bool Exists => _types is not null;

    /// <summary>Gives the reference back, unless a trap has done so already.</summary>
    public void Dispose()
    {
        if (_types is null || PerCpu.Ledger.Trapped)
            return;
        _types.PutReference(_frame, _entry);
    }
}
