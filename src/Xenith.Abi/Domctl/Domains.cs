// Constants and structures of xen/domctl.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary><c>struct xen_domctl_createdomain</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlCreateDomain
{
    public uint Ssidref;
    public Inline16<byte> Handle;
    public uint Flags;
    public uint IommuOpts;
    public uint MaxVcpus;
    public uint MaxEvtchnPort;
    public int MaxGrantFrames;
    public int MaxMaptrackFrames;
    public uint GrantOpts;
    public uint VmTraceSize;
    public uint CpupoolId;
    public ArchDomainConfig Arch;
}

/// <summary><c>struct xen_domctl_getdomaininfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlGetDomainInfo
{
    public ushort Domain;
    public ushort Pad1;
    public uint Flags;
    public ulong TotPages;
    public ulong MaxPages;
    public ulong OutstandingPages;
    public ulong ShrPages;
    public ulong PagedPages;
    public ulong SharedInfoFrame;
    public ulong CpuTime;
    public uint NrOnlineVcpus;
    public uint MaxVcpuId;
    public uint Ssidref;
    public Inline16<byte> Handle;
    public uint Cpupool;
    public byte GpaddrBits;
    public Inline7<byte> Pad2;
    public ArchDomainConfig ArchConfig;
}

/// <summary><c>struct xen_domctl_getpageframeinfo3</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlGetPageFrameInfo3
{
    public ulong Num;
    public GuestHandle<ulong> Array;
}

/// <summary><c>struct xen_domctl_shadow_op_stats</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlShadowOpStats
{
    public uint FaultCount;
    public uint DirtyCount;
}

/// <summary><c>struct xen_domctl_shadow_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlShadowOp
{
    public uint Op;
    public uint Mode;
    public uint Mb;
    public GuestHandle<byte> DirtyBitmap;
    public ulong Pages;
    public DomctlShadowOpStats Stats;
}

/// <summary><c>struct xen_domctl_max_mem</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlMaxMem
{
    public ulong MaxMemKb;
}

/// <summary><c>struct xen_domctl_setdomainhandle</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSetDomainHandle
{
    public Inline16<byte> Handle;
}

/// <summary><c>struct xen_domctl_setdebugging</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSetDebugging
{
    public byte Enable;
}

/// <summary><c>struct xen_domctl_hypercall_init</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlHypercallInit
{
    public ulong Gmfn;
}

/// <summary><c>struct xen_domctl_settimeoffset</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSetTimeOffset
{
    public long TimeOffsetSeconds;
}

/// <summary><c>struct xen_domctl_sendtrigger</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSendTrigger
{
    public uint Trigger;
    public uint Vcpu;
}

/// <summary><c>struct xen_domctl_set_target</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSetTarget
{
    public ushort Target;
}

/// <summary><c>struct xen_domctl_subscribe</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSubscribe
{
    public uint Port;
}

/// <summary><c>struct xen_domctl_audit_p2m</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlAuditP2m
{
    public ulong Orphans;
    public ulong M2pBad;
    public ulong P2mBad;
}

/// <summary><c>struct xen_domctl_set_virq_handler</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSetVirqHandler
{
    public uint Virq;
}

/// <summary><c>struct xen_domctl_set_broken_page_p2m</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSetBrokenPageP2m
{
    public ulong Pfn;
}

/// <summary><c>struct xen_domctl_cacheflush</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlCacheFlush
{
    public ulong StartPfn;
    public ulong NrPfns;
}

/// <summary><c>struct xen_domctl_paging_mempool</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlPagingMempool
{
    public ulong Size;
}
