using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// A guest's local descriptor table: pages of the guest that the CPU reads through the hypervisor's per-domain area. Each page is mapped when the CPU first misses it, after its
/// descriptors have been checked, and as long as it is mapped nobody can write it.
/// </summary>
internal static class MmuLdt
{
    /// <summary>Descriptors that a table can have (SDM vol. 3, 3.5.1): 16 pages.</summary>
    internal const uint MostEntries = 8192;

    private const int Pages = 16;
    private const ulong Flags = PageFlags.Present | PageFlags.Writable | PageFlags.Accessed | PageFlags.Dirty | PageFlags.NoExecute;

    /// <summary>MMUEXT_SET_LDT: the table's address, page-aligned, and its number of entries; 0 for none.</summary>
    internal static XenError Set(Vcpu vcpu, ulong address, uint entries)
    {
        if (entries == 0)
            address = 0;
        if ((address & (AddressSpace.PageSize - 1)) != 0 || !AddressSpace.IsGuestAddress(address) || entries > MostEntries)
            return XenError.Invalid;
        PvVcpu pv = vcpu.Pv;
        if (pv.LdtBase == address && pv.LdtEntries == entries)
            return XenError.None;
        Unmap(vcpu);
        pv.LdtBase = address;
        pv.LdtEntries = entries;
        if (vcpu.IsCurrent)
            Descriptors.LoadLdt(AddressSpace.VcpuLdt(vcpu.Id), entries);
        return XenError.None;
    }

    /// <summary>The CPU has missed a page of the vCPU's LDT, <paramref name="offset"/> bytes from its start. Maps it; false if there is no such page or the guest may not use it as one.</summary>
    internal static bool TryMapPage(Vcpu vcpu, ulong offset)
    {
        PvVcpu pv = vcpu.Pv;
        if (offset >= pv.LdtEntries * 8UL || !HasArea(vcpu))
            return false;
        ulong address = unchecked(pv.LdtBase + (offset & ~(ulong)(AddressSpace.PageSize - 1)));
        if (!GuestPageWalk.TryGetL1Entry(vcpu, address, out _, out _, out PageTableEntry entry) || !entry.IsPresent)
            return false;
        PageTypes types = Host.Current.Memory.Types;
        if (types.TryGetDescriptors(entry.Frame, vcpu.Domain) != XenError.None)
            return false;
        PageTableEntry old = PageTableView.At(vcpu.Domain.Pv.PerDomainL1).Exchange(Slot(vcpu, (int)(offset / AddressSpace.PageSize)), new PageTableEntry(entry.Frame, Flags));
        if (old.IsPresent)
            types.PutType(old.Frame);
        return true;
    }

    /// <summary>Takes away all pages that were mapped.</summary>
    internal static void Unmap(Vcpu vcpu)
    {
        if (!HasArea(vcpu))
            return;
        MachineMemory memory = Host.Current.Memory;
        PageTableView view = PageTableView.At(vcpu.Domain.Pv.PerDomainL1);
        bool any = false;
        for (int page = 0; page < Pages; page++)
        {
            if (!view[Slot(vcpu, page)].IsPresent)
                continue;
            PageTableEntry old = view.Exchange(Slot(vcpu, page), default);
            memory.Types.PutType(old.Frame);
            any = true;
        }
        if (any)
            memory.Tlb.FlushLocal();
    }

    /// <summary>One L1 table serves 16 vCPUs.</summary>
    private static bool HasArea(Vcpu vcpu) => vcpu.Id < 512 / (2 * Pages) && !vcpu.Domain.Pv.PerDomainL1.IsInvalid;

    private static int Slot(Vcpu vcpu, int page) => AddressSpace.TableIndex(AddressSpace.VcpuLdt(vcpu.Id), 1) + page;
}
