using System.Runtime.CompilerServices;
using System.Threading;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Grants;

/// <summary>One use of another domain's grant, by handle.</summary>
internal struct GrantMapping
{
    /// <summary>The domain that lends, and its entry.</summary>
    internal ushort Granter;

    /// <summary>GNTMAP_* of public/grant_table.h that are in force, or 0 if the handle is free; <see cref="Busy"/> while it is being made or ended.</summary>
    internal ushort Flags;
    internal uint Reference;

    /// <summary>The next free handle, while this one is free.</summary>
    internal uint NextFree;

    /// <summary>While the mapping ends: the reference of its entry, which is gone, if that has not been given back yet.</summary>
    internal OwedEntry Owed;

    internal const ushort Busy = 0x8000;

    /// <summary>Says what a reserved handle stands for. Nobody else uses it while it is busy, so no lock is needed.</summary>
    internal void Set(ushort granter, uint reference, ushort flags)
    {
        Granter = granter;
        Reference = reference;
        Volatile.Write(ref Flags, flags);
    }
}

/// <summary>The handles of a domain for what it has mapped of others' grants. They live in frames of the hypervisor, which are added as needed and stay.</summary>
internal sealed class GrantMappings
{
    private const uint PerFrame = 256;
    private const uint MaxFrames = 1024;
    private const uint FramesPerPart = AddressSpace.PageSize / 8;

    /// <summary>No handle.</summary>
    internal const uint None = uint.MaxValue;

    private readonly SpinLock _lock = new(LockRank.Grants);
    /// <summary>Numbers of the frames, in frames of their own.</summary>
    private readonly Table<Mfn>[] _directory = new Table<Mfn>[MaxFrames / FramesPerPart];
    private readonly Mfn[] _directoryFrames = new Mfn[MaxFrames / FramesPerPart];
    private uint _frameCount;
    private uint _releasedBelow;
    private uint _free = None;

    /// <summary>In place of the mapping of a handle that there is not.</summary>
    private GrantMapping _nothing;

    /// <summary>Reserves a handle; it is busy until <see cref="GrantMapping.Set"/> or <see cref="Leave"/>. <see cref="None"/> if there is no room or no memory.</summary>
    internal ref GrantMapping Reserve(out uint handle)
    {
        using (_lock.Enter())
        {
            handle = _free;
            if (handle == None && !TryAddFrame())
                return ref _nothing;
            handle = _free;
            ref GrantMapping mapping = ref At(handle);
            _free = mapping.NextFree;
            mapping.Flags = GrantMapping.Busy;
            return ref mapping;
        }
    }

    /// <summary>Takes hold of a handle that is in use, so that nobody else ends it meanwhile. False if there is no such.</summary>
    internal bool TryEnter(uint handle, out GrantMapping mapping)
    {
        mapping = default;
        using (_lock.Enter())
        {
            if (handle >= _frameCount * PerFrame)
                return false;
            ref GrantMapping found = ref At(handle);
            if (found.Flags == 0 || (found.Flags & GrantMapping.Busy) != 0)
                return false;
            mapping = found;
            found.Flags |= GrantMapping.Busy;
            return true;
        }
    }

    /// <summary>What is still to be given back of a mapping that the caller has entered.</summary>
    internal ref OwedEntry OwedOf(uint handle) => ref At(handle).Owed;

    /// <summary>Lets go of a handle with what is left in force; without host and device mapping it is free again.</summary>
    internal void Leave(uint handle, ushort flags)
    {
        using (_lock.Enter())
        {
            ref GrantMapping mapping = ref At(handle);
            const ushort either = (ushort)(GrantMapFlags.HostMap | GrantMapFlags.DeviceMap);
            if ((flags & either) != 0)
            {
                mapping.Flags = flags;
                return;
            }
            mapping.Flags = 0;
            mapping.NextFree = _free;
            _free = handle;
        }
    }

    /// <summary>Gives back all that a dying domain, which runs no more, has mapped of others. Its page tables still hold references of their own.</summary>
    internal XenError ReleaseAll(Host host, ref StepBudget budget)
    {
        while (_releasedBelow < _frameCount * PerFrame)
        {
            if (budget.IsSpent)
                return XenError.Restart;
            GrantMapping mapping;
            using (_lock.Enter())
            {
                ref GrantMapping found = ref At(_releasedBelow);
                mapping = found;
                found.Flags = 0;
            }
            if (host.Domains.Find(mapping.Granter) is Domain granter)
                GrantMapper.Unpin(granter, mapping.Reference, (GrantMapFlags)mapping.Flags, (GrantMapFlags)mapping.Flags);
            _releasedBelow++;
            budget.Step();
        }
        return XenError.None;
    }

    /// <summary>
    /// Gives back the references of entries that were gone when a trap ended the domain, before the uses of the grants end: those keep the frames. <see cref="XenError.Restart"/> if it has to be called again.
    /// </summary>
    internal XenError ReleaseOwed(Host host, ref StepBudget budget)
    {
        for (; _releasedBelow < _frameCount * PerFrame; _releasedBelow++)
        {
            if (budget.IsSpent)
                return XenError.Restart;
            ref GrantMapping mapping = ref At(_releasedBelow);
            if (mapping.Owed != OwedEntry.None && host.Domains.Find(mapping.Granter) is Domain granter)
                host.Memory.Types.ReleaseOwed(granter.Grants.PinnedFrame(mapping.Reference), ref mapping.Owed);
            budget.Step();
        }
        return XenError.None;
    }

    /// <summary>Frees the frames of a domain that nobody can find any more.</summary>
    internal void FreeFrames(PageAllocator allocator)
    {
        for (uint i = 0; i < _frameCount; i++)
            allocator.Free(_directory[i / FramesPerPart][i % FramesPerPart], 0);
        for (int i = 0; i < _directory.Length; i++)
        {
            if (_directory[i].Count != 0)
                allocator.Free(_directoryFrames[i], 0);
            _directory[i] = default;
        }
        _frameCount = 0;
        _free = None;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref GrantMapping At(uint handle)
    {
        uint frame = handle / PerFrame;
        return ref Table<GrantMapping>.Over(_directory[frame / FramesPerPart][frame % FramesPerPart].Address, PerFrame)[handle % PerFrame];
    }

    private bool TryAddFrame()
    {
        PageAllocator allocator = Host.Current.Memory.Allocator;
        if (_frameCount == MaxFrames || !TryAddPart(allocator, _frameCount / FramesPerPart) || !allocator.TryAllocate(0, AllocationFlags.Zeroed, out Mfn frame, out int note))
            return false;
        Table<GrantMapping> table = Table<GrantMapping>.Over(frame.Address, PerFrame);
        uint first = _frameCount * PerFrame;
        for (uint i = PerFrame; i > 0; i--)
        {
            table[i - 1].NextFree = _free;
            _free = first + i - 1;
        }
        ref Mfn place = ref _directory[_frameCount / FramesPerPart][_frameCount % FramesPerPart];
        PerCpu.Ledger.Strike(note);
        place = frame;
        _frameCount++;
        return true;
    }

    private bool TryAddPart(PageAllocator allocator, uint part)
    {
        if (_directory[part].Count != 0)
            return true;
        if (!allocator.TryAllocate(0, AllocationFlags.Zeroed, out Mfn frame, out int note))
            return false;
        Table<Mfn> table = Table<Mfn>.Over(frame.Address, FramesPerPart);
        PerCpu.Ledger.Strike(note);
        _directoryFrames[part] = frame;
        _directory[part] = table;
        return true;
    }
}
