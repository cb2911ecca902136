using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// The two modes of a 64-bit PV guest. Both run in ring 3; they differ in their page tables, in the base of GS and in where SYSCALL leads. Also the
/// exchange of everything else that the CPU holds for a vCPU besides the registers in its frame.
/// </summary>
internal static class PvMode
{
    /// <summary>Makes the vCPU on this CPU enter its kernel, if it is in user mode.</summary>
    internal static void ToKernel(Vcpu vcpu)
    {
        PvVcpu pv = vcpu.Pv;
        if (!pv.InUserMode)
            return;
        pv.InUserMode = false;
        PerCpu.UserMode = false;
        Cpu.SwapGs();
        Cpu.WriteCr3(pv.KernelRoot.Address);
        vcpu.Timers.OnKernelMode();
    }

    /// <summary>Makes the vCPU on this CPU enter user mode. It has a <see cref="PvVcpu.UserRoot"/>.</summary>
    internal static void ToUser(Vcpu vcpu)
    {
        PvVcpu pv = vcpu.Pv;
        if (pv.InUserMode)
            return;
        pv.InUserMode = true;
        PerCpu.UserMode = true;
        Cpu.SwapGs();
        Cpu.WriteCr3(pv.UserRoot.Address);
    }

    /// <summary>
    /// Takes a vCPU's state off this CPU; its registers have been copied to <see cref="Vcpu.Registers"/>. XCR0 is the host's again afterwards, so save
    /// vector registers after this. Interrupts are off.
    /// </summary>
    internal static void SaveState(Vcpu vcpu)
    {
        PvVcpu pv = vcpu.Pv;
        Segments.Read(out pv.Ds, out pv.Es, out pv.Fs, out pv.Gs);
        if (pv.InUserMode)
            Segments.ReadBases(out pv.FsBase, out pv.GsUserBase, out pv.GsKernelBase);
        else
            Segments.ReadBases(out pv.FsBase, out pv.GsKernelBase, out pv.GsUserBase);
        PvDebugRegisters.Unload(pv);
        PvControlRegisters.UnloadXcr0(pv);
    }

    /// <summary>
    /// This CPU forgets the guest whose state was saved: its tables may vanish from now on. Interrupts are off.
    /// </summary>
    internal static void Leave()
    {
        Descriptors.LoadIdleGdt();
        Descriptors.LoadLdt(0, 0);
        Cpu.WriteCr3(Image.RootTable.Address);
        PerCpu.UserMode = false;
        PerCpu.TaskSwitched = false;
        PerCpu.ClearVcpuInfo();
    }

    /// <summary>
    /// Puts a vCPU's state onto this CPU. Vector registers have been restored before, <see cref="Vcpu.Registers"/> are copied to the frame afterwards.
    /// Interrupts are off.
    /// </summary>
    internal static void LoadState(Vcpu vcpu)
    {
        PvVcpu pv = vcpu.Pv;
        // The old GDT may vanish with the old page tables; an interrupt between the two loads must still find the hypervisor's descriptors.
        Descriptors.LoadIdleGdt();
        DescriptorTables.ShowHypervisorDescriptors(vcpu);
        // The user pages of whoever ran before may be global: they would outlive a mere load of CR3.
        Host.Current.Memory.Tlb.LoadRoot(pv.InUserMode ? pv.UserRoot : pv.KernelRoot);
        Descriptors.LoadGdt(AddressSpace.VcpuGdt(vcpu.Id));
        Descriptors.LoadLdt(AddressSpace.VcpuLdt(vcpu.Id), pv.LdtEntries);

        bool selectorsLoaded = GuestSelectors.LoadAll(vcpu);
        if (pv.InUserMode)
            Segments.WriteBases(pv.FsBase, pv.GsUserBase, pv.GsKernelBase);
        else
            Segments.WriteBases(pv.FsBase, pv.GsKernelBase, pv.GsUserBase);

        PvControlRegisters.Load(pv);
        PvDebugRegisters.Load(pv);
        PerCpu.UserMode = pv.InUserMode;
        PerCpu.TaskSwitched = pv.TaskSwitched;
        PvEvents.Watch(vcpu);
        Host.Current.Speculation.OnSwitch(vcpu);
        if (!selectorsLoaded)
            GuestBounce.EnterFailsafe(vcpu, ref vcpu.Registers, pv.Ds, pv.Es, pv.Fs, pv.Gs);
    }
}
