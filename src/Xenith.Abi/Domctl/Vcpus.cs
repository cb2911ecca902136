// xen/domctl.h: vCPUs: registers, affinity, scheduling parameters, CPU policy, debugging.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Reads or writes all registers of a vCPU. C: <c>struct xen_domctl_vcpucontext</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlVcpuContext
{
    public uint Vcpu;
    public GuestHandle<VcpuGuestContext> Ctxt;
}

/// <summary>State of a vCPU. C: <c>struct xen_domctl_getvcpuinfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlGetVcpuInfo
{
    public uint Vcpu;
    public byte Online;
    public byte Blocked;
    public byte Running;
    public ulong CpuTime;
    public uint Cpu;
}

/// <summary>NUMA nodes of a domain. C: <c>struct xen_domctl_nodeaffinity</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlNodeAffinity
{
    public XenctlBitmap NodeMap;
}

/// <summary>CPUs of a vCPU: where it may run, where it prefers to. C: <c>struct xen_domctl_vcpuaffinity</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlVcpuAffinity
{
    public uint Vcpu;
    public uint Flags;
    public XenctlBitmap CpuMapHard;
    public XenctlBitmap CpuMapSoft;
}

/// <summary>Number of vCPUs. C: <c>struct xen_domctl_max_vcpus</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlMaxVcpus
{
    public uint Max;
}

/// <summary>Weight and cap under Credit. C: <c>struct xen_domctl_sched_credit</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSchedCredit
{
    public ushort Weight;
    public ushort Cap;
}

/// <summary>Weight and cap under Credit2. C: <c>struct xen_domctl_sched_credit2</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSchedCredit2
{
    public ushort Weight;
    public ushort Cap;
}

/// <summary>Period and budget in microseconds. C: <c>struct xen_domctl_sched_rtds</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlSchedRtds
{
    public uint Period;
    public uint Budget;
    public uint Flags;
}

/// <summary>Parameters of one vCPU. C: <c>struct xen_domctl_schedparam_vcpu</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct DomctlSchedParamVcpu
{
    [FieldOffset(0)] public DomctlSchedCredit Credit;
    [FieldOffset(0)] public DomctlSchedCredit2 Credit2;
    [FieldOffset(0)] public DomctlSchedRtds Rtds;
    [FieldOffset(12)] public uint VcpuId;
}

/// <summary>Reads or writes scheduling parameters. C: <c>struct xen_domctl_scheduler_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct DomctlSchedulerOp
{
    [FieldOffset(0)] public uint SchedId;
    [FieldOffset(4)] public uint Cmd;
    [FieldOffset(8)] public DomctlSchedCredit Credit;
    [FieldOffset(8)] public DomctlSchedCredit2 Credit2;
    [FieldOffset(8)] public DomctlSchedRtds Rtds;
    [FieldOffset(8)] public GuestHandle<DomctlSchedParamVcpu> VVcpus;
    [FieldOffset(16)] public uint VNrVcpus;
    [FieldOffset(20)] public uint VPadding;
}

/// <summary>
/// Saves or loads an HVM domain's state; without a buffer it asks for the size. C: <c>struct
/// xen_domctl_hvmcontext</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlHvmContext
{
    public uint Size;
    public GuestHandle<byte> Buffer;
}

/// <summary>Word size of a PV domain, 32 or 64. C: <c>struct xen_domctl_address_size</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlAddressSize
{
    public uint Size;
}

/// <summary>Entry points of 32-bit system calls and machine-check state. C: <c>struct xen_domctl_ext_vcpucontext</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
public struct DomctlExtVcpuContext
{
    [FieldOffset(0)] public uint Vcpu;
    [FieldOffset(4)] public uint Size;
    [FieldOffset(8)] public ulong Syscall32CallbackEip;
    [FieldOffset(16)] public ulong SysenterCallbackEip;
    [FieldOffset(24)] public ushort Syscall32CallbackCs;
    [FieldOffset(26)] public ushort SysenterCallbackCs;
    [FieldOffset(28)] public byte Syscall32DisablesEvents;
    [FieldOffset(29)] public byte SysenterDisablesEvents;
    [FieldOffset(32)] public ulong McgCap;
    [FieldOffset(32)] public HvmVmceVcpu Vmce;
}

/// <summary>
/// CPUID leaves and MSRs of a domain. On an error the last three say which. C: <c>struct xen_domctl_cpu_policy</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlCpuPolicy
{
    public uint NrLeaves;
    public uint NrMsrs;
    public GuestHandle<CpuidLeaf> Leaves;
    public GuestHandle<MsrEntry> Msrs;
    public uint ErrLeaf;
    public uint ErrSubleaf;
    public uint ErrMsr;
}

/// <summary>Saves one record. C: <c>struct xen_domctl_hvmcontext_partial</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlHvmContextPartial
{
    public uint Type;
    public uint Instance;
    public ulong Bufsz;
    public GuestHandle<byte> Buffer;
}

/// <summary>How a domain sees the time-stamp counter. C: <c>struct xen_domctl_tsc_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlTscInfo
{
    public uint TscMode;
    public uint GtscKhz;
    public uint Incarnation;
    public uint Pad;
    public ulong ElapsedNsec;
}

/// <summary>A debugger reads or writes guest memory. C: <c>struct xen_domctl_gdbsx_memio</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlGdbsxMemIo
{
    public ulong Pgd3val;
    public ulong Gva;
    public ulong Uva;
    public uint Len;
    public byte Gwr;
    public uint Remain;
}

/// <summary>A debugger stops or starts a vCPU. C: <c>struct xen_domctl_gdbsx_pauseunp_vcpu</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlGdbsxPauseUnpVcpu
{
    public uint Vcpu;
}

/// <summary>Asks whether a breakpoint was hit. C: <c>struct xen_domctl_gdbsx_domstatus</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlGdbsxDomStatus
{
    public byte Paused;
    public uint VcpuId;
    public uint VcpuEv;
}

/// <summary>XSAVE state of a vCPU. C: <c>struct xen_domctl_vcpuextstate</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlVcpuExtState
{
    public uint Vcpu;
    public ulong XfeatureMask;
    public ulong Size;
    public GuestHandle<ulong> Buffer;
}

/// <summary>An MSR of a PV vCPU. C: <c>struct xen_domctl_vcpu_msr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlVcpuMsr
{
    public uint Index;
    public uint Reserved;
    public ulong Value;
}

/// <summary>MSRs of a PV vCPU. C: <c>struct xen_domctl_vcpu_msrs</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlVcpuMsrs
{
    public uint Vcpu;
    public uint MsrCount;
    public GuestHandle<DomctlVcpuMsr> Msrs;
}

/// <summary>Virtual NUMA topology of a domain. C: <c>struct xen_domctl_vnuma</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlVnuma
{
    public uint NrVnodes;
    public uint NrVmemranges;
    public uint NrVcpus;
    public uint Pad;
    public GuestHandle<uint> Vdistance;
    public GuestHandle<uint> VcpuToVnode;
    public GuestHandle<uint> VnodeToPnode;
    public GuestHandle<VmemRange> Vmemrange;
}
