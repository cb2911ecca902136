// xen/sysctl.h: operations on the whole machine for the control domain. One structure carries all of them; the
// interface version must match exactly.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations (<c>XEN_SYSCTL_*</c>).</summary>
public enum SysctlOp : uint
{
    ReadConsole = 1,
    TbufOp = 2,
    PhysInfo = 3,
    SchedId = 4,
    PerfcOp = 5,
    GetDomainInfoList = 6,
    DebugKeys = 7,
    GetCpuInfo = 8,
    AvailHeap = 9,
    GetPmstat = 10,
    CpuHotplug = 11,
    PmOp = 12,
    PageOfflineOp = 14,
    LockProfOp = 15,
    CpuTopoInfo = 16,
    NumaInfo = 17,
    CpupoolOp = 18,
    SchedulerOp = 19,
    CoverageOp = 20,
    PsrCmtOp = 21,
    PciTopoInfo = 22,
    PsrAlloc = 23,
    GetCpuLevellingCaps = 25,
    GetCpuFeatureSet = 26,
    LivepatchOp = 27,
    GetCpuPolicy = 29,
}

/// <summary>The argument of sysctl. The member that counts depends on the command. C: <c>struct xen_sysctl</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 136)]
public struct Sysctl
{
    /// <summary><see cref="SysctlOp"/>.</summary>
    [FieldOffset(0)] public uint Cmd;
    /// <summary>Must be <see cref="SysctlConstants.InterfaceVersion"/>, else -EACCES.</summary>
    [FieldOffset(4)] public uint InterfaceVersion;
    [FieldOffset(8)] public SysctlReadConsole ReadConsole;
    [FieldOffset(8)] public SysctlTbufOp TbufOp;
    [FieldOffset(8)] public SysctlPhysInfo PhysInfo;
    [FieldOffset(8)] public SysctlCpuTopoInfo CpuTopoInfo;
    [FieldOffset(8)] public SysctlPciTopoInfo PciTopoInfo;
    [FieldOffset(8)] public SysctlNumaInfo NumaInfo;
    [FieldOffset(8)] public SysctlSchedId SchedId;
    [FieldOffset(8)] public SysctlPerfcOp PerfcOp;
    [FieldOffset(8)] public SysctlGetDomainInfoList GetDomainInfoList;
    [FieldOffset(8)] public SysctlDebugKeys DebugKeys;
    [FieldOffset(8)] public SysctlGetCpuInfo GetCpuInfo;
    [FieldOffset(8)] public SysctlAvailHeap AvailHeap;
    [FieldOffset(8)] public SysctlGetPmstat GetPmstat;
    [FieldOffset(8)] public SysctlCpuHotplug CpuHotplug;
    [FieldOffset(8)] public SysctlPmOp PmOp;
    [FieldOffset(8)] public SysctlPageOfflineOp PageOffline;
    [FieldOffset(8)] public SysctlLockProfOp LockProfOp;
    [FieldOffset(8)] public SysctlCpupoolOp CpupoolOp;
    [FieldOffset(8)] public SysctlSchedulerOp SchedulerOp;
    [FieldOffset(8)] public SysctlCoverageOp CoverageOp;
    [FieldOffset(8)] public SysctlPsrCmtOp PsrCmtOp;
    [FieldOffset(8)] public SysctlPsrAlloc PsrAlloc;
    [FieldOffset(8)] public SysctlCpuLevellingCaps CpuLevellingCaps;
    [FieldOffset(8)] public SysctlCpuFeatureSet CpuFeatureSet;
    [FieldOffset(8)] public SysctlLivepatchOp Livepatch;
    [FieldOffset(8)] public SysctlCpuPolicy CpuPolicy;
}
