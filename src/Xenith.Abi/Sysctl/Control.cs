// xen/sysctl.h: console, tracing, CPU pools, schedulers, counters.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Reads the console ring. C: <c>struct xen_sysctl_readconsole</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlReadConsole
{
    /// <summary>Not 0: empty it.</summary>
    public byte Clear;
    /// <summary>Not 0: begin at the index.</summary>
    public byte Incremental;
    public byte Pad0;
    public byte Pad1;
    public uint Index;
    public GuestHandle<byte> Buffer;
    public uint Count;
}

/// <summary>Tracing on, off, how much, of what. C: <c>struct xen_sysctl_tbuf_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlTbufOp
{
    public uint Cmd;
    public XenctlBitmap CpuMask;
    public uint EvtMask;
    public ulong BufferMfn;
    public uint Size;
}

/// <summary>The default pool's scheduler, a <see cref="SchedulerId"/>. C: <c>struct xen_sysctl_sched_id</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlSchedId
{
    public uint SchedId;
}

/// <summary>Name and size of a performance counter. C: <c>struct xen_sysctl_perfc_desc</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlPerfcDesc
{
    public Inline80<byte> Name;
    public uint NrVals;
}

/// <summary>Reads or clears performance counters. C: <c>struct xen_sysctl_perfc_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlPerfcOp
{
    public uint Cmd;
    public uint NrCounters;
    public uint NrVals;
    public GuestHandle<SysctlPerfcDesc> Desc;
    public GuestHandle<uint> Val;
}

/// <summary>Describes domains from an id on. C: <c>struct xen_sysctl_getdomaininfolist</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlGetDomainInfoList
{
    public ushort FirstDomain;
    public uint MaxDomains;
    public GuestHandle<DomctlGetDomainInfo> Buffer;
    public uint NumDomains;
}

/// <summary>Debug keys to be pressed. C: <c>struct xen_sysctl_debug_keys</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlDebugKeys
{
    public GuestHandle<byte> Keys;
    public uint NrKeys;
}

/// <summary>Counters of a lock. C: <c>struct xen_sysctl_lockprof_data</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlLockProfData
{
    public Inline40<byte> Name;
    public int Type;
    public int Idx;
    public ulong LockCnt;
    public ulong BlockCnt;
    public ulong LockTime;
    public ulong BlockTime;
}

/// <summary>Reads or clears lock counters. C: <c>struct xen_sysctl_lockprof_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlLockProfOp
{
    public uint Cmd;
    public uint MaxElem;
    public uint NrElem;
    public ulong Time;
    public GuestHandle<SysctlLockProfData> Data;
}

/// <summary>A schedule: the major frame and its slots. C: <c>struct xen_sysctl_arinc653_schedule</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlArinc653Schedule
{
    public ulong MajorFrame;
    public byte NumSchedEntries;
    public Inline64<SysctlArinc653Entry> SchedEntries;
}

/// <summary>Parameters of Credit. C: <c>struct xen_sysctl_credit_schedule</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCreditSchedule
{
    public uint TsliceMs;
    public uint RatelimitUs;
    public uint VcpuMigrDelayUs;
}

/// <summary>Parameters of Credit2. C: <c>struct xen_sysctl_credit2_schedule</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCredit2Schedule
{
    public uint RatelimitUs;
}

/// <summary>Reads or writes a pool's scheduler parameters. C: <c>struct xen_sysctl_scheduler_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
public struct SysctlSchedulerOp
{
    [FieldOffset(0)] public uint CpupoolId;
    [FieldOffset(4)] public uint SchedId;
    [FieldOffset(8)] public uint Cmd;
    [FieldOffset(16)] public SysctlSchedArinc653 SchedArinc653;
    [FieldOffset(16)] public SysctlCreditSchedule SchedCredit;
    [FieldOffset(16)] public SysctlCredit2Schedule SchedCredit2;
}

/// <summary>A schedule to be set or read. C: <c>struct xen_sysctl_sched_arinc653</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlSchedArinc653
{
    public GuestHandle<SysctlArinc653Schedule> Schedule;
}

/// <summary>Reads or clears coverage data. C: <c>struct xen_sysctl_coverage_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCoverageOp
{
    public uint Cmd;
    public uint Size;
    public GuestHandle<byte> Buffer;
}

/// <summary>A slot: who runs, for how many nanoseconds. C: <c>xen_sysctl_arinc653_schedule.sched_entries</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlArinc653Entry
{
    public Inline16<byte> DomHandle;
    public uint VcpuId;
    public ulong Runtime;
}
