// Our names beside C's for xen/pmu.h, xen/arch-x86/pmu.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class PmuTable
{
    public const string Rows = """
        header xen/pmu.h
        header xen/arch-x86/pmu.h
        value PmuOp.ModeGet = XENPMU_mode_get
        value PmuOp.ModeSet = XENPMU_mode_set
        value PmuOp.FeatureGet = XENPMU_feature_get
        value PmuOp.FeatureSet = XENPMU_feature_set
        value PmuOp.Init = XENPMU_init
        value PmuOp.Finish = XENPMU_finish
        value PmuOp.LvtpcSet = XENPMU_lvtpc_set
        value PmuOp.Flush = XENPMU_flush
        value PmuMode.Off = XENPMU_MODE_OFF
        value PmuMode.Self = XENPMU_MODE_SELF
        value PmuMode.Hv = XENPMU_MODE_HV
        value PmuMode.All = XENPMU_MODE_ALL
        value PmuFeature.IntelBts = XENPMU_FEATURE_INTEL_BTS
        value PmuFeature.IpcOnly = XENPMU_FEATURE_IPC_ONLY
        value PmuFeature.ArchOnly = XENPMU_FEATURE_ARCH_ONLY
        value PmuVersion.Maj = XENPMU_VER_MAJ
        value PmuVersion.Min = XENPMU_VER_MIN
        value PmuFlags.Cached = PMU_CACHED
        value PmuFlags.SampleUser = PMU_SAMPLE_USER
        value PmuFlags.SampleReal = PMU_SAMPLE_REAL
        value PmuFlags.SamplePv = PMU_SAMPLE_PV
        struct PmuAmdCtxt = both struct xen_pmu_amd_ctxt
            Counters = counters
            Ctrls = ctrls
        struct PmuCntrPair = both struct xen_pmu_cntr_pair
            Counter = counter
            Control = control
        struct PmuIntelCtxt = both struct xen_pmu_intel_ctxt
            FixedCounters = fixed_counters
            ArchCounters = arch_counters
            GlobalCtrl = global_ctrl
            GlobalOvfCtrl = global_ovf_ctrl
            GlobalStatus = global_status
            FixedCtrl = fixed_ctrl
            DsArea = ds_area
            PebsEnable = pebs_enable
            Debugctl = debugctl
        struct PmuRegs = both struct xen_pmu_regs
            Ip = ip
            Sp = sp
            Flags = flags
            Cs = cs
            Ss = ss
            Cpl = cpl
            Pad = pad
        struct PmuArch = both struct xen_pmu_arch
            RRegs = r.regs
            PmuFlags = pmu_flags
            LLapicLvtpc = l.lapic_lvtpc
            CAmd = c.amd
            CIntel = c.intel
        struct PmuParams = both struct xen_pmu_params
            VersionMaj = version.maj
            VersionMin = version.min
            Val = val
            Vcpu = vcpu
            Pad = pad
        struct PmuData = both struct xen_pmu_data
            VcpuId = vcpu_id
            PcpuId = pcpu_id
            DomainId = domain_id
            Pad = pad
            Pmu = pmu
        """;
}
