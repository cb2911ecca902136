using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Walks through a guest's page tables as its CPU would. Another vCPU may change them meanwhile, so what comes out is a guess that is right unless the guest races with itself:
/// who acts on it takes a reference to the table first and looks at its type and owner.
/// </summary>
internal static class GuestPageWalk
{
    /// <summary>Finds the L1 table that maps an address in the address space the vCPU is in; false if there is none.</summary>
    internal static bool TryGetL1Table(Vcpu vcpu, ulong address, out Mfn table)
    {
        table = vcpu.Pv.InUserMode ? vcpu.Pv.UserRoot : vcpu.Pv.KernelRoot;
        if (!AddressSpace.IsGuestAddress(address))
            return false;
        FrameTable frames = Host.Current.Memory.Frames;
        for (int level = 4; level > 1; level--)
        {
            if (!frames.Contains(table))
                return false;
            PageTableEntry entry = PageTableView.At(table)[AddressSpace.TableIndex(address, level)];
            if (!entry.IsPresent || entry.IsLarge)
                return false;
            table = entry.Frame;
        }
        return frames.Contains(table);
    }

    /// <summary>Finds the L1 entry of an address, with its table and index; false if there is no L1 table. The entry need not be present.</summary>
    internal static bool TryGetL1Entry(Vcpu vcpu, ulong address, out Mfn table, out int index, out PageTableEntry entry)
    {
        index = AddressSpace.TableIndex(address, 1);
        bool found = TryGetL1Table(vcpu, address, out table);
        entry = found ? PageTableView.At(table)[index] : default;
        return found;
    }
}
