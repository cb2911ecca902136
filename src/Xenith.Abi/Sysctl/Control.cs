// Constants and structures of xen/sysctl.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary><c>struct xen_sysctl_readconsole</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlReadConsole
{
    public byte Clear;
    public byte Incremental;
    public byte Pad0;
    public byte Pad1;
    public uint Index;
    public GuestHandle<byte> Buffer;
    public uint Count;
}

/// <summary><c>struct xen_sysctl_tbuf_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlTbufOp
{
    public uint Cmd;
    public XenctlBitmap CpuMask;
    public uint EvtMask;
    public ulong BufferMfn;
    public uint Size;
}

/// <summary><c>struct xen_sysctl_sched_id</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlSchedId
{
    public uint SchedId;
}

/// <summary><c>struct xen_sysctl_perfc_desc</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlPerfcDesc
{
    public Inline80<byte> Name;
    public uint NrVals;
}

/// <summary><c>struct xen_sysctl_perfc_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlPerfcOp
{
    public uint Cmd;
    public uint NrCounters;
    public uint NrVals;
    public GuestHandle<SysctlPerfcDesc> Desc;
    public GuestHandle<uint> Val;
}

/// <summary><c>struct xen_sysctl_getdomaininfolist</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlGetDomainInfoList
{
    public ushort FirstDomain;
    public uint MaxDomains;
    public GuestHandle<DomctlGetDomainInfo> Buffer;
    public uint NumDomains;
}

/// <summary><c>struct xen_sysctl_debug_keys</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlDebugKeys
{
    public GuestHandle<byte> Keys;
    public uint NrKeys;
}

/// <summary><c>struct xen_sysctl_lockprof_data</c>.</summary>
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

/// <summary><c>struct xen_sysctl_lockprof_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlLockProfOp
{
    public uint Cmd;
    public uint MaxElem;
    public uint NrElem;
    public ulong Time;
    public GuestHandle<SysctlLockProfData> Data;
}

/// <summary><c>struct xen_sysctl_arinc653_schedule</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlArinc653Schedule
{
    public ulong MajorFrame;
    public byte NumSchedEntries;
    public Inline64<SysctlArinc653ScheduleSchedEntrie> SchedEntries;
}

/// <summary><c>struct xen_sysctl_credit_schedule</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCreditSchedule
{
    public uint TsliceMs;
    public uint RatelimitUs;
    public uint VcpuMigrDelayUs;
}

/// <summary><c>struct xen_sysctl_credit2_schedule</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCredit2Schedule
{
    public uint RatelimitUs;
}

/// <summary><c>struct xen_sysctl_scheduler_op</c>.</summary>
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

/// <summary><c>struct xen_sysctl_sched_arinc653</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlSchedArinc653
{
    public GuestHandle<SysctlArinc653Schedule> Schedule;
}

/// <summary><c>struct xen_sysctl_coverage_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCoverageOp
{
    public uint Cmd;
    public uint Size;
    public GuestHandle<byte> Buffer;
}

/// <summary><c>xen_sysctl_arinc653_schedule.sched_entries</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlArinc653ScheduleSchedEntrie
{
    public Inline16<byte> DomHandle;
    public uint VcpuId;
    public ulong Runtime;
}
