// xen/sysctl.h: numbers inside the operations.

namespace Xenith.Abi;

/// <summary>Interface version, limits, and values that mean "none".</summary>
public static class SysctlConstants
{
    public const uint InterfaceVersion = 21;
    public const uint CpufreqNameLen = 16;
    public const uint CxUnlimited = 0xffffffff;
    public const uint InvalidCoreId = 0xffffffff;
    public const uint InvalidSocketId = 0xffffffff;
    public const uint InvalidNodeId = 0xffffffff;
    public const uint InvalidMemSz = 0xffffffff;
    public const uint InvalidNodeDist = 0xffffffff;
    public const uint CpupoolParAny = 0xffffffff;
    public const uint Arinc653MaxDomainsPerSchedule = 64;
    public const uint SchedRatelimitMax = 0x7a120;
    public const uint SchedRatelimitMin = 100;
    public const uint CreditTsliceMax = 1000;
    public const uint CreditTsliceMin = 1;
    public const uint CreditMgrDlyMaxUs = 0x186a0;
    public const uint GcovFormatMagic = 0x58434f56;
    public const uint InvalidDev = 0xfffffffe;
    public const uint PsrCatL3Cdp = 1;
    public const uint PsrMbaLinear = 1;
    public const uint LivepatchPayloadVersion = 2;
    public const uint LivepatchNameSize = 0x80;
}

/// <summary>What tbuf_op does.</summary>
public enum TraceBufferOp : uint
{
    GetInfo = 0,
    SetCpuMask = 1,
    SetEvtMask = 2,
    SetSize = 3,
    Enable = 4,
    Disable = 5,
}

/// <summary>What the machine and this hypervisor can do (<c>XEN_SYSCTL_PHYSCAP_*</c>).</summary>
public enum PhysCapabilities : uint
{
    Hvm = 1,
    Pv = 2,
    Directio = 4,
    Hap = 8,
    Shadow = 16,
    IommuHapPtShare = 32,
    VmTrace = 64,
    Vpmu = 0x80,
    GnttabV1 = 0x100,
    GnttabV2 = 0x200,
    Max = 0x200,
}

/// <summary>What perfc_op does.</summary>
public enum PerfcOp : uint
{
    Reset = 1,
    Query = 2,
}

/// <summary>What get_pmstat asks for.</summary>
public enum PmStatType : uint
{
    CategoryMask = 240,
    Px = 16,
    Cx = 32,
    GetMaxPx = 17,
    GetPxstat = 18,
    ResetPxstat = 19,
    GetMaxCx = 33,
    GetCxstat = 34,
    ResetCxstat = 35,
}

/// <summary>What cpu_hotplug does.</summary>
public enum CpuHotplugOp : uint
{
    Online = 0,
    Offline = 1,
    SmtEnable = 2,
    SmtDisable = 3,
}

/// <summary>Parameters of a frequency governor.</summary>
public enum CpufreqParameter : uint
{
    ScalingMaxFreq = 1,
    ScalingMinFreq = 2,
    ScalingSetspeed = 3,
    SamplingRate = 4,
    UpThreshold = 5,
}

/// <summary>What pm_op does.</summary>
public enum PmOp : uint
{
    PmParaCategoryMask = 240,
    CpufreqPara = 16,
    GetCpufreqPara = 17,
    SetCpufreqGov = 18,
    SetCpufreqPara = 19,
    GetCpufreqAvgfreq = 20,
    SetSchedOptSmt = 33,
    GetMaxCstate = 34,
    SetMaxCstate = 35,
    SetVcpuMigrationDelay = 36,
    GetVcpuMigrationDelay = 37,
    EnableTurbo = 38,
    DisableTurbo = 39,
}

/// <summary>What page_offline_op does.</summary>
public enum PageOfflineOp : uint
{
    PageOffline = 1,
    PageOnline = 2,
    QueryPageOffline = 3,
}

/// <summary>What became of a page.</summary>
public enum PageOfflineStatus : uint
{
    OfflineStatusMask = 255,
    OfflineInvalid = 1,
    OfflineOfflined = 2,
    OfflinePending = 4,
    OfflineFailed = 8,
    OfflineAgain = 16,
    OnlineFailed = 8,
    OnlineOnlined = 2,
    OfflineStatusOfflined = 2,
    OfflineStatusOnline = 4,
    OfflineStatusOfflinePending = 8,
    OfflineStatusBroken = 16,
    OfflineMiscMask = 0xff0,
    OfflineXenpage = 0x100,
    OfflineDom0page = 0x200,
    OfflineAnonymous = 0x400,
    OfflineNotConvRam = 0x800,
    OfflineOwned = 0x1000,
    OfflineBroken = 0x2000,
    OnlineBroken = 0x2000,
    OfflineOwnerShift = 16,
}

/// <summary>What lockprof_op does.</summary>
public enum LockProfOp : uint
{
    Reset = 1,
    Query = 2,
}

/// <summary>Kinds of locks.</summary>
public enum LockProfType : int
{
    Global = 0,
    Perdom = 1,
    N = 2,
}

/// <summary>What cpupool_op does.</summary>
public enum CpuPoolOp : uint
{
    Create = 1,
    Destroy = 2,
    Info = 3,
    AddCpu = 4,
    RmCpu = 5,
    MoveDomain = 6,
    FreeInfo = 7,
}

/// <summary>What scheduler_op does.</summary>
public enum SysctlSchedulerCommand : uint
{
    PutInfo = 0,
    GetInfo = 1,
}

/// <summary>What coverage_op does.</summary>
public enum CoverageOp : uint
{
    GetSize = 0,
    Read = 1,
    Reset = 2,
}

/// <summary>Questions about cache monitoring.</summary>
public enum SysctlPsrCmtCommand : uint
{
    GetTotalRmid = 0,
    GetL3UpscalingFactor = 1,
    GetL3CacheSize = 2,
    Enabled = 3,
    GetL3EventMask = 4,
}

/// <summary>Questions about cache and bandwidth allocation.</summary>
public enum SysctlPsrCommand : uint
{
    GetL3Info = 0,
    GetL2Info = 1,
    GetMbaInfo = 2,
}

/// <summary>Ways to hide CPU features.</summary>
public enum CpuLevellingCaps : uint
{
    Faulting = 1,
    Ecx = 2,
    Edx = 4,
    ExtdEcx = 8,
    ExtdEdx = 16,
    XsaveEax = 32,
    ThermalEcx = 64,
    L7s0Eax = 0x80,
    L7s0Ebx = 0x100,
}

/// <summary>Feature sets to ask for.</summary>
public enum CpuFeaturesetIndex : uint
{
    Raw = 0,
    Host = 1,
    Pv = 2,
    Hvm = 3,
    PvMax = 4,
    HvmMax = 5,
}

/// <summary>CPU policies to ask for.</summary>
public enum CpuPolicyIndex : uint
{
    Raw = 0,
    Host = 1,
    PvMax = 2,
    HvmMax = 3,
    PvDefault = 4,
    HvmDefault = 5,
}

/// <summary>What livepatch_op does.</summary>
public enum LivepatchOp : uint
{
    Upload = 0,
    Get = 1,
    List = 2,
    Action = 3,
}

/// <summary>State of a patch.</summary>
public enum LivepatchState : uint
{
    Checked = 1,
    Applied = 2,
}

/// <summary>What is done with a patch.</summary>
public enum LivepatchAction : uint
{
    Unload = 1,
    Revert = 2,
    Apply = 3,
    Replace = 4,
}

/// <summary>How.</summary>
public enum LivepatchActionFlags : uint
{
    ApplyNodeps = 1,
}
