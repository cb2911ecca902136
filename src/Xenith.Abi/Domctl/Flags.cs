// xen/domctl.h: numbers inside the operations.

namespace Xenith.Abi;

/// <summary>Interface version and single values.</summary>
public static class DomctlConstants
{
    public const uint InterfaceVersion = 21;
    public const uint GrantVersionMask = 15;
    public const uint InvalidMaxVcpuId = 0xffffffff;
    public const uint ShadowLogdirtyFinal = 1;
    public const uint DevRdmRelaxed = 1;
    public const uint DeleteMemCacheattr = 0xffffffff;
    public const uint CpuidInputUnused = 0xffffffff;
    public const uint MemSharingControl = 0;
}

/// <summary>Kind of a new domain (<c>XEN_DOMCTL_CDF_*</c>).</summary>
public enum CreateDomainFlags : uint
{
    Hvm = 1,
    Hap = 2,
    S3Integrity = 4,
    OosOff = 8,
    XsDomain = 16,
    Iommu = 32,
    NestedVirt = 64,
    Vpmu = 0x80,
    Max = 0x80,
}

/// <summary>IOMMU choices for a new domain.</summary>
public enum DomainIommuFlags : uint
{
    NoSharept = 1,
    Max = 1,
}

/// <summary>State of a domain (<c>XEN_DOMINF_*</c>); the shutdown reason is in bits 16 to 23.</summary>
public enum DomainInfoFlags : uint
{
    Dying = 1,
    HvmGuest = 2,
    Shutdown = 4,
    Paused = 8,
    Blocked = 16,
    Running = 32,
    Debugged = 64,
    XsDomain = 0x80,
    Hap = 0x100,
    ShutdownMask = 255,
    ShutdownShift = 16,
}

/// <summary>Type of a frame in getpageframeinfo3 (<c>XEN_DOMCTL_PFINFO_*</c>).</summary>
public enum PageFrameInfo : uint
{
    LTabShift = 28,
    NoTab = 0,
    L1Tab = 0x10000000,
    L2Tab = 0x20000000,
    L3Tab = 0x30000000,
    L4Tab = 0x40000000,
    LTabTypeMask = 0x70000000,
    LpinTab = 0x80000000,
    XTab = 0xf0000000,
    XAlloc = 0xe0000000,
    Broken = 0xd0000000,
    LTabMask = 0xf0000000,
}

/// <summary>Sub-operations of shadow_op.</summary>
public enum ShadowOp : uint
{
    Off = 0,
    Enable = 32,
    Clean = 11,
    Peek = 12,
    GetAllocation = 30,
    SetAllocation = 31,
    EnableTest = 1,
    EnableLogdirty = 2,
}

/// <summary>What shadow_op enables.</summary>
public enum ShadowEnableFlags : uint
{
    Refcount = 2,
    LogDirty = 4,
    Translate = 8,
    External = 16,
}

/// <summary>Which affinity is meant.</summary>
public enum VcpuAffinityFlags : uint
{
    Hard = 1,
    Soft = 2,
    Force = 4,
}

/// <summary>Schedulers (<c>XEN_SCHEDULER_*</c>).</summary>
public enum SchedulerId : uint
{
    Credit = 5,
    Credit2 = 6,
    Arinc653 = 7,
    Rtds = 8,
    Null = 9,
}

/// <summary>RTDS flags of a vCPU.</summary>
public enum RtdsFlags : uint
{
    Extra = 1,
}

/// <summary>What scheduler_op does.</summary>
public enum DomctlSchedulerCommand : uint
{
    PutInfo = 0,
    GetInfo = 1,
    PutVcpuInfo = 2,
    GetVcpuInfo = 3,
}

/// <summary>What sendtrigger sends.</summary>
public enum DomainTrigger : uint
{
    Nmi = 0,
    Reset = 1,
    Init = 2,
    Power = 3,
    Sleep = 4,
}

/// <summary>How a device is named.</summary>
public enum AssignDeviceType : uint
{
    Pci = 0,
    Dt = 1,
}

/// <summary>Kinds of interrupts passed to a guest.</summary>
public enum PassthroughIrqType : uint
{
    Pci = 0,
    Isa = 1,
    Msi = 2,
    MsiTranslate = 3,
    Spi = 4,
}

/// <summary>Fields of a virtual MSI's message.</summary>
public enum VirtualMsiFlags : uint
{
    DestIdMask = 255,
    RhMask = 0x100,
    DmMask = 0x200,
    DelivMask = 0x7000,
    TrigMask = 0x8000,
    Unmasked = 0x10000,
}

/// <summary>Whether a mapping is added or removed.</summary>
public enum DeviceMapping : uint
{
    AddMapping = 1,
    RemoveMapping = 0,
}

/// <summary>Memory types.</summary>
public enum CacheAttribute : uint
{
    Uc = 0,
    Wc = 1,
    Wt = 4,
    Wp = 5,
    Wb = 6,
    Ucm = 7,
}

/// <summary>What debug_op does.</summary>
public enum DebugOp : uint
{
    SingleStepOff = 0,
    SingleStepOn = 1,
}

/// <summary>What vm_event_op does.</summary>
public enum VmEventOp : uint
{
    Enable = 0,
    Disable = 1,
    Resume = 2,
    GetVersion = 3,
}

/// <summary>Which ring.</summary>
public enum VmEventRingMode : uint
{
    Paging = 1,
    Monitor = 2,
    Sharing = 3,
}

/// <summary>Cache monitoring of a domain.</summary>
public enum DomctlPsrCmtCommand : uint
{
    Detach = 0,
    Attach = 1,
    QueryRmid = 2,
}

/// <summary>What monitor_op does.</summary>
public enum MonitorOp : uint
{
    Enable = 0,
    Disable = 1,
    GetCapabilities = 2,
    EmulateEachRep = 3,
    ControlRegisters = 4,
}

/// <summary>Events that a monitor can ask for.</summary>
public enum MonitorEvent : uint
{
    WriteCtrlreg = 0,
    MovToMsr = 1,
    Singlestep = 2,
    SoftwareBreakpoint = 3,
    GuestRequest = 4,
    DebugException = 5,
    Cpuid = 6,
    PrivilegedCall = 7,
    Interrupt = 8,
    DescAccess = 9,
    EmulUnimplemented = 10,
    InguestPageFault = 11,
    Vmexit = 12,
}

/// <summary>Cache and bandwidth allocation of a domain.</summary>
public enum DomctlPsrCommand : uint
{
    SetL3Cbm = 0,
    GetL3Cbm = 1,
    SetL3Code = 2,
    SetL3Data = 3,
    GetL3Code = 4,
    GetL3Data = 5,
    SetL2Cbm = 6,
    GetL2Cbm = 7,
    SetMbaThrtl = 8,
    GetMbaThrtl = 9,
}

/// <summary>Virtual UART, not on x86.</summary>
public enum VirtualUartOp : uint
{
    Init = 0,
}

/// <summary>Kinds of virtual UART.</summary>
public enum VirtualUartType : uint
{
    Vpl011 = 0,
}

/// <summary>Processor trace of a vCPU.</summary>
public enum VmTraceCommand : uint
{
    Enable = 1,
    Disable = 2,
    ResetAndEnable = 3,
    OutputPosition = 4,
    GetOption = 5,
    SetOption = 6,
}
