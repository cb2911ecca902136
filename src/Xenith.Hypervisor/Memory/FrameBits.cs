using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// What a frame is used as. A frame has one type at a time, and the types exclude each other: that no page table is ever writable follows from it.
/// </summary>
public enum PageType
{
    /// <summary>Never had a type since it was allocated.</summary>
    None = 0,
    L1 = 1,
    L2 = 2,
    L3 = 3,
    L4 = 4,

    /// <summary>Part of a GDT or LDT.</summary>
    SegmentDescriptors = 5,

    /// <summary>Somebody may write it through a mapping.</summary>
    Writable = 6,

    /// <summary>A page of the hypervisor that guests may read and nobody may write.</summary>
    Shared = 7,
}

/// <summary>
/// The layout of <see cref="FrameInfo.Count"/>: bits 0 to 31 general references, 32 to 47 the owner (domain id + 1), the rest flags.
/// A frame that has references stays its owner's; one without is free, the hypervisor's own, or a device.
/// </summary>
internal static class FrameBits
{
    /// <summary>RAM that the page allocator gave out or will be given back.</summary>
    internal const ulong Managed = 1UL << 63;

    /// <summary>In a free block.</summary>
    internal const ulong Free = 1UL << 62;

    /// <summary>Not known to hold only zeros.</summary>
    internal const ulong Dirty = 1UL << 61;

    /// <summary>First frame of a free block that is on a list.</summary>
    internal const ulong BlockHead = 1UL << 60;

    /// <summary>One of the references is the owner's own: it goes when the owner gives the frame back.</summary>
    internal const ulong Allocated = 1UL << 59;

    /// <summary>On the owner's page list and in its count.</summary>
    internal const ulong Listed = 1UL << 58;

    /// <summary>The hypervisor keeps the frame and shares it with the owner.</summary>
    internal const ulong Shared = 1UL << 57;

    /// <summary>Lent to another domain through a grant.</summary>
    internal const ulong Loaned = 1UL << 56;

    /// <summary>Counted in the owner's <see cref="DomainPages.SharedPages"/>: the hypervisor's own that the owner may map, or might until lately.</summary>
    internal const ulong Counted = 1UL << 55;

    /// <summary>Free and on no list, because a CPU is zeroing it.</summary>
    internal const ulong Scrubbing = 1UL << 54;

    /// <summary>Its owner exchanges it for another: still on the owner's list, but nobody can refer to it any more (<see cref="DomainPages.TrySteal"/>).</summary>
    internal const ulong Stolen = 1UL << 53;

    internal const int OwnerShift = 32;
    internal const ulong OwnerMask = 0xffffUL << OwnerShift;

    /// <summary>References beyond this are refused, long before the counter could reach the owner's bits.</summary>
    internal const uint MostReferences = 0x7fff_ffff;

    /// <summary>Owner of device registers: DOMID_IO.</summary>
    internal const uint IoOwner = DomainIds.Io + 1;

    /// <summary>Owner of the hypervisor's pages that privileged guests may map: DOMID_XEN.</summary>
    internal const uint XenOwner = DomainIds.Xen + 1;

    /// <summary>The count of a frame on its owner's list that nobody refers to but the owner.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong OnlyOwners(uint owner) => Managed | Allocated | Listed | (ulong)owner << OwnerShift | 1;

    /// <summary>The count of a frame that is being exchanged.</summary>
    internal static ulong StolenFrom(uint owner) => Managed | Stolen | Listed | (ulong)owner << OwnerShift;

    /// <summary>How a domain is named in the frame table.</summary>
    internal static uint OwnerOf(Domain domain) => unchecked(domain.Id + 1u);
}

/// <summary>
/// The layout of <see cref="FrameInfo.Type"/>: bits 0 to 31 type references, 32 to 41 how many entries of a table hold references, then flags, and the type in the top.
/// </summary>
/// <remarks>
/// The type is *in force* while it has references, or the frame is partial or busy; all that together holds exactly one general reference, so
/// a mapping needs only one counter. Out of force the type is a memory of what the frame was: taking the same one again needs no flush.
/// Partial, busy and having type references exclude each other; a table with references is valid.
/// </remarks>
internal static class TypeBits
{
    internal const int TypeShift = 60;

    /// <summary>One of the references is the guest's pin.</summary>
    internal const ulong Pinned = 1UL << 59;

    /// <summary>A CPU is promoting or demoting the frame now. Whoever else meets it comes back later.</summary>
    internal const ulong Busy = 1UL << 58;

    /// <summary>A promotion or demotion stopped half-way: the first n entries hold references.</summary>
    internal const ulong Partial = 1UL << 57;

    /// <summary>With <see cref="Busy"/>: the frame is becoming what its type says, so who wants another type need not wait to be refused.</summary>
    internal const ulong Promoting = 1UL << 56;

    internal const int EntriesShift = 32;
    internal const ulong EntriesMask = 0x3ffUL << EntriesShift;

    /// <summary>A type with no references.</summary>
    internal static ulong Idle(PageType type) => (ulong)type << TypeShift;

    /// <summary>A type with one reference.</summary>
    internal static ulong One(PageType type) => (ulong)type << TypeShift | 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static PageType TypeOf(ulong bits) => (PageType)(int)(bits >> TypeShift);

    internal static uint ReferencesOf(ulong bits) => unchecked((uint)bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int EntriesOf(ulong bits) => (int)(bits >> EntriesShift & 0x3ff);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong WithEntries(ulong bits, int entries) => bits & ~EntriesMask | unchecked((ulong)(uint)entries) << EntriesShift;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsInForce(ulong bits) => ReferencesOf(bits) != 0 || (bits & (Busy | Partial)) != 0;

    /// <summary>True for the four page-table types.</summary>
    internal static bool IsTable(PageType type) => type >= PageType.L1 && type <= PageType.L4;

    /// <summary>The type of a page table of a level from 1 to 4.</summary>
    internal static PageType TableType(int level) => (PageType)level;
}
