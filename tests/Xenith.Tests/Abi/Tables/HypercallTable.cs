// Our names beside C's for xen/xen.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class HypercallTable
{
    public const string Rows = """
        header xen/xen.h
        value HypercallNumber.SetTrapTable = __HYPERVISOR_set_trap_table
        value HypercallNumber.MmuUpdate = __HYPERVISOR_mmu_update
        value HypercallNumber.SetGdt = __HYPERVISOR_set_gdt
        value HypercallNumber.StackSwitch = __HYPERVISOR_stack_switch
        value HypercallNumber.SetCallbacks = __HYPERVISOR_set_callbacks
        value HypercallNumber.FpuTaskSwitch = __HYPERVISOR_fpu_taskswitch
        value HypercallNumber.SchedOpCompat = __HYPERVISOR_sched_op_compat
        value HypercallNumber.PlatformOp = __HYPERVISOR_platform_op
        value HypercallNumber.SetDebugreg = __HYPERVISOR_set_debugreg
        value HypercallNumber.GetDebugreg = __HYPERVISOR_get_debugreg
        value HypercallNumber.UpdateDescriptor = __HYPERVISOR_update_descriptor
        value HypercallNumber.MemoryOp = __HYPERVISOR_memory_op
        value HypercallNumber.Multicall = __HYPERVISOR_multicall
        value HypercallNumber.UpdateVaMapping = __HYPERVISOR_update_va_mapping
        value HypercallNumber.SetTimerOp = __HYPERVISOR_set_timer_op
        value HypercallNumber.EventChannelOpCompat = __HYPERVISOR_event_channel_op_compat
        value HypercallNumber.XenVersion = __HYPERVISOR_xen_version
        value HypercallNumber.ConsoleIo = __HYPERVISOR_console_io
        value HypercallNumber.PhysdevOpCompat = __HYPERVISOR_physdev_op_compat
        value HypercallNumber.GrantTableOp = __HYPERVISOR_grant_table_op
        value HypercallNumber.VmAssist = __HYPERVISOR_vm_assist
        value HypercallNumber.UpdateVaMappingOtherdomain = __HYPERVISOR_update_va_mapping_otherdomain
        value HypercallNumber.Iret = __HYPERVISOR_iret
        value HypercallNumber.VcpuOp = __HYPERVISOR_vcpu_op
        value HypercallNumber.SetSegmentBase = __HYPERVISOR_set_segment_base
        value HypercallNumber.MmuExtOp = __HYPERVISOR_mmuext_op
        value HypercallNumber.XsmOp = __HYPERVISOR_xsm_op
        value HypercallNumber.NmiOp = __HYPERVISOR_nmi_op
        value HypercallNumber.SchedOp = __HYPERVISOR_sched_op
        value HypercallNumber.CallbackOp = __HYPERVISOR_callback_op
        value HypercallNumber.XenoprofOp = __HYPERVISOR_xenoprof_op
        value HypercallNumber.EventChannelOp = __HYPERVISOR_event_channel_op
        value HypercallNumber.PhysdevOp = __HYPERVISOR_physdev_op
        value HypercallNumber.HvmOp = __HYPERVISOR_hvm_op
        value HypercallNumber.Sysctl = __HYPERVISOR_sysctl
        value HypercallNumber.Domctl = __HYPERVISOR_domctl
        value HypercallNumber.KexecOp = __HYPERVISOR_kexec_op
        value HypercallNumber.TmemOp = __HYPERVISOR_tmem_op
        value HypercallNumber.ArgoOp = __HYPERVISOR_argo_op
        value HypercallNumber.PmuOp = __HYPERVISOR_xenpmu_op
        value HypercallNumber.DmOp = __HYPERVISOR_dm_op
        value HypercallNumber.HypfsOp = __HYPERVISOR_hypfs_op
        value HypercallNumber.Arch0 = __HYPERVISOR_arch_0
        value HypercallNumber.Arch1 = __HYPERVISOR_arch_1
        value HypercallNumber.Arch2 = __HYPERVISOR_arch_2
        value HypercallNumber.Arch3 = __HYPERVISOR_arch_3
        value HypercallNumber.Arch4 = __HYPERVISOR_arch_4
        value HypercallNumber.Arch5 = __HYPERVISOR_arch_5
        value HypercallNumber.Arch6 = __HYPERVISOR_arch_6
        value HypercallNumber.Arch7 = __HYPERVISOR_arch_7
        """;
}
