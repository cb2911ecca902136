// xen/sysctl.h: frequencies, idle states, CPUs and pages taken out of use.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Frequency of a performance state and time spent in it. C: <c>struct pm_px_val</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmPxVal
{
    public ulong Freq;
    public ulong Residency;
    public ulong Count;
}

/// <summary>All performance states of a CPU. C: <c>struct pm_px_stat</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmPxStat
{
    public byte Total;
    public byte Usable;
    public byte Last;
    public byte Cur;
    public GuestHandle<ulong> TransPt;
    public GuestHandle<PmPxVal> Pt;
}

/// <summary>All idle states of a CPU. C: <c>struct pm_cx_stat</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmCxStat
{
    public uint Nr;
    public uint Last;
    public ulong IdleTime;
    public GuestHandle<ulong> Triggers;
    public GuestHandle<ulong> Residencies;
    public uint NrPc;
    public uint NrCc;
    public GuestHandle<ulong> Pc;
    public GuestHandle<ulong> Cc;
}

/// <summary>Asks for power statistics. C: <c>struct xen_sysctl_get_pmstat</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
public struct SysctlGetPmstat
{
    [FieldOffset(0)] public uint Type;
    [FieldOffset(4)] public uint Cpuid;
    [FieldOffset(8)] public PmPxStat GetPx;
    [FieldOffset(8)] public PmCxStat GetCx;
}

/// <summary>Takes a CPU or hyperthreads into or out of use. C: <c>struct xen_sysctl_cpu_hotplug</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlCpuHotplug
{
    public uint Cpu;
    public uint Op;
}

/// <summary>Parameters of the userspace governor. C: <c>struct xen_userspace</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmGovernorUserspace
{
    public uint ScalingSetspeed;
}

/// <summary>Parameters of the ondemand governor. C: <c>struct xen_ondemand</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmGovernorOndemand
{
    public uint SamplingRateMax;
    public uint SamplingRateMin;
    public uint SamplingRate;
    public uint UpThreshold;
}

/// <summary>Asks for a CPU's frequency settings. C: <c>struct xen_get_cpufreq_para</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 120)]
public struct PmGetCpufreqPara
{
    [FieldOffset(0)] public uint CpuNum;
    [FieldOffset(4)] public uint FreqNum;
    [FieldOffset(8)] public uint GovNum;
    [FieldOffset(16)] public GuestHandle<uint> AffectedCpus;
    [FieldOffset(24)] public GuestHandle<uint> ScalingAvailableFrequencies;
    [FieldOffset(32)] public GuestHandle<byte> ScalingAvailableGovernors;
    [FieldOffset(40)] public Inline16<byte> ScalingDriver;
    [FieldOffset(56)] public uint CpuInfoCurFreq;
    [FieldOffset(60)] public uint CpuInfoMaxFreq;
    [FieldOffset(64)] public uint CpuInfoMinFreq;
    [FieldOffset(68)] public uint ScalingCurFreq;
    [FieldOffset(72)] public Inline16<byte> ScalingGovernor;
    [FieldOffset(88)] public uint ScalingMaxFreq;
    [FieldOffset(92)] public uint ScalingMinFreq;
    [FieldOffset(96)] public PmGovernorUserspace Userspace;
    [FieldOffset(96)] public PmGovernorOndemand Ondemand;
    [FieldOffset(112)] public int TurboEnabled;
}

/// <summary>Chooses a governor. C: <c>struct xen_set_cpufreq_gov</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmSetCpufreqGov
{
    public Inline16<byte> ScalingGovernor;
}

/// <summary>Sets a parameter. C: <c>struct xen_set_cpufreq_para</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmSetCpufreqPara
{
    public uint CtrlType;
    public uint CtrlValue;
}

/// <summary>Frequency and idle-state control. C: <c>struct xen_sysctl_pm_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
public struct SysctlPmOp
{
    [FieldOffset(0)] public uint Cmd;
    [FieldOffset(4)] public uint Cpuid;
    [FieldOffset(8)] public PmGetCpufreqPara GetPara;
    [FieldOffset(8)] public PmSetCpufreqGov SetGov;
    [FieldOffset(8)] public PmSetCpufreqPara SetPara;
    [FieldOffset(8)] public ulong GetAvgfreq;
    [FieldOffset(8)] public uint SetSchedOptSmt;
    [FieldOffset(8)] public uint GetMaxCstate;
    [FieldOffset(8)] public uint SetMaxCstate;
}

/// <summary>Takes pages out of use. C: <c>struct xen_sysctl_page_offline_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SysctlPageOfflineOp
{
    public uint Cmd;
    public uint Start;
    public uint End;
    public GuestHandle<uint> Status;
}
