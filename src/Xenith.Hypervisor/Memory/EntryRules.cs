using System.Runtime.CompilerServices;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// What may stand in the page tables of a 64-bit PV guest, whose kernel runs at the privilege level of its processes. The guest keeps the two apart by having
/// two roots; the U bit, which the CPU needs on everything the guest touches, tells the hypervisor only what the guest meant.
/// </summary>
internal static class EntryRules
{
    /// <summary>Cacheability bits of an L1 entry.</summary>
    internal const ulong CacheBits = PageFlags.WriteThrough | PageFlags.CacheDisable | PageFlags.Pat;

    /// <summary>Bits that an entry of a table of level 2 to 4 may not have; among them PageSize: PV guests get no large pages.</summary>
    internal const ulong UpperForbidden = PageFlags.WriteThrough | PageFlags.CacheDisable | PageFlags.PageSize | PageFlags.Global;

    /// <summary>If two present L1 entries differ in none of these, they hold the same references.</summary>
    internal const ulong SameReference = PageFlags.AddressMask | PageFlags.Present | PageFlags.Writable | CacheBits;

    /// <summary>Bits that an L1 entry may not have. Only domains with devices may choose cacheability.</summary>
    internal static ulong L1Forbidden(bool hasDevices) => hasDevices ? 0 : CacheBits;

    /// <summary>
    /// What the hypervisor makes of a present L1 entry. Without U it is a page of the guest's kernel: it gets U and the mark for that. With U and without the mark
    /// it is a user page and becomes global, so that it stays in the TLB while the guest's kernel runs on its other root.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static PageTableEntry AdjustL1(PageTableEntry entry)
    {
        ulong bits = entry.Bits;
        if ((bits & PageFlags.User) == 0)
            bits |= PageFlags.User | PageFlags.GuestKernel;
        return new PageTableEntry((bits & PageFlags.GuestKernel) != 0 ? bits : bits | PageFlags.Global);
    }

    /// <summary>Device registers are never cached: write-back becomes uncached, and so do write-through and write-protected (Xen's PAT: public/arch-x86, 0x050100070406).</summary>
    internal static PageTableEntry AdjustDevice(PageTableEntry entry)
    {
        ulong bits = entry.Bits;
        switch (bits & CacheBits)
        {
            case 0:
            case PageFlags.WriteThrough:
            case PageFlags.WriteThrough | PageFlags.Pat:
                bits = bits & ~PageFlags.Pat | PageFlags.WriteThrough | PageFlags.CacheDisable;
                break;
        }
        return new PageTableEntry(bits);
    }

    /// <summary>True for the L4 slots that are the hypervisor's.</summary>
    internal static bool IsHypervisorSlot(int index) => index >= AddressSpace.FirstHypervisorSlot && index < AddressSpace.EndHypervisorSlot;
}
