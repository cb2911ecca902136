using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Memory;

/// <summary>
/// The hypervisor's own sixteen L4 slots. They are complete before the first guest exists and never change afterwards, so copying them into a guest's L4 table once,
/// when it becomes one, is enough. Only slot 260 differs from domain to domain.
/// </summary>
internal static class HypervisorAddressSpace
{
    private const ulong Table = PageFlags.Present | PageFlags.Writable | PageFlags.Accessed;
    private const ulong Data = PageFlags.Present | PageFlags.Writable | PageFlags.Accessed | PageFlags.Dirty | PageFlags.NoExecute;
    private const ulong LargePage = 2 * 1024 * 1024;
    private const ulong BootDirectMap = 4UL << 30;

    /// <summary>Maps RAM beyond the first 4 GiB. False if there is no memory for the tables.</summary>
    internal static bool ExtendDirectMap(EarlyMemory early, ulong end)
    {
        end = (end + LargePage - 1) & ~(LargePage - 1);
        for (ulong address = BootDirectMap; address < end; address += LargePage)
        {
            if (!TryDescend(early, AddressSpace.DirectMap + address, 2, Table, out Mfn l2))
                return false;
            PageTableView.At(l2).Write(AddressSpace.TableIndex(AddressSpace.DirectMap + address, 2), new PageTableEntry(Mfn.FromAddress(address), Data | PageFlags.PageSize));
        }
        BootMemory.SetDirectMapEnd(end > BootDirectMap ? end : BootDirectMap);
        return true;
    }

    /// <summary>Shows guests the machine-to-physical table, which lies in contiguous memory at a 2 MiB boundary: readable at every privilege level, writable at none.</summary>
    internal static bool MapM2P(EarlyMemory early, ulong machineAddress, ulong bytes)
    {
        const ulong flags = PageFlags.Present | PageFlags.User | PageFlags.Accessed | PageFlags.NoExecute | PageFlags.PageSize;
        for (ulong offset = 0; offset < bytes; offset += LargePage)
        {
            ulong address = AddressSpace.GuestM2P + offset;
            if (!TryDescend(early, address, 2, Table | PageFlags.User, out Mfn l2))
                return false;
            PageTableView.At(l2).Write(AddressSpace.TableIndex(address, 2), new PageTableEntry(Mfn.FromAddress(machineAddress + offset), flags));
        }
        return true;
    }

    /// <summary>Maps a page of device registers uncached; returns its registers from the given address on.</summary>
    internal static bool TryMapDevice(EarlyMemory early, uint slot, ulong machineAddress, out MmioRegion region) =>
        TryMapDevices(early, slot, machineAddress, 1, out region);

    /// <summary>The same for pages in a row, in slots in a row.</summary>
    internal static bool TryMapDevices(EarlyMemory early, uint slot, ulong machineAddress, uint pages, out MmioRegion region) =>
        TryMapPages(early, slot, machineAddress, pages, PageFlags.CacheDisable | PageFlags.WriteThrough, out region);

    /// <summary>Maps memory of a device for which several writes may become one, and the order does not matter: a framebuffer. Entry 4 of the page-attribute table is that.</summary>
    internal static bool TryMapFramebuffer(EarlyMemory early, uint slot, ulong machineAddress, uint pages, out MmioRegion region) =>
        TryMapPages(early, slot, machineAddress, pages, PageFlags.Pat, out region);

    private static bool TryMapPages(EarlyMemory early, uint slot, ulong machineAddress, uint pages, ulong memoryType, out MmioRegion region)
    {
        region = default;
        for (uint i = 0; i < pages; i++)
        {
            if (!TryMapDevicePage(early, slot + i, machineAddress + i * 4096UL, memoryType))
                return false;
        }
        region = MmioRegion.AtMapped(AddressSpace.DeviceMappings + slot * 4096UL + (machineAddress & 4095), (uint)(pages * 4096 - (machineAddress & 4095)));
        return true;
    }

    private static bool TryMapDevicePage(EarlyMemory early, uint slot, ulong machineAddress, ulong memoryType)
    {
        ulong address = AddressSpace.DeviceMappings + slot * 4096UL;
        if (!TryDescend(early, address, 1, Table, out Mfn l1))
            return false;
        PageTableView.At(l1).Write(AddressSpace.TableIndex(address, 1), new PageTableEntry(Mfn.FromAddress(machineAddress), Data | memoryType));
        Cpu.InvalidatePage(address);
        return true;
    }

    /// <summary>Makes the page table for device pages that are mapped while guests run. It is the second of the device mappings.</summary>
    internal static bool TryCreateDeviceMappings(EarlyMemory early, out DeviceMappings? mappings)
    {
        const ulong address = AddressSpace.DeviceMappings + LargePage;
        mappings = null;
        if (!TryDescend(early, address, 1, Table, out Mfn l1))
            return false;
        mappings = new DeviceMappings(l1, address);
        return true;
    }

    /// <summary>
    /// Maps registers that lie in large pages, uncached: configuration space of PCI. Each region has a gigabyte of addresses of its own, by its number. False if there is no memory for the tables.
    /// </summary>
    internal static bool TryMapLargeDevice(EarlyMemory early, uint region, ulong machineAddress, ulong bytes, out MmioRegion registers)
    {
        const ulong flags = Data | PageFlags.CacheDisable | PageFlags.WriteThrough | PageFlags.PageSize;
        registers = default;
        ulong start = machineAddress & ~(LargePage - 1);
        ulong first = AddressSpace.DeviceMappings + ((ulong)region + 1 << 30);
        for (ulong at = start; at < machineAddress + bytes; at += LargePage)
        {
            ulong address = first + (at - start);
            if (!TryDescend(early, address, 2, Table, out Mfn l2))
                return false;
            PageTableView.At(l2).Write(AddressSpace.TableIndex(address, 2), new PageTableEntry(Mfn.FromAddress(at), flags));
        }
        registers = MmioRegion.AtMapped(first + (machineAddress - start), (uint)bytes);
        return true;
    }

    /// <summary>Gives a CPU a block of zeroed memory, with its guard pages left out; <paramref name="descriptors"/> is the frame of its descriptor page.</summary>
    internal static bool TryMapCpuBlock(EarlyMemory early, uint cpu, out Mfn descriptors)
    {
        descriptors = Mfn.Invalid;
        ulong block = SecondaryCpus.BlockOf(cpu);
        for (int page = 0; page < SecondaryCpus.BlockPages; page++)
        {
            if (SecondaryCpus.IsGuardPage(page))
                continue;
            ulong address = block + (ulong)page * AddressSpace.PageSize;
            if (!early.TryTake(AddressSpace.PageSize, AddressSpace.PageSize, BootDirectMap, out ulong fresh) || !TryDescend(early, address, 1, Table, out Mfn l1))
                return false;
            Mfn frame = Mfn.FromAddress(fresh);
            Frame.At(frame).Zero();
            PageTableView.At(l1).Write(AddressSpace.TableIndex(address, 1), new PageTableEntry(frame, Data));
            if (page == SecondaryCpus.DescriptorPage)
                descriptors = frame;
        }
        return true;
    }

    /// <summary>Makes a slot of the per-domain area exist: an L3, an L2 and as many L1 tables as the descriptor tables of all vCPUs need.</summary>
    internal static XenError CreatePerDomainArea(MachineMemory memory, Domain domain)
    {
        if (!memory.Allocator.TryAllocate(0, AllocationFlags.Zeroed, out Mfn l3))
            return XenError.NoMemory;
        domain.Pv.PerDomainL3 = l3;
        if (!memory.Allocator.TryAllocate(0, AllocationFlags.Zeroed, out Mfn l2))
            return XenError.NoMemory;
        PageTableView.At(l3).Write(AddressSpace.TableIndex(AddressSpace.PerDomain, 3), new PageTableEntry(l2, Table));
        domain.Pv.PerDomainL2 = l2;
        // The area begins at a boundary of 1 GiB, so the first vCPUs' table is the first of the L2.
        for (uint table = 0; table * DescriptorTables.VcpusPerTable < (uint)domain.Vcpus.Length; table++)
        {
            if (!memory.Allocator.TryAllocate(0, AllocationFlags.Zeroed, out Mfn l1))
                return XenError.NoMemory;
            PageTableView.At(l2).Write((int)table, new PageTableEntry(l1, Table));
        }
        return XenError.None;
    }

    /// <summary>Frees the tables of <see cref="CreatePerDomainArea"/>, as far as it came. What the lowest ones mapped has been given back, and no CPU has them loaded.</summary>
    internal static void FreePerDomainArea(MachineMemory memory, Domain domain)
    {
        if (!domain.Pv.PerDomainL3.IsInvalid)
            FreeTables(memory.Allocator, domain.Pv.PerDomainL3, 3);
        domain.Pv.PerDomainL3 = Mfn.Invalid;
        domain.Pv.PerDomainL2 = Mfn.Invalid;
    }

    private static void FreeTables(PageAllocator allocator, Mfn table, int level)
    {
        for (int i = 0; level > 1 && i < 512; i++)
        {
            PageTableEntry entry = PageTableView.At(table)[i];
            if (entry.IsPresent)
                FreeTables(allocator, entry.Frame, level - 1);
        }
        allocator.Free(table, 0);
    }

    /// <summary>Fills the hypervisor's slots of a table that becomes a domain's L4.</summary>
    internal static void FillRootTable(PageTableView l4, Domain domain)
    {
        PageTableView root = PageTableView.At(Image.RootTable);
        for (int slot = AddressSpace.FirstHypervisorSlot; slot < AddressSpace.EndHypervisorSlot; slot++)
            l4.Write(slot, root[slot]);
        l4.Write(AddressSpace.PerDomainSlot, domain.Pv.PerDomainL3.IsInvalid ? default : new PageTableEntry(domain.Pv.PerDomainL3, Table));
    }

    /// <summary>Shows the machine-to-physical table in a root, or hides it: user mode has no business with it.</summary>
    internal static void ShowM2P(PageTableView l4, bool show) =>
        l4.Write(AddressSpace.FirstHypervisorSlot, show ? PageTableView.At(Image.RootTable)[AddressSpace.FirstHypervisorSlot] : default);

    /// <summary>
    /// Gives the direct map of the frames in which the image's code and constants lie page-sized entries, so that <see cref="ProtectImage"/> can take rights away from them. False if there is
    /// no memory for the tables.
    /// </summary>
    internal static bool SplitImageAlias(EarlyMemory early)
    {
        ulong end = Image.PhysicalOf(Image.DataEnd);
        for (ulong address = Image.PhysicalOf(Image.TextStart) & ~(LargePage - 1); address < end; address += LargePage)
        {
            ulong alias = AddressSpace.DirectMap + address;
            if (!TryDescend(early, alias, 2, Table, out Mfn l2) || !early.TryTake(AddressSpace.PageSize, AddressSpace.PageSize, BootDirectMap, out ulong fresh))
                return false;
            Mfn l1 = Mfn.FromAddress(fresh);
            for (int i = 0; i < 512; i++)
                PageTableView.At(l1).Write(i, new PageTableEntry(Mfn.FromAddress(address).Plus((ulong)i), Data));
            PageTableView.At(l2).Write(AddressSpace.TableIndex(alias, 2), new PageTableEntry(l1, Table));
        }
        Cpu.FlushTlb();
        return true;
    }

    /// <summary>
    /// Gives each part of the image just the rights that it needs, under its own address and in the direct map: what is code or constant is writable nowhere. Takes the guard pages away and
    /// the identity mapping that the boot code stood on. Method tables become read-only here: nothing may be constructed with a bare `new` afterwards that would write them.
    /// </summary>
    internal static void ProtectImage()
    {
        const ulong constant = PageFlags.Present | PageFlags.Accessed | PageFlags.NoExecute;
        Protect(Image.TextStart, Image.TextEnd, PageFlags.Present | PageFlags.Accessed);
        Protect(Image.ReadOnlyStart, Image.ReadOnlyEnd, constant);
        Protect(Image.DataStart, Image.DataEnd, constant);
        Protect(Image.BssStart, Image.End, Data);
        for (ulong address = Image.TextStart; address < Image.DataEnd; address += AddressSpace.PageSize)
            SetAlias(address, constant);
        for (int i = 0; Image.TryGetGuardPage(i, out ulong guard); i++)
            Protect(guard, guard + AddressSpace.PageSize, 0);
        PageTableView.At(Image.RootTable).Write(0, default);
        Host.Current.Memory.Tlb.Flush(CpuSet.All);
    }

    /// <summary>Changes the entry of the direct map for a page of the image.</summary>
    private static void SetAlias(ulong address, ulong flags)
    {
        ulong physical = Image.PhysicalOf(address);
        ulong alias = AddressSpace.DirectMap + physical;
        Mfn table = Image.RootTable;
        for (int level = 4; level > 1; level--)
            table = PageTableView.At(table)[AddressSpace.TableIndex(alias, level)].Frame;
        PageTableView.At(table).Write(AddressSpace.TableIndex(alias, 1), new PageTableEntry(Mfn.FromAddress(physical), flags));
    }

    private static void Protect(ulong start, ulong end, ulong flags)
    {
        for (ulong address = start; address < end; address += AddressSpace.PageSize)
        {
            ulong page = (address - AddressSpace.Image) / AddressSpace.PageSize;
            PageTableEntry entry = flags == 0 ? default : new PageTableEntry(Mfn.FromAddress(Image.PhysicalOf(address)), flags);
            PageTableView.At(Image.FirstL1Table.Plus(page / 512)).Write((int)(page % 512), entry);
        }
    }

    /// <summary>The table of a level for an address, in the idle address space; missing tables above it are made.</summary>
    private static bool TryDescend(EarlyMemory early, ulong address, int level, ulong flags, out Mfn table)
    {
        table = Image.RootTable;
        for (int at = 4; at > level; at--)
        {
            int index = AddressSpace.TableIndex(address, at);
            PageTableEntry entry = PageTableView.At(table)[index];
            if (!entry.IsPresent)
            {
                if (!early.TryTake(AddressSpace.PageSize, AddressSpace.PageSize, BootDirectMap, out ulong fresh))
                    return false;
                Frame.At(Mfn.FromAddress(fresh)).Zero();
                entry = new PageTableEntry(Mfn.FromAddress(fresh), flags);
                PageTableView.At(table).Write(index, entry);
            }
            table = entry.Frame;
        }
        return true;
    }
}
