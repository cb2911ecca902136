// Our names beside C's for xen/hvm/params.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class HvmParamsTable
{
    public const string Rows = """
        header xen/hvm/params.h
        value HvmParamIndex.PaeEnabled = HVM_PARAM_PAE_ENABLED
        value HvmParamIndex.DmDomain = HVM_PARAM_DM_DOMAIN
        value HvmParamIndex.MemoryEventCr0 = HVM_PARAM_MEMORY_EVENT_CR0
        value HvmParamIndex.MemoryEventCr3 = HVM_PARAM_MEMORY_EVENT_CR3
        value HvmParamIndex.MemoryEventCr4 = HVM_PARAM_MEMORY_EVENT_CR4
        value HvmParamIndex.MemoryEventInt3 = HVM_PARAM_MEMORY_EVENT_INT3
        value HvmParamIndex.Nestedhvm = HVM_PARAM_NESTEDHVM
        value HvmParamIndex.MemoryEventSingleStep = HVM_PARAM_MEMORY_EVENT_SINGLE_STEP
        value HvmParamIndex.BufIoReqEvtchn = HVM_PARAM_BUFIOREQ_EVTCHN
        value HvmParamIndex.MemoryEventMsr = HVM_PARAM_MEMORY_EVENT_MSR
        value HvmParamIndex.CallbackIrq = HVM_PARAM_CALLBACK_IRQ
        value HvmParamIndex.StorePfn = HVM_PARAM_STORE_PFN
        value HvmParamIndex.StoreEvtchn = HVM_PARAM_STORE_EVTCHN
        value HvmParamIndex.IoReqPfn = HVM_PARAM_IOREQ_PFN
        value HvmParamIndex.BufIoReqPfn = HVM_PARAM_BUFIOREQ_PFN
        value HvmParamIndex.Viridian = HVM_PARAM_VIRIDIAN
        value HvmParamIndex.TimerMode = HVM_PARAM_TIMER_MODE
        value HvmParamIndex.HpetEnabled = HVM_PARAM_HPET_ENABLED
        value HvmParamIndex.IdentPt = HVM_PARAM_IDENT_PT
        value HvmParamIndex.AcpiSState = HVM_PARAM_ACPI_S_STATE
        value HvmParamIndex.Vm86Tss = HVM_PARAM_VM86_TSS
        value HvmParamIndex.VptAlign = HVM_PARAM_VPT_ALIGN
        value HvmParamIndex.ConsolePfn = HVM_PARAM_CONSOLE_PFN
        value HvmParamIndex.ConsoleEvtchn = HVM_PARAM_CONSOLE_EVTCHN
        value HvmParamIndex.AcpiIoPortsLocation = HVM_PARAM_ACPI_IOPORTS_LOCATION
        value HvmParamIndex.PagingRingPfn = HVM_PARAM_PAGING_RING_PFN
        value HvmParamIndex.MonitorRingPfn = HVM_PARAM_MONITOR_RING_PFN
        value HvmParamIndex.SharingRingPfn = HVM_PARAM_SHARING_RING_PFN
        value HvmParamIndex.TripleFaultReason = HVM_PARAM_TRIPLE_FAULT_REASON
        value HvmParamIndex.IoReqServerPfn = HVM_PARAM_IOREQ_SERVER_PFN
        value HvmParamIndex.NrIoReqServerPages = HVM_PARAM_NR_IOREQ_SERVER_PAGES
        value HvmParamIndex.VmGenerationIdAddr = HVM_PARAM_VM_GENERATION_ID_ADDR
        value HvmParamIndex.Altp2m = HVM_PARAM_ALTP2M
        value HvmParamIndex.X87FipWidth = HVM_PARAM_X87_FIP_WIDTH
        value HvmParamIndex.Vm86TssSized = HVM_PARAM_VM86_TSS_SIZED
        value HvmParamIndex.McaCap = HVM_PARAM_MCA_CAP
        value HvmCallbackType.Gsi = HVM_PARAM_CALLBACK_TYPE_GSI
        value HvmCallbackType.PciIntx = HVM_PARAM_CALLBACK_TYPE_PCI_INTX
        value HvmCallbackType.Vector = HVM_PARAM_CALLBACK_TYPE_VECTOR
        value ViridianFeatures.BaseFreq = HVMPV_base_freq
        value ViridianFeatures.NoFreq = HVMPV_no_freq
        value ViridianFeatures.TimeRefCount = HVMPV_time_ref_count
        value ViridianFeatures.ReferenceTsc = HVMPV_reference_tsc
        value ViridianFeatures.HcallRemoteTlbFlush = HVMPV_hcall_remote_tlb_flush
        value ViridianFeatures.ApicAssist = HVMPV_apic_assist
        value ViridianFeatures.CrashCtl = HVMPV_crash_ctl
        value ViridianFeatures.Synic = HVMPV_synic
        value ViridianFeatures.Stimer = HVMPV_stimer
        value ViridianFeatures.HcallIpi = HVMPV_hcall_ipi
        value ViridianFeatures.ExProcessorMasks = HVMPV_ex_processor_masks
        value ViridianFeatures.NoVpLimit = HVMPV_no_vp_limit
        value ViridianFeatures.CpuHotplug = HVMPV_cpu_hotplug
        value ViridianFeatures.FeatureMask = HVMPV_feature_mask
        value HvmTimerMode.DelayForMissedTicks = HVMPTM_delay_for_missed_ticks
        value HvmTimerMode.NoDelayForMissedTicks = HVMPTM_no_delay_for_missed_ticks
        value HvmTimerMode.NoMissedTicksPending = HVMPTM_no_missed_ticks_pending
        value HvmTimerMode.OneMissedTickPending = HVMPTM_one_missed_tick_pending
        value Altp2mMode.Disabled = XEN_ALTP2M_disabled
        value Altp2mMode.Mixed = XEN_ALTP2M_mixed
        value Altp2mMode.External = XEN_ALTP2M_external
        value Altp2mMode.Limited = XEN_ALTP2M_limited
        value HvmParamConstants.ParamCallbackIrqTypeMask = HVM_PARAM_CALLBACK_IRQ_TYPE_MASK
        value HvmParamConstants.McaCapLmce = XEN_HVM_MCA_CAP_LMCE
        value HvmParamConstants.McaCapMask = XEN_HVM_MCA_CAP_MASK
        value HvmParamConstants.NrParams = HVM_NR_PARAMS
        """;
}
