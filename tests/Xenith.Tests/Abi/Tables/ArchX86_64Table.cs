// Our names beside C's for xen/arch-x86/xen.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class ArchX86_64Table
{
    public const string Rows = """
        header xen/arch-x86/xen.h
        value FlatSelectors.Ring3Cs32 = FLAT_RING3_CS32
        value FlatSelectors.Ring3Cs64 = FLAT_RING3_CS64
        value FlatSelectors.Ring3Ds32 = FLAT_RING3_DS32
        value FlatSelectors.Ring3Ds64 = FLAT_RING3_DS64
        value FlatSelectors.Ring3Ss32 = FLAT_RING3_SS32
        value FlatSelectors.Ring3Ss64 = FLAT_RING3_SS64
        value FlatSelectors.KernelDs64 = FLAT_KERNEL_DS64
        value FlatSelectors.KernelDs32 = FLAT_KERNEL_DS32
        value FlatSelectors.KernelDs = FLAT_KERNEL_DS
        value FlatSelectors.KernelCs64 = FLAT_KERNEL_CS64
        value FlatSelectors.KernelCs32 = FLAT_KERNEL_CS32
        value FlatSelectors.KernelCs = FLAT_KERNEL_CS
        value FlatSelectors.KernelSs64 = FLAT_KERNEL_SS64
        value FlatSelectors.KernelSs32 = FLAT_KERNEL_SS32
        value FlatSelectors.KernelSs = FLAT_KERNEL_SS
        value FlatSelectors.UserDs64 = FLAT_USER_DS64
        value FlatSelectors.UserDs32 = FLAT_USER_DS32
        value FlatSelectors.UserDs = FLAT_USER_DS
        value FlatSelectors.UserCs64 = FLAT_USER_CS64
        value FlatSelectors.UserCs32 = FLAT_USER_CS32
        value FlatSelectors.UserCs = FLAT_USER_CS
        value FlatSelectors.UserSs64 = FLAT_USER_SS64
        value FlatSelectors.UserSs32 = FLAT_USER_SS32
        value FlatSelectors.UserSs = FLAT_USER_SS
        value HypervisorLayout.HypervisorVirtStart = HYPERVISOR_VIRT_START
        value HypervisorLayout.HypervisorVirtEnd = HYPERVISOR_VIRT_END
        value HypervisorLayout.Mach2physVirtStart = MACH2PHYS_VIRT_START
        value HypervisorLayout.Mach2physVirtEnd = MACH2PHYS_VIRT_END
        value HypervisorLayout.Mach2physNrEntries = MACH2PHYS_NR_ENTRIES
        value SegmentBase.Fs = SEGBASE_FS
        value SegmentBase.GsUser = SEGBASE_GS_USER
        value SegmentBase.GsKernel = SEGBASE_GS_KERNEL
        value SegmentBase.GsUserSel = SEGBASE_GS_USER_SEL
        value IretFlags.InSyscall = VGCF_in_syscall
        struct IretContext = struct iret_context
            Rax = rax
            R11 = r11
            Rcx = rcx
            Flags = flags
            Rip = rip
            Cs = cs
            Rflags = rflags
            Rsp = rsp
            Ss = ss
        struct CpuUserRegs = struct cpu_user_regs
            R15 = r15
            R14 = r14
            R13 = r13
            R12 = r12
            Rbp = rbp
            Rbx = rbx
            R11 = r11
            R10 = r10
            R9 = r9
            R8 = r8
            Rax = rax
            Rcx = rcx
            Rdx = rdx
            Rsi = rsi
            Rdi = rdi
            ErrorCode = error_code
            EntryVector = entry_vector
            Rip = rip
            Cs = cs
            Pad0 = _pad0
            SavedUpcallMask = saved_upcall_mask
            Pad1 = _pad1
            Rflags = rflags
            Rsp = rsp
            Ss = ss
            Pad2 = _pad2
            Es = es
            Pad3 = _pad3
            Ds = ds
            Pad4 = _pad4
            Fs = fs
            Pad5 = _pad5
            Gs = gs
            Pad6 = _pad6
        struct ArchVcpuInfo = struct arch_vcpu_info
            Cr2 = cr2
            Pad = pad
        """;
}
