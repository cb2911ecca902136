// Our names beside C's for xen/arch-x86/xen.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class ArchX86Table
{
    public const string Rows = """
        header xen/arch-x86/xen.h
        value ArchX86.FirstReservedGdtPage = FIRST_RESERVED_GDT_PAGE
        value ArchX86.FirstReservedGdtByte = FIRST_RESERVED_GDT_BYTE
        value ArchX86.FirstReservedGdtEntry = FIRST_RESERVED_GDT_ENTRY
        value ArchX86.LegacyMaxVcpus = XEN_LEGACY_MAX_VCPUS
        value ArchX86.X86MiscFlagsMax = XEN_X86_MISC_FLAGS_MAX
        value ArchX86.CpuidNoSubleaf = XEN_CPUID_NO_SUBLEAF
        value ArchX86.HvmDebugconsIoPort = XEN_HVM_DEBUGCONS_IOPORT
        value VcpuGuestContextFlags.I387Valid = VGCF_I387_VALID
        value VcpuGuestContextFlags.InKernel = VGCF_IN_KERNEL
        value VcpuGuestContextFlags.FailsafeDisablesEvents = VGCF_failsafe_disables_events
        value VcpuGuestContextFlags.SyscallDisablesEvents = VGCF_syscall_disables_events
        value VcpuGuestContextFlags.Online = VGCF_online
        value X86EmulationFlags.Lapic = XEN_X86_EMU_LAPIC
        value X86EmulationFlags.Hpet = XEN_X86_EMU_HPET
        value X86EmulationFlags.Pm = XEN_X86_EMU_PM
        value X86EmulationFlags.Rtc = XEN_X86_EMU_RTC
        value X86EmulationFlags.Ioapic = XEN_X86_EMU_IOAPIC
        value X86EmulationFlags.Pic = XEN_X86_EMU_PIC
        value X86EmulationFlags.Vga = XEN_X86_EMU_VGA
        value X86EmulationFlags.Iommu = XEN_X86_EMU_IOMMU
        value X86EmulationFlags.Pit = XEN_X86_EMU_PIT
        value X86EmulationFlags.UsePirq = XEN_X86_EMU_USE_PIRQ
        value X86EmulationFlags.Vpci = XEN_X86_EMU_VPCI
        value X86EmulationFlags.All = XEN_X86_EMU_ALL
        value X86MiscFlags.MsrRelaxed = XEN_X86_MSR_RELAXED
        struct TrapInfo = struct trap_info
            Vector = vector
            Flags = flags
            Cs = cs
            Address = address
        struct VcpuGuestContext = struct vcpu_guest_context
            FpuCtxtX = fpu_ctxt.x
            Flags = flags
            UserRegs = user_regs
            TrapCtxt = trap_ctxt
            LdtBase = ldt_base
            LdtEnts = ldt_ents
            GdtFrames = gdt_frames
            GdtEnts = gdt_ents
            KernelSs = kernel_ss
            KernelSp = kernel_sp
            Ctrlreg = ctrlreg
            Debugreg = debugreg
            EventCallbackEip = event_callback_eip
            FailsafeCallbackEip = failsafe_callback_eip
            SyscallCallbackEip = syscall_callback_eip
            VmAssist = vm_assist
            FsBase = fs_base
            GsBaseKernel = gs_base_kernel
            GsBaseUser = gs_base_user
        struct ArchSharedInfo = struct arch_shared_info
            MaxPfn = max_pfn
            PfnToMfnFrameListList = pfn_to_mfn_frame_list_list
            NmiReason = nmi_reason
            P2mCr3 = p2m_cr3
            P2mVaddr = p2m_vaddr
            P2mGeneration = p2m_generation
        struct ArchDomainConfig = both struct xen_arch_domainconfig
            EmulationFlags = emulation_flags
            MiscFlags = misc_flags
        struct CpuidLeaf = both struct xen_cpuid_leaf
            Leaf = leaf
            Subleaf = subleaf
            A = a
            B = b
            C = c
            D = d
        struct MsrEntry = both struct xen_msr_entry
            Idx = idx
            Flags = flags
            Val = val
        """;
}
