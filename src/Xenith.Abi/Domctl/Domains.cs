// xen/domctl.h: a domain as a whole: made, measured, limited, saved.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>A new domain. C: <c>struct xen_domctl_createdomain</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlCreateDomain
{
    public uint Ssidref;
    public Inline16<byte> Handle;
    /// <summary><see cref="CreateDomainFlags"/>.</summary>
    public uint Flags;
    public uint IommuOpts;
    public uint MaxVcpus;
    public uint MaxEvtchnPort;
    /// <summary>Negative: the hypervisor's default.</summary>
    public int MaxGrantFrames;
    public int MaxMaptrackFrames;
    public uint GrantOpts;
    public uint VmTraceSize;
    public uint CpupoolId;
    public ArchDomainConfig Arch;
}

/// <summary>State and sizes of a domain. C: <c>struct xen_domctl_getdomaininfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlGetDomainInfo
{
    public ushort Domain;
    public ushort Pad1;
    /// <summary><see cref="DomainInfoFlags"/>.</summary>
    public uint Flags;
    public ulong TotPages;
    public ulong MaxPages;
    public ulong OutstandingPages;
    public ulong ShrPages;
    public ulong PagedPages;
    public ulong SharedInfoFrame;
    /// <summary>Nanoseconds over all vCPUs.</summary>
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

/// <summary>
/// In: frame numbers. Out: their types, see <see cref="PageFrameInfo"/>. C: <c>struct
/// xen_domctl_getpageframeinfo3</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlGetPageFrameInfo3
{
    public ulong Num;
    public GuestHandle<ulong> Array;
}

/// <summary>Counters of log-dirty mode. C: <c>struct xen_domctl_shadow_op_stats</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlShadowOpStats
{
    public uint FaultCount;
    public uint DirtyCount;
}

/// <summary>Shadow paging and log-dirty mode. C: <c>struct xen_domctl_shadow_op</c>.</summary>
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

/// <summary>Limit of a domain's memory in KiB. C: <c>struct xen_domctl_max_mem</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlMaxMem
{
    public ulong MaxMemKb;
}

/// <summary>UUID of a domain. C: <c>struct xen_domctl_setdomainhandle</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSetDomainHandle
{
    public Inline16<byte> Handle;
}

/// <summary>Whether a debugger is attached. C: <c>struct xen_domctl_setdebugging</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSetDebugging
{
    public byte Enable;
}

/// <summary>Fills a hypercall page. C: <c>struct xen_domctl_hypercall_init</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlHypercallInit
{
    public ulong Gmfn;
}

/// <summary>Offset of a domain's wall clock in seconds. C: <c>struct xen_domctl_settimeoffset</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSetTimeOffset
{
    public long TimeOffsetSeconds;
}

/// <summary>Sends an NMI, a reset or an ACPI button. C: <c>struct xen_domctl_sendtrigger</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSendTrigger
{
    public uint Trigger;
    public uint Vcpu;
}

/// <summary>The domain that a stub domain serves. C: <c>struct xen_domctl_set_target</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSetTarget
{
    public ushort Target;
}

/// <summary>Port to be signalled when a domain stops. C: <c>struct xen_domctl_subscribe</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSubscribe
{
    public uint Port;
}

/// <summary>Counts inconsistencies of a domain's map. C: <c>struct xen_domctl_audit_p2m</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlAuditP2m
{
    public ulong Orphans;
    public ulong M2pBad;
    public ulong P2mBad;
}

/// <summary>The domain that gets a global virtual interrupt. C: <c>struct xen_domctl_set_virq_handler</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSetVirqHandler
{
    public uint Virq;
}

/// <summary>Marks a page as broken. C: <c>struct xen_domctl_set_broken_page_p2m</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSetBrokenPageP2m
{
    public ulong Pfn;
}

/// <summary>Flushes pages; not on x86. C: <c>struct xen_domctl_cacheflush</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlCacheFlush
{
    public ulong StartPfn;
    public ulong NrPfns;
}

/// <summary>Memory for a domain's shadow or nested page tables, in bytes. C: <c>struct xen_domctl_paging_mempool</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlPagingMempool
{
    public ulong Size;
}
