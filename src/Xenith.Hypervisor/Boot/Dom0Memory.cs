using System;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>
/// dom0's memory while it is being built: frames are assigned in the order of their pseudo-physical numbers, and both translation tables are filled on the way.
/// </summary>
internal sealed class Dom0Memory
{
    private readonly MachineMemory _memory;
    private readonly Domain _domain;
    private Table<ulong> _list;

    /// <summary>Memory for a domain without any.</summary>
    internal Dom0Memory(MachineMemory memory, Domain domain)
    {
        _memory = memory;
        _domain = domain;
    }

    /// <summary>Pages assigned so far: the next pseudo-physical number.</summary>
    internal ulong Count { get; private set; }

    /// <summary>Frames of the physical-to-machine list itself, which are contiguous.</summary>
    internal Mfn ListFrame { get; private set; }

    /// <summary>Makes room for the list: contiguous frames, not yet the domain's.</summary>
    internal bool TryCreateList(ulong pages)
    {
        ulong frames = (pages * 8 + AddressSpace.PageSize - 1) / AddressSpace.PageSize;
        if (!TryAllocateContiguous(frames, out Mfn first))
            return false;
        ListFrame = first;
        _list = Table<ulong>.Over(first.Address, frames * 512);
        for (ulong i = 0; i < _list.Count; i++)
            _list[i] = ulong.MaxValue;
        return true;
    }

    /// <summary>Frames that lie one after the other, not yet the domain's.</summary>
    internal bool TryAllocateContiguous(ulong pages, out Mfn first) => ContiguousFrames.TryAllocate(_memory.Allocator, pages, out first);

    /// <summary>Gives frames to the domain under the next numbers.</summary>
    internal bool TryAssign(Mfn first, ulong pages)
    {
        for (ulong i = 0; i < pages; i++)
        {
            Mfn frame = first.Plus(i);
            if (Count >= _list.Count || !_domain.Pages.TryAssign(frame))
                return false;
            _list[Count] = frame.Value;
            _memory.M2P.Set(frame, Count);
            Count++;
        }
        return true;
    }

    /// <summary>Allocates and assigns, in blocks as large as there are, until the domain has so many pages.</summary>
    internal bool TryFill(ulong pages)
    {
        int order = 9;
        while (Count < pages)
        {
            while (order > 0 && 1UL << order > pages - Count)
                order--;
            if (_memory.Allocator.TryAllocate(order, AllocationFlags.Unscrubbed, out Mfn first))
            {
                if (!TryAssign(first, 1UL << order))
                    return false;
            }
            else if (order-- == 0)
                return false;
        }
        return true;
    }
}
