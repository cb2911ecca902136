// xen/domctl.h: operations on a domain for the control domain. One structure carries all of them; the interface
// version must match exactly.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations (<c>XEN_DOMCTL_*</c>).</summary>
public enum DomctlOp : uint
{
    CreateDomain = 1,
    DestroyDomain = 2,
    PauseDomain = 3,
    UnpauseDomain = 4,
    GetDomainInfo = 5,
    SetVcpuAffinity = 9,
    ShadowOp = 10,
    MaxMem = 11,
    SetVcpuContext = 12,
    GetVcpuContext = 13,
    GetVcpuInfo = 14,
    MaxVcpus = 15,
    SchedulerOp = 16,
    SetDomainHandle = 17,
    SetDebugging = 18,
    IrqPermission = 19,
    IoMemPermission = 20,
    IoPortPermission = 21,
    HypercallInit = 22,
    SetTimeOffset = 24,
    GetVcpuAffinity = 25,
    RealModeArea = 26,
    ResumeDomain = 27,
    SendTrigger = 28,
    Subscribe = 29,
    GetHvmContext = 33,
    SetHvmContext = 34,
    SetAddressSize = 35,
    GetAddressSize = 36,
    AssignDevice = 37,
    BindPtIrq = 38,
    MemoryMapping = 39,
    IoPortMapping = 40,
    SetExtVcpuContext = 42,
    GetExtVcpuContext = 43,
    SetOptFeature = 44,
    TestAssignDevice = 45,
    SetTarget = 46,
    DeassignDevice = 47,
    UnbindPtIrq = 48,
    GetDeviceGroup = 50,
    DebugOp = 54,
    GetHvmContextPartial = 55,
    VmEventOp = 56,
    MemSharingOp = 57,
    GetTscInfo = 59,
    SetTscInfo = 60,
    GetPageFrameInfo3 = 61,
    SetVcpuExtState = 62,
    GetVcpuExtState = 63,
    SetAccessRequired = 64,
    AuditP2m = 65,
    SetVirqHandler = 66,
    SetBrokenPageP2m = 67,
    SetNodeAffinity = 68,
    GetNodeAffinity = 69,
    CacheFlush = 71,
    GetVcpuMsrs = 72,
    SetVcpuMsrs = 73,
    SetVnumaInfo = 74,
    PsrCmtOp = 75,
    MonitorOp = 77,
    PsrAlloc = 78,
    SoftReset = 79,
    VuartOp = 81,
    GetCpuPolicy = 82,
    SetCpuPolicy = 83,
    VmTraceOp = 84,
    GetPagingMempoolSize = 85,
    SetPagingMempoolSize = 86,
    GdbsxGuestMemIo = 1000,
    GdbsxPauseVcpu = 1001,
    GdbsxUnpauseVcpu = 1002,
    GdbsxDomStatus = 1003,
}

/// <summary>The argument of domctl. The member that counts depends on the command. C: <c>struct xen_domctl</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 144)]
public struct Domctl
{
    /// <summary><see cref="DomctlOp"/>.</summary>
    [FieldOffset(0)] public uint Cmd;
    /// <summary>Must be <see cref="DomctlConstants.InterfaceVersion"/>, else -EACCES.</summary>
    [FieldOffset(4)] public uint InterfaceVersion;
    /// <summary>The domain; for createdomain in: wish, out: id.</summary>
    [FieldOffset(8)] public ushort Domain;
    [FieldOffset(10)] public Inline3<ushort> Pad;
    [FieldOffset(16)] public DomctlCreateDomain CreateDomain;
    [FieldOffset(16)] public DomctlGetDomainInfo GetDomainInfo;
    [FieldOffset(16)] public DomctlGetPageFrameInfo3 GetPageFrameInfo3;
    [FieldOffset(16)] public DomctlNodeAffinity NodeAffinity;
    [FieldOffset(16)] public DomctlVcpuAffinity VcpuAffinity;
    [FieldOffset(16)] public DomctlShadowOp ShadowOp;
    [FieldOffset(16)] public DomctlMaxMem MaxMem;
    [FieldOffset(16)] public DomctlVcpuContext VcpuContext;
    [FieldOffset(16)] public DomctlGetVcpuInfo GetVcpuInfo;
    [FieldOffset(16)] public DomctlMaxVcpus MaxVcpus;
    [FieldOffset(16)] public DomctlSchedulerOp SchedulerOp;
    [FieldOffset(16)] public DomctlSetDomainHandle SetDomainHandle;
    [FieldOffset(16)] public DomctlSetDebugging SetDebugging;
    [FieldOffset(16)] public DomctlIrqPermission IrqPermission;
    [FieldOffset(16)] public DomctlIoMemPermission IoMemPermission;
    [FieldOffset(16)] public DomctlIoPortPermission IoPortPermission;
    [FieldOffset(16)] public DomctlHypercallInit HypercallInit;
    [FieldOffset(16)] public DomctlSetTimeOffset SetTimeOffset;
    [FieldOffset(16)] public DomctlTscInfo TscInfo;
    [FieldOffset(16)] public DomctlHvmContext HvmContext;
    [FieldOffset(16)] public DomctlHvmContextPartial HvmContextPartial;
    [FieldOffset(16)] public DomctlAddressSize AddressSize;
    [FieldOffset(16)] public DomctlSendTrigger SendTrigger;
    [FieldOffset(16)] public DomctlGetDeviceGroup GetDeviceGroup;
    [FieldOffset(16)] public DomctlAssignDevice AssignDevice;
    [FieldOffset(16)] public DomctlBindPtIrq BindPtIrq;
    [FieldOffset(16)] public DomctlMemoryMapping MemoryMapping;
    [FieldOffset(16)] public DomctlIoPortMapping IoPortMapping;
    [FieldOffset(16)] public DomctlExtVcpuContext ExtVcpuContext;
    [FieldOffset(16)] public DomctlSetTarget SetTarget;
    [FieldOffset(16)] public DomctlSubscribe Subscribe;
    [FieldOffset(16)] public DomctlDebugOp DebugOp;
    [FieldOffset(16)] public DomctlVmEventOp VmEventOp;
    [FieldOffset(16)] public DomctlMemSharingOp MemSharingOp;
    [FieldOffset(16)] public DomctlCpuPolicy CpuPolicy;
    [FieldOffset(16)] public DomctlVcpuExtState VcpuExtState;
    [FieldOffset(16)] public DomctlVcpuMsrs VcpuMsrs;
    [FieldOffset(16)] public DomctlSetAccessRequired AccessRequired;
    [FieldOffset(16)] public DomctlAuditP2m AuditP2m;
    [FieldOffset(16)] public DomctlSetVirqHandler SetVirqHandler;
    [FieldOffset(16)] public DomctlGdbsxMemIo GdbsxGuestMemIo;
    [FieldOffset(16)] public DomctlSetBrokenPageP2m SetBrokenPageP2m;
    [FieldOffset(16)] public DomctlCacheFlush CacheFlush;
    [FieldOffset(16)] public DomctlGdbsxPauseUnpVcpu GdbsxPauseUnpVcpu;
    [FieldOffset(16)] public DomctlGdbsxDomStatus GdbsxDomStatus;
    [FieldOffset(16)] public DomctlVnuma Vnuma;
    [FieldOffset(16)] public DomctlPsrCmtOp PsrCmtOp;
    [FieldOffset(16)] public DomctlMonitorOp MonitorOp;
    [FieldOffset(16)] public DomctlPsrAlloc PsrAlloc;
    [FieldOffset(16)] public DomctlVuartOp VuartOp;
    [FieldOffset(16)] public DomctlVmTraceOp VmTraceOp;
    [FieldOffset(16)] public DomctlPagingMempool PagingMempool;
}
