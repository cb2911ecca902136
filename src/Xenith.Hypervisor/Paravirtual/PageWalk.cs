using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Where a guest's page tables map an address.</summary>
internal readonly struct MappedPage
{
    internal MappedPage(Mfn table, int index, PageTableEntry entry, bool isWritable, bool isExecutable)
    {
        Table = table;
        Index = index;
        Entry = entry;
        IsWritable = isWritable;
        IsExecutable = isExecutable;
    }

    /// <summary>The L1 table, and the index of the entry in it.</summary>
    internal readonly Mfn Table;
    internal readonly int Index;

    /// <summary>The L1 entry; it is present.</summary>
    internal readonly PageTableEntry Entry;

    /// <summary>Rights after all four levels.</summary>
    internal readonly bool IsWritable, IsExecutable;
}

/// <summary>
/// Looks an address up in the page tables on which a vCPU runs. Another vCPU may change them at the same time, so the answer is a hint: whoever acts
/// on it checks again under the rules of the frame table.
/// </summary>
internal static class PageWalk
{
    /// <summary>False if nothing is mapped at a guest's address, or the address is not a guest's.</summary>
    internal static bool TryFind(Vcpu vcpu, ulong address, out MappedPage page) =>
        TryFind(vcpu.Pv.InUserMode ? vcpu.Pv.UserRoot : vcpu.Pv.KernelRoot, address, out page);

    /// <summary>The same below a given L4 table.</summary>
    internal static bool TryFind(Mfn root, ulong address, out MappedPage page)
    {
        page = default;
        if (!AddressSpace.IsGuestAddress(address) || !AddressSpace.IsCanonical(address))
            return false;
        FrameTable frames = Host.Current.Memory.Frames;
        Mfn table = root;
        bool isWritable = true, isExecutable = true;
        for (int level = 4; ; level--)
        {
            if (!frames.Contains(table))
                return false;
            int index = AddressSpace.TableIndex(address, level);
            PageTableEntry entry = PageTableView.At(table)[index];
            if (!entry.IsPresent)
                return false;
            isWritable &= entry.IsWritable;
            isExecutable &= (entry.Bits & PageFlags.NoExecute) == 0;
            if (level == 1)
            {
                page = new MappedPage(table, index, entry, isWritable, isExecutable);
                return true;
            }
            // PV guests have no large pages (L2 and L3 entries with this bit are refused), so this is a table that has just changed.
            if (entry.IsLarge)
                return false;
            table = entry.Frame;
        }
    }
}
