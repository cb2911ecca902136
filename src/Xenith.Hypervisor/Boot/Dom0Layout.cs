using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>
/// Where everything lies in a PV dom0's first address space. The order from the virtual base on is the ABI's: kernel, (initial RAM disk), (physical-to-machine
/// list), start info, page tables, boot stack, then spare room up to a 4 MiB boundary, at least 512 KiB of it. All of that is mapped, nothing else is.
/// The two lists in parentheses lie elsewhere when the kernel's notes say so.
/// </summary>
internal struct Dom0Layout
{
    private const ulong Page = AddressSpace.PageSize;
    private const ulong L1Span = 2UL << 20, L2Span = 1UL << 30, L3Span = 512UL << 30;
    private const ulong Granularity = 4UL << 20, Spare = 512UL << 10;

    /// <summary>Virtual address of pseudo-physical page 0.</summary>
    internal ulong Base;

    /// <summary>Initial RAM disk, if it is mapped; else 0.</summary>
    internal ulong RamDisk;

    /// <summary>Physical-to-machine list, if it is in the mapped range; else 0.</summary>
    internal ulong P2m;
    internal ulong StartInfo;
    internal ulong PageTables;

    /// <summary>Number of page-table pages, and of those of each level.</summary>
    internal ulong PageTableCount;
    internal ulong L1Count, L2Count, L3Count;
    internal ulong Stack;
    internal ulong End;

    /// <summary>Pages that are mapped.</summary>
    internal readonly ulong MappedPages => (End - Base) / Page;

    /// <summary>Pseudo-physical page of a mapped address.</summary>
    internal readonly ulong PfnOf(ulong address) => (address - Base) / Page;

    /// <summary>
    /// Computes the layout. <paramref name="ramDiskBytes"/> and <paramref name="p2mBytes"/> are 0 for what lies elsewhere. False if the kernel's addresses leave no room.
    /// </summary>
    internal static bool TryCompute(ulong virtualBase, ulong kernelEnd, ulong ramDiskBytes, ulong p2mBytes, out Dom0Layout layout)
    {
        layout = default;
        const ulong mostBytes = 1UL << 40;
        if (virtualBase % L1Span != 0 || kernelEnd < virtualBase || kernelEnd - virtualBase > L2Span * 2 || ramDiskBytes > mostBytes || p2mBytes > mostBytes)
            return false;
        ulong at = RoundUp(kernelEnd, Page);
        layout.Base = virtualBase;
        layout.RamDisk = Place(ref at, ramDiskBytes);
        layout.P2m = Place(ref at, p2mBytes);
        layout.StartInfo = Place(ref at, Page);
        layout.PageTables = at;

        ulong count = 0;
        while (true)
        {
            ulong stack = unchecked(at + count * Page);
            ulong end = RoundUp(unchecked(stack + Page + Spare), Granularity);
            if (end <= at || !AddressSpace.IsGuestRange(virtualBase, end - virtualBase))
                return false;
            layout.L1Count = Tables(virtualBase, end, L1Span);
            layout.L2Count = Tables(virtualBase, end, L2Span);
            layout.L3Count = Tables(virtualBase, end, L3Span);
            ulong needed = 1 + layout.L3Count + layout.L2Count + layout.L1Count;
            if (needed <= count)
            {
                layout.PageTableCount = count;
                layout.Stack = stack;
                layout.End = end;
                return true;
            }
            count = needed;
        }
    }

    /// <summary>Number of tables whose entries each span so much, for a range of addresses.</summary>
    internal static ulong Tables(ulong start, ulong end, ulong span) => (end - 1) / span - start / span + 1;

    private static ulong Place(ref ulong at, ulong bytes)
    {
        if (bytes == 0)
            return 0;
        ulong start = at;
        at = unchecked(at + RoundUp(bytes, Page));
        return start;
    }

    private static ulong RoundUp(ulong value, ulong unit) => unchecked(value + (unit - 1)) & ~(unit - 1);
}
