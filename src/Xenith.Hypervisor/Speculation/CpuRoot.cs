using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Speculation;

/// <summary>
/// A CPU's own root, on which guests run where supervisor pages leak: it shows of the hypervisor only the code of its first and last instructions, the interrupt descriptor table and the CPU's
/// own block (record, descriptors, stacks). Everything of the guest is copied into it from the guest's root by native/guarded.S.
/// </summary>
internal static class CpuRoot
{
    private const ulong Table = PageFlags.Present | PageFlags.Writable | PageFlags.Accessed;
    private const ulong BlockSize = 0x1_0000;

    /// <summary>Makes the root of the CPU whose block begins at an address. False if there is no memory for the tables.</summary>
    internal static bool TryCreate(PageAllocator allocator, ulong block, out Mfn root)
    {
        if (!TryTable(allocator, out root))
            return false;
        return TryShow(allocator, root, Guards.EntryStart, Guards.EntryEnd) && TryShow(allocator, root, Guards.IdtPage, Guards.IdtPage + AddressSpace.PageSize)
            && TryShow(allocator, root, block, block + BlockSize);
    }

    /// <summary>Shows those of these pages that the hypervisor itself has mapped, with the same rights.</summary>
    private static bool TryShow(PageAllocator allocator, Mfn root, ulong start, ulong end)
    {
        for (ulong address = start; address < end; address += AddressSpace.PageSize)
        {
            if (!TryFind(address, out PageTableEntry page))
                continue;
            Mfn table = root;
            for (int level = 4; level > 1; level--)
            {
                int index = AddressSpace.TableIndex(address, level);
                PageTableEntry entry = PageTableView.At(table)[index];
                if (!entry.IsPresent)
                {
                    if (!TryTable(allocator, out Mfn fresh))
                        return false;
                    entry = new PageTableEntry(fresh, Table);
                    PageTableView.At(table).Write(index, entry);
                }
                table = entry.Frame;
            }
            PageTableView.At(table).Write(AddressSpace.TableIndex(address, 1), page);
        }
        return true;
    }

    /// <summary>The hypervisor's own entry for a page of the image or of a CPU's block; these are mapped with small pages.</summary>
    private static bool TryFind(ulong address, out PageTableEntry page)
    {
        page = default;
        Mfn table = Image.RootTable;
        for (int level = 4; level > 1; level--)
        {
            PageTableEntry entry = PageTableView.At(table)[AddressSpace.TableIndex(address, level)];
            if (!entry.IsPresent || (entry.Bits & PageFlags.PageSize) != 0)
                return false;
            table = entry.Frame;
        }
        page = PageTableView.At(table)[AddressSpace.TableIndex(address, 1)];
        return page.IsPresent;
    }

    private static bool TryTable(PageAllocator allocator, out Mfn table) => allocator.TryAllocate(0, AllocationFlags.Zeroed, out table);
}
