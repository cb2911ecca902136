using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>Writes dom0's first page tables: four levels over the mapped range, its own tables read-only, and a second branch for the physical-to-machine list.</summary>
internal static class Dom0PageTables
{
    private const ulong Table = PageFlags.Present | PageFlags.Writable | PageFlags.User | PageFlags.Accessed;
    private const ulong Leaf = PageFlags.Present | PageFlags.Writable | PageFlags.Accessed | PageFlags.Dirty;

    /// <summary>Maps the range of a layout. The tables are consecutive: L4, L3s, L2s, L1s.</summary>
    internal static void MapRange(in Dom0Layout layout, Mfn firstFrame)
    {
        Mfn tables = firstFrame.Plus(layout.PfnOf(layout.PageTables));
        Mfn l3 = tables.Plus(1), l2 = l3.Plus(layout.L3Count), l1 = l2.Plus(layout.L2Count);
        for (ulong i = 0; i < layout.PageTableCount; i++)
            Frame.At(tables.Plus(i)).Zero();

        ulong firstL1 = layout.Base >> 21, firstL2 = layout.Base >> 30, firstL3 = layout.Base >> 39;
        ulong writableEnd = layout.PageTables, writableStart = layout.PageTables + layout.PageTableCount * AddressSpace.PageSize;
        for (ulong page = 0; page < layout.MappedPages; page++)
        {
            ulong address = layout.Base + page * AddressSpace.PageSize;
            Mfn l1Table = l1.Plus((address >> 21) - firstL1);
            Mfn l2Table = l2.Plus((address >> 30) - firstL2);
            Mfn l3Table = l3.Plus((address >> 39) - firstL3);
            bool isTable = address >= writableEnd && address < writableStart;
            Set(l1Table, address, 1, firstFrame.Plus(page), isTable ? Leaf & ~PageFlags.Writable : Leaf);
            Set(l2Table, address, 2, l1Table, Table);
            Set(l3Table, address, 3, l2Table, Table);
            Set(tables, address, 4, l3Table, Table);
        }
    }

    /// <summary>Number of table pages that <see cref="MapList"/> needs.</summary>
    internal static ulong ListTables(ulong address, ulong bytes) =>
        Dom0Layout.Tables(address, address + bytes, 2UL << 20) + Dom0Layout.Tables(address, address + bytes, 1UL << 30) + Dom0Layout.Tables(address, address + bytes, 512UL << 30);

    /// <summary>Maps the physical-to-machine list at the address that the kernel asked for, with tables from consecutive frames.</summary>
    internal static void MapList(Mfn root, ulong address, Mfn list, ulong pages, Mfn tables)
    {
        ulong end = address + pages * AddressSpace.PageSize;
        ulong l3Count = Dom0Layout.Tables(address, end, 512UL << 30), l2Count = Dom0Layout.Tables(address, end, 1UL << 30);
        Mfn l2 = tables.Plus(l3Count), l1 = l2.Plus(l2Count);
        ulong count = ListTables(address, pages * AddressSpace.PageSize);
        for (ulong i = 0; i < count; i++)
            Frame.At(tables.Plus(i)).Zero();
        for (ulong page = 0; page < pages; page++)
        {
            ulong at = address + page * AddressSpace.PageSize;
            Mfn l1Table = l1.Plus((at >> 21) - (address >> 21));
            Mfn l2Table = l2.Plus((at >> 30) - (address >> 30));
            Mfn l3Table = tables.Plus((at >> 39) - (address >> 39));
            Set(l1Table, at, 1, list.Plus(page), Leaf);
            Set(l2Table, at, 2, l1Table, Table);
            Set(l3Table, at, 3, l2Table, Table);
            Set(root, at, 4, l3Table, Table);
        }
    }

    private static void Set(Mfn table, ulong address, int level, Mfn target, ulong flags) =>
        PageTableView.At(table).Write(AddressSpace.TableIndex(address, level), new PageTableEntry(target, flags));
}
