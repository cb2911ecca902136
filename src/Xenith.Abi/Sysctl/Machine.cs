// xen/sysctl.h: what the machine is: CPUs, NUMA nodes, memory, features.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>CPUs, memory and capabilities of the machine. C: <c>struct xen_sysctl_physinfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlPhysInfo
{
    public uint ThreadsPerCore;
    public uint CoresPerSocket;
    public uint NrCpus;
    public uint MaxCpuId;
    public uint NrNodes;
    public uint MaxNodeId;
    public uint CpuKhz;
    public uint Capabilities;
    public uint ArchCapabilities;
    public uint Pad;
    public ulong TotalPages;
    public ulong FreePages;
    public ulong ScrubPages;
    public ulong OutstandingPages;
    public ulong MaxMfn;
    public Inline8<uint> HwCap;
}

/// <summary>Idle time of a CPU in nanoseconds. C: <c>struct xen_sysctl_cpuinfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCpuInfo
{
    public ulong IdleTime;
}

/// <summary>Asks for all CPUs' idle times. C: <c>struct xen_sysctl_getcpuinfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlGetCpuInfo
{
    public uint MaxCpus;
    public GuestHandle<SysctlCpuInfo> Info;
    public uint NrCpus;
}

/// <summary>Asks for free memory of an address width and node. C: <c>struct xen_sysctl_availheap</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlAvailHeap
{
    public uint MinBitwidth;
    public uint MaxBitwidth;
    public int Node;
    public ulong AvailBytes;
}

/// <summary>Core, socket and node of a CPU. C: <c>struct xen_sysctl_cputopo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCpuTopo
{
    public uint Core;
    public uint Socket;
    public uint Node;
}

/// <summary>Asks for the topology of all CPUs. C: <c>struct xen_sysctl_cputopoinfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCpuTopoInfo
{
    public uint NumCpus;
    public GuestHandle<SysctlCpuTopo> CpuTopo;
}

/// <summary>Memory of a node. C: <c>struct xen_sysctl_meminfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlMemInfo
{
    public ulong Memsize;
    public ulong Memfree;
}

/// <summary>Asks for memory and distances of all nodes. C: <c>struct xen_sysctl_numainfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlNumaInfo
{
    public uint NumNodes;
    public GuestHandle<SysctlMemInfo> MemInfo;
    public GuestHandle<uint> Distance;
}

/// <summary>CPU pools. C: <c>struct xen_sysctl_cpupool_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCpupoolOp
{
    public uint Op;
    public uint CpupoolId;
    public uint SchedId;
    public uint Domid;
    public uint Cpu;
    public uint NDom;
    public XenctlBitmap CpuMap;
}

/// <summary>Asks about cache monitoring. C: <c>struct xen_sysctl_psr_cmt_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct SysctlPsrCmtOp
{
    [FieldOffset(0)] public uint Cmd;
    [FieldOffset(4)] public uint Flags;
    [FieldOffset(8)] public ulong Data;
    [FieldOffset(8)] public uint L3CacheCpu;
    [FieldOffset(12)] public uint L3CacheRsvd;
}

/// <summary>Asks for the nodes of PCI devices. C: <c>struct xen_sysctl_pcitopoinfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlPciTopoInfo
{
    public uint NumDevs;
    public GuestHandle<PhysdevPciDevice> Devs;
    public GuestHandle<uint> Nodes;
}

/// <summary>Asks about cache and bandwidth allocation. C: <c>struct xen_sysctl_psr_alloc</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 20)]
public struct SysctlPsrAlloc
{
    [FieldOffset(0)] public uint Cmd;
    [FieldOffset(4)] public uint Target;
    [FieldOffset(8)] public uint CatInfoCbmLen;
    [FieldOffset(12)] public uint CatInfoCosMax;
    [FieldOffset(16)] public uint CatInfoFlags;
    [FieldOffset(8)] public uint MbaInfoThrtlMax;
    [FieldOffset(12)] public uint MbaInfoCosMax;
    [FieldOffset(16)] public uint MbaInfoFlags;
}

/// <summary>Asks how features can be hidden. C: <c>struct xen_sysctl_cpu_levelling_caps</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCpuLevellingCaps
{
    public uint Caps;
}

/// <summary>Asks for a feature set. C: <c>struct xen_sysctl_cpu_featureset</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCpuFeatureSet
{
    public uint Index;
    public uint NrFeatures;
    public GuestHandle<uint> Features;
}

/// <summary>Asks for a CPU policy. C: <c>struct xen_sysctl_cpu_policy</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCpuPolicy
{
    public uint Index;
    public uint NrLeaves;
    public uint NrMsrs;
    public uint Rsvd;
    public GuestHandle<CpuidLeaf> Leaves;
    public GuestHandle<MsrEntry> Msrs;
}
