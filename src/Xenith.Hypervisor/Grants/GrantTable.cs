using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Grants;

/// <summary>
/// The grant table of a domain (public/grant_table.h): pages that the domain writes and the hypervisor reads, in which each entry lets another domain use a frame.
/// The frames are the hypervisor's own; the guest maps them by the numbers that GNTTABOP_setup_table gives.
/// </summary>
public sealed partial class GrantTable
{
    /// <summary>Frames that a table may have: 32768 entries of version 1.</summary>
    public const uint MaxFrames = 64;

    /// <summary>Entries of version 1, 8 bytes each, in a frame.</summary>
    internal const uint EntriesPerFrame = 512;

    private readonly Domain _domain;
    private readonly SpinLock _lock = new(LockRank.Grants);
    private readonly SharedArea[] _shared = new SharedArea[MaxFrames];
    private readonly Mfn[] _frames = new Mfn[MaxFrames];
    private uint _count;

    /// <summary>An empty table; its frames are allocated when somebody asks for them.</summary>
    public GrantTable(Domain domain) => _domain = domain;

    /// <summary>Frames in use; the first is promised from the start.</summary>
    public uint FrameCount => _count == 0 ? 1 : _count;

    /// <summary>Layout of the entries. Version 2 is not offered, as in Xen with `gnttab=max-ver:1`.</summary>
    public uint Version => 1;

    /// <summary>Frame of the table by index below <see cref="FrameCount"/> after <see cref="Grow"/>.</summary>
    public Mfn FrameAt(uint index) => _frames[index];

    /// <summary>Makes the table at least so many frames long. <see cref="XenError.Invalid"/> beyond <see cref="MaxFrames"/>.</summary>
    public XenError Grow(uint frames)
    {
        if (frames > MaxFrames)
            return XenError.Invalid;
        using (_lock.Enter())
        {
            MachineMemory memory = Host.Current.Memory;
            while (_count < frames)
            {
                if (!memory.Allocator.TryAllocate(0, AllocationFlags.Zeroed, out Mfn frame))
                    return XenError.NoMemory;
                memory.Types.ShareWithGuest(frame, _domain);
                _frames[_count] = frame;
                _shared[_count] = SharedArea.Page(frame);
                _count++;
            }
            return XenError.None;
        }
    }
}
