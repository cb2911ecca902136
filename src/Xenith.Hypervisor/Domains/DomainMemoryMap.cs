using System;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Domains;

/// <summary>
/// The memory map (E820 entries) that a toolstack gives a domain and the domain reads: bytes that the hypervisor keeps and does not interpret. They lie in frames that exist from the first map on.
/// </summary>
public sealed class DomainMemoryMap
{
    /// <summary>The most entries of a map, and the bytes of one: address, size, type.</summary>
    public const uint MaxEntries = 1024, EntrySize = 20;

    private const int Order = 3;

    private readonly SpinLock _lock = new(LockRank.DomainPages);
    private Mfn _first = Mfn.Invalid;

    /// <summary>Entries; 0 until a map was set.</summary>
    public uint Count { get; private set; }

    /// <summary>Takes a map out of the caller's memory. The old one stays if it cannot be read.</summary>
    internal XenError Set(ulong entries, uint count)
    {
        if (count > MaxEntries)
            return XenError.Invalid;
        PageAllocator allocator = Host.Current.Memory.Allocator;
        if (!allocator.TryAllocate(Order, AllocationFlags.Zeroed, out Mfn fresh))
            return XenError.NoMemory;
        if (!TryFill(fresh, entries, count * EntrySize))
        {
            allocator.Free(fresh, Order);
            return XenError.BadAddress;
        }
        Mfn old;
        using (_lock.Enter())
        {
            old = _first;
            _first = fresh;
            Count = count;
        }
        if (old != Mfn.Invalid)
            allocator.Free(old, Order);
        return XenError.None;
    }

    /// <summary>The domain's end: the map's frames go back.</summary>
    internal void Release()
    {
        Mfn old;
        using (_lock.Enter())
        {
            old = _first;
            _first = Mfn.Invalid;
            Count = 0;
        }
        if (old != Mfn.Invalid)
            Host.Current.Memory.Allocator.Free(old, Order);
    }

    /// <summary>Writes at most so many entries to the caller's memory, and says how many. <see cref="XenError.NotImplemented"/> if there is no map.</summary>
    internal XenError Get(ulong entries, ref uint count)
    {
        Span<byte> chunk = stackalloc byte[(int)(EntrySize * 16)];
        uint done = 0;
        while (true)
        {
            uint part;
            using (_lock.Enter())
            {
                if (Count == 0)
                    return XenError.NotImplemented;
                count = Math.Min(count, Count);
                part = Math.Min(16, count > done ? count - done : 0);
                for (uint i = 0; i < part * EntrySize; i += 4)
                {
                    uint at = done * EntrySize + i;
                    Frame.At(_first.Plus(at / AddressSpace.PageSize)).CopyTo((int)(at % AddressSpace.PageSize), chunk.Slice((int)i, 4));
                }
            }
            if (part == 0)
                return XenError.None;
            if (!GuestMemory.TryWrite(unchecked(entries + done * EntrySize), (ReadOnlySpan<byte>)chunk[..(int)(part * EntrySize)]))
                return XenError.BadAddress;
            done += part;
        }
    }

    private static bool TryFill(Mfn first, ulong entries, uint bytes)
    {
        Span<byte> chunk = stackalloc byte[512];
        for (uint at = 0; at < bytes; at += 512)
        {
            Span<byte> part = chunk[..(int)Math.Min(512, bytes - at)];
            if (!GuestMemory.TryRead(unchecked(entries + at), part))
                return false;
            Frame.At(first.Plus(at / AddressSpace.PageSize)).CopyFrom((int)(at % AddressSpace.PageSize), part);
        }
        return true;
    }
}
