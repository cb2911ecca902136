// xen/xenoprof.h: the old profiling interface.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of xenoprof_op.</summary>
public enum XenoprofOp : uint
{
    Init = 0,
    ResetActiveList = 1,
    ResetPassiveList = 2,
    SetActive = 3,
    SetPassive = 4,
    ReserveCounters = 5,
    Counter = 6,
    SetupEvents = 7,
    EnableVirq = 8,
    Start = 9,
    Stop = 10,
    DisableVirq = 11,
    ReleaseCounters = 12,
    Shutdown = 13,
    GetBuffer = 14,
    SetBacktrace = 15,
    GetIbsCaps = 16,
    IbsCounter = 17,
    LastOp = 17,
}

/// <summary>Limits and escape codes.</summary>
public static class XenoprofConstants
{
    public const ulong OprofEvents = 32;
    public const ulong OprofDomains = 25;
    public const ulong CpuTypeSize = 64;
    public const ulong EscapeCode = 0xffffffffffffffff;
    public const ulong TraceBegin = 1;
}

/// <summary>A sample. C: <c>struct event_log</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventLog
{
    public ulong Eip;
    public byte Mode;
    public byte Event;
}

/// <summary>Head of a buffer of samples. C: <c>struct xenoprof_buf</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenoprofBuf
{
    public uint EventHead;
    public uint EventTail;
    public uint EventSize;
    public uint VcpuId;
    public ulong XenSamples;
    public ulong KernelSamples;
    public ulong UserSamples;
    public ulong LostSamples;
    public Inline1<EventLog> EventLog;
}

/// <summary>Begins profiling. C: <c>struct xenoprof_init</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenoprofInit
{
    public int NumEvents;
    public int IsPrimary;
    public Inline64<byte> CpuType;
}

/// <summary>Asks for the buffer. C: <c>struct xenoprof_get_buffer</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenoprofGetBuffer
{
    public int MaxSamples;
    public int Nbuf;
    public int Bufsize;
    public ulong BufGmaddr;
}

/// <summary>A counter. C: <c>struct xenoprof_counter</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenoprofCounter
{
    public uint Ind;
    public ulong Count;
    public uint Enabled;
    public uint Event;
    public uint Hypervisor;
    public uint Kernel;
    public uint User;
    public ulong UnitMask;
}

/// <summary>A domain that is sampled without its help. C: <c>struct xenoprof_passive</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenoprofPassive
{
    public ushort DomainId;
    public int MaxSamples;
    public int Nbuf;
    public int Bufsize;
    public ulong BufGmaddr;
}

/// <summary>Instruction-based sampling. C: <c>struct xenoprof_ibs_counter</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenoprofIbsCounter
{
    public ulong OpEnabled;
    public ulong FetchEnabled;
    public ulong MaxCntFetch;
    public ulong MaxCntOp;
    public ulong RandEn;
    public ulong DispatchedOps;
}
