using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Page faults of a PV guest. Nearly all are the guest's own and go to its handler at once. Three kinds are ours: descriptor tables that are
/// mapped when first used, writes to the guest's page tables, and faults that have gone away by themselves.
/// </summary>
internal static class PageFaults
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Handle(Vcpu vcpu, ref GuestFrame frame, ulong address)
    {
        uint error = unchecked((uint)frame.Error);
        if (!AddressSpace.IsGuestAddress(address))
        {
            DescriptorAccess(vcpu, ref frame, address, error);
            return;
        }
        // Only a kernel's fault on a page that is there can be more than the guest's own affair.
        if ((error & (PvExceptions.Present | PvExceptions.ReservedBit)) == PvExceptions.Present && !vcpu.Pv.InUserMode
            && TryRepair(vcpu, ref frame, address, error))
            return;
        PvExceptions.RaisePageFault(vcpu, ref frame, address, error);
    }

    /// <summary>True if the guest can go on: its write to a page table has been done for it, or its page tables allow the access by now.</summary>
    private static bool TryRepair(Vcpu vcpu, ref GuestFrame frame, ulong address, uint error)
    {
        Cpu.EnableInterrupts();
        if (!PageWalk.TryFind(vcpu, address, out MappedPage page))
            return false;
        bool isWrite = (error & PvExceptions.Write) != 0;
        if (isWrite && !page.IsWritable)
            // Also without VMASST_TYPE_writable_pagetables: Xen does not look at it.
            return !page.Entry.IsWritable
                && (PageTableWrites.TryEmulate(vcpu, ref frame, address, page.Entry.Frame) || ReadOnlyDevices.TryDropWrite(vcpu, ref frame, address, page.Entry.Frame));
        if ((error & PvExceptions.InstructionFetch) != 0 && !page.IsExecutable)
            return false;
        // The fault came from an old entry in the TLB. The fault itself has dropped that (SDM vol. 3, 4.10.4.1); this makes sure.
        Cpu.InvalidatePage(address);
        return true;
    }

    /// <summary>
    /// The CPU reads descriptors in the hypervisor's part of the address space when a guest loads a selector, as a supervisor: an LDT page is mapped then. What the guest must be told
    /// about is translated into its own terms: a selector beyond the GDT is #GP, a missing LDT page is a fault in its LDT.
    /// </summary>
    private static void DescriptorAccess(Vcpu vcpu, ref GuestFrame frame, ulong address, uint error)
    {
        if ((error & (PvExceptions.User | PvExceptions.ReservedBit)) != 0)
        {
            PvExceptions.RaisePageFault(vcpu, ref frame, address, error);
            return;
        }
        ulong fromLdt = unchecked(address - AddressSpace.VcpuLdt(vcpu.Id));
        if (fromLdt < AddressSpace.PerVcpuSize / 2)
        {
            if (DescriptorTables.TryMapLdtPage(vcpu, (uint)fromLdt / AddressSpace.PageSize))
                return;
            PvExceptions.RaisePageFault(vcpu, ref frame, unchecked(vcpu.Pv.LdtBase + fromLdt), error);
            return;
        }
        ulong fromGdt = unchecked(address - AddressSpace.VcpuGdt(vcpu.Id));
        if (fromGdt < Selectors.GuestEntries * 8UL)
        {
            PvExceptions.Raise(vcpu, ref frame, ExceptionVector.GeneralProtection, (uint)fromGdt & 0xfff8);
            return;
        }
        PvExceptions.RaisePageFault(vcpu, ref frame, address, error);
    }
}
