using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// A PV vCPU's page-table roots. A 64-bit guest has two: its kernel's, and one without the kernel's pages, and without the machine-to-physical table, for its user mode. Each root holds a reference to an L4 table for the vCPU,
/// so that the table the CPU walks cannot cease to be one.
/// </summary>
internal static class MmuOperations
{
    /// <summary>Makes a table of a domain that was just built the pinned root of a vCPU. Runs to the end: nobody waits yet.</summary>
    internal static XenError PinInitialRoot(Vcpu vcpu, Mfn root)
    {
        StepBudget budget = new(null);
        PageTypes types = Host.Current.Memory.Types;
        XenError error = types.Pin(root, 4, vcpu.Domain, ref budget);
        if (error == XenError.None)
            error = types.GetTable(root, 4, vcpu.Domain, ref budget);
        if (error == XenError.None)
            vcpu.Pv.KernelRoot = root;
        return error;
    }

    /// <summary>The guest's kernel wants another address space: MMUEXT_NEW_BASEPTR, or a load of CR3.</summary>
    internal static XenError SetKernelRoot(Vcpu vcpu, Mfn root)
    {
        StepBudget budget = new(vcpu);
        return SetKernelRoot(vcpu, root, ref budget);
    }

    /// <summary>
    /// The same as part of a longer call. If the vCPU runs here on its kernel's root, CR3 is loaded and the TLB flushed before the old root loses its reference: it may cease to be a page
    /// table with it. <see cref="XenError.Restart"/> if the new table could not be made one in the budget.
    /// </summary>
    internal static XenError SetKernelRoot(Vcpu vcpu, Mfn root, ref StepBudget budget)
    {
        MachineMemory memory = Host.Current.Memory;
        PvVcpu pv = vcpu.Pv;
        Mfn old = pv.KernelRoot;
        if (old != root)
        {
            XenError error = memory.Types.GetTable(root, 4, vcpu.Domain, ref budget);
            if (error != XenError.None)
                return error;
            pv.KernelRoot = root;
            HypervisorAddressSpace.ShowM2P(PageTableView.At(root), true);
            // The address of the LDT may mean other frames from now on.
            DescriptorTables.ReleaseLdtPages(vcpu);
        }
        if (vcpu.IsCurrent && !pv.InUserMode)
            memory.Tlb.LoadRoot(root);
        else
            memory.Tlb.FlushLocal();
        if (old != root && !old.IsInvalid)
            memory.Types.PutTable(old, ref budget);
        return XenError.None;
    }

    /// <summary>The guest chooses the address space of its user mode, or none with frame 0. It takes effect when the guest goes there; the guest flushes by itself.</summary>
    internal static XenError SetUserRoot(Vcpu vcpu, Mfn root)
    {
        StepBudget budget = new(vcpu);
        return SetUserRoot(vcpu, root, ref budget);
    }

    /// <summary>The same as part of a longer call.</summary>
    internal static XenError SetUserRoot(Vcpu vcpu, Mfn root, ref StepBudget budget)
    {
        PageTypes types = Host.Current.Memory.Types;
        // The guest's word for "none" is 0; a number that is ours for it is a bad one of the guest's.
        if (root.IsInvalid)
            return XenError.Invalid;
        if (root.Value == 0)
            root = Mfn.Invalid;
        Mfn old = vcpu.Pv.UserRoot;
        if (old == root)
            return XenError.None;
        if (!root.IsInvalid)
        {
            XenError error = types.GetTable(root, 4, vcpu.Domain, ref budget);
            if (error != XenError.None)
                return error;
            HypervisorAddressSpace.ShowM2P(PageTableView.At(root), false);
        }
        vcpu.Pv.UserRoot = root;
        if (!old.IsInvalid)
            types.PutTable(old, ref budget);
        return XenError.None;
    }

    /// <summary>
    /// A dead domain's vCPU, which no CPU has loaded, gives back its roots and the frames of its descriptor tables. <see cref="XenError.Restart"/> if it has to be called again.
    /// </summary>
    internal static XenError DropRoots(Vcpu vcpu, ref StepBudget budget)
    {
        PageTypes types = Host.Current.Memory.Types;
        PvVcpu pv = vcpu.Pv;
        DescriptorTables.ReleaseLdtPages(vcpu);
        DescriptorTables.ReleaseGdt(vcpu);
        if (pv.Unfinished.Any && types.Finish(pv.Unfinished, ref budget) == XenError.Restart)
            return XenError.Restart;
        Mfn user = pv.UserRoot;
        pv.UserRoot = Mfn.Invalid;
        if (!user.IsInvalid && types.PutTable(user, ref budget) == XenError.Restart)
            return XenError.Restart;
        Mfn kernel = pv.KernelRoot;
        pv.KernelRoot = Mfn.Invalid;
        return kernel.IsInvalid ? XenError.None : types.PutTable(kernel, ref budget);
    }
}
