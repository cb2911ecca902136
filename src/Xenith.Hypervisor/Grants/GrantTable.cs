using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Grants;

/// <summary>
/// The grant table of a domain (public/grant_table.h): pages that the domain writes and the hypervisor reads, in which each entry lets another domain use a frame.
/// The pages are the hypervisor's own; the guest maps them by the numbers that GNTTABOP_setup_table gives. Beside each lies a table of which entries are in use.
/// </summary>
public sealed partial class GrantTable
{
    /// <summary>Frames that a table may have: 32768 entries of version 1.</summary>
    public const uint MaxFrames = 64;

    /// <summary>Entries of version 1, 8 bytes each, in a frame.</summary>
    private const uint EntriesPerFrame = 512;

    /// <summary>Two frames hold what is known of one frame's entries: 16 bytes each.</summary>
    private const int ActiveOrder = 1;

    private readonly Domain _domain;
    private readonly SpinLock _lock;
    private readonly SharedArea[] _shared = new SharedArea[MaxFrames];
    private readonly Table<ActiveGrant>[] _active = new Table<ActiveGrant>[MaxFrames];
    private readonly Mfn[] _frames = new Mfn[MaxFrames];
    private readonly Mfn[] _activeFrames = new Mfn[MaxFrames];
    private uint _count;

    /// <summary>Entries that somebody uses.</summary>
    private uint _inUse;
    private bool _isEnding;
    private uint _framesToFree;

    /// <summary>An empty table; its frames are allocated when somebody asks for them.</summary>
    public GrantTable(Domain domain)
    {
        _domain = domain;
        _lock = new SpinLock(LockRank.Grants, new MarksRepair(this));
        Mappings = new GrantMappings();
    }

    /// <summary>Frames in use; the first is promised from the start.</summary>
    public uint FrameCount => _count == 0 ? 1 : _count;

    /// <summary>Layout of the entries. Version 2 is not offered, as in Xen with `gnttab=max-ver:1`.</summary>
    public uint Version => 1;

    /// <summary>True while somebody uses an entry.</summary>
    internal bool IsInUse => System.Threading.Volatile.Read(ref _inUse) != 0;

    /// <summary>What this domain has mapped of others.</summary>
    internal GrantMappings Mappings { get; }

    /// <summary>Frame of the table by index, below what <see cref="Grow"/> was asked for.</summary>
    public Mfn FrameAt(uint index) => _frames[index];

    /// <summary>Makes the table at least so many frames long. <see cref="XenError.Invalid"/> beyond <see cref="MaxFrames"/>.</summary>
    public XenError Grow(uint frames)
    {
        if (frames > MaxFrames)
            return XenError.Invalid;
        using (_lock.Enter())
        {
            if (_isEnding)
                return XenError.Invalid;
            while (_count < frames)
            {
                if (!TryAddFrame(Host.Current.Memory))
                    return XenError.NoMemory;
            }
            return XenError.None;
        }
    }

    /// <summary>The domain is dying: no entry is used anew. The shared frames go when the last one that is in use is not any more, which may be now.</summary>
    internal void End()
    {
        using (_lock.Enter())
        {
            if (_isEnding)
                return;
            _isEnding = true;
            if (_inUse == 0)
                EndSharing();
        }
    }

    /// <summary>Frees the hypervisor's own frames of a domain that nobody can find any more.</summary>
    internal void FreeFrames(PageAllocator allocator)
    {
        Invariant.Holds(_count == 0);
        for (uint i = 0; i < _framesToFree; i++)
            allocator.Free(_activeFrames[i], ActiveOrder);
        _framesToFree = 0;
        Mappings.FreeFrames(allocator);
    }

    /// <summary>What guests have mapped of the table stays until they let go of it; the hypervisor does not look at it again. The lock is held.</summary>
    private void EndSharing()
    {
        uint count = _count;
        _framesToFree = count;
        _count = 0;
        for (uint i = 0; i < count; i++)
        {
            _shared[i] = default;
            Host.Current.Memory.Types.EndSharing(_frames[i]);
        }
    }

    private bool TryAddFrame(MachineMemory memory)
    {
        if (!memory.Allocator.TryAllocate(ActiveOrder, AllocationFlags.Zeroed, out Mfn active, out int activeNote))
            return false;
        if (!memory.Allocator.TryAllocate(0, AllocationFlags.Zeroed, out Mfn frame, out int note))
        {
            memory.Allocator.Free(active, ActiveOrder, activeNote);
            return false;
        }
        Table<ActiveGrant> table = Table<ActiveGrant>.Over(active.Address, EntriesPerFrame);
        SharedArea shared = SharedArea.Page(frame);
        memory.Types.ShareWithGuest(frame, _domain);
        PerCpu.Ledger.Strike(note);
        PerCpu.Ledger.Strike(activeNote);
        _activeFrames[_count] = active;
        _active[_count] = table;
        _frames[_count] = frame;
        _shared[_count] = shared;
        _count++;
        return true;
    }
}
