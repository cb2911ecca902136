using System.Runtime.CompilerServices;

namespace Xenith.Machine;

/// <summary>Bits of a page-table entry of any level (SDM vol. 3, 4.5; APM vol. 2, 5.4), and the software bits that Xen's PV ABI uses.</summary>
public static class PageFlags
{
    public const ulong Present = 1UL << 0;
    public const ulong Writable = 1UL << 1;
    public const ulong User = 1UL << 2;
    public const ulong WriteThrough = 1UL << 3;
    public const ulong CacheDisable = 1UL << 4;
    public const ulong Accessed = 1UL << 5;
    public const ulong Dirty = 1UL << 6;

    /// <summary>In an L2 or L3 entry: this entry maps a large page. In an L1 entry the same bit is <see cref="Pat"/>.</summary>
    public const ulong PageSize = 1UL << 7;
    public const ulong Pat = 1UL << 7;
    public const ulong Global = 1UL << 8;

    /// <summary>Bits 9 to 11, free for the guest.</summary>
    public const ulong Available = 7UL << 9;

    /// <summary>Bits 52 to 62, free for software.</summary>
    public const ulong AvailableHigh = 0x7ffUL << 52;

    /// <summary>Software bit 52: this user-accessible page belongs to the guest *kernel* (Xen's _PAGE_GUEST_KERNEL).</summary>
    public const ulong GuestKernel = 1UL << 52;

    public const ulong NoExecute = 1UL << 63;

    /// <summary>Physical address bits of an entry (52-bit machine addresses).</summary>
    public const ulong AddressMask = 0x000f_ffff_ffff_f000;
}

/// <summary>One page-table entry, of any level.</summary>
public readonly struct PageTableEntry
{
    /// <summary>The raw 64 bits.</summary>
    public readonly ulong Bits;

    /// <summary>Wraps raw bits.</summary>
    public PageTableEntry(ulong bits) => Bits = bits;

    /// <summary>An entry for a frame with flags.</summary>
    public PageTableEntry(Mfn frame, ulong flags) => Bits = (frame.Address & PageFlags.AddressMask) | flags;

    public bool IsPresent => (Bits & PageFlags.Present) != 0;

    public bool IsWritable => (Bits & PageFlags.Writable) != 0;

    public bool IsUser => (Bits & PageFlags.User) != 0;

    public bool IsLarge => (Bits & PageFlags.PageSize) != 0;

    /// <summary>The frame that the entry points to.</summary>
    public Mfn Frame
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new((Bits & PageFlags.AddressMask) >> 12);
    }

    /// <summary>All bits but the address.</summary>
    public ulong Flags => Bits & ~PageFlags.AddressMask;

    /// <summary>The same entry with some flags added.</summary>
    public PageTableEntry With(ulong flags) => new(Bits | flags);

    /// <summary>The same entry with some flags removed.</summary>
    public PageTableEntry Without(ulong flags) => new(Bits & ~flags);
}
