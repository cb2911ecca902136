// xen/pmu.h: performance counters virtualised for guests.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of xenpmu_op (<c>XENPMU_*</c>).</summary>
public enum PmuOp : uint
{
    ModeGet = 0,
    ModeSet = 1,
    FeatureGet = 2,
    FeatureSet = 3,
    Init = 4,
    Finish = 5,
    LvtpcSet = 6,
    Flush = 7,
}

/// <summary>Who may use counters, and how (<c>XENPMU_MODE_*</c>).</summary>
public enum PmuMode : ulong
{
    Off = 0,
    Self = 1,
    Hv = 2,
    All = 4,
}

/// <summary>Which counters (<c>XENPMU_FEATURE_*</c>).</summary>
public enum PmuFeature : ulong
{
    IntelBts = 1,
    IpcOnly = 2,
    ArchOnly = 4,
}

/// <summary>Version of the interface.</summary>
public static class PmuVersion
{
    public const uint Maj = 0;
    public const uint Min = 1;
}

/// <summary>State of a sample (<c>PMU_*</c>).</summary>
public enum PmuFlags : ulong
{
    Cached = 1,
    SampleUser = 2,
    SampleReal = 4,
    SamplePv = 8,
}

/// <summary>Counters of an AMD CPU; the registers follow. C: <c>struct xen_pmu_amd_ctxt</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmuAmdCtxt
{
    public uint Counters;
    public uint Ctrls;
}

/// <summary>A counter and its control register. C: <c>struct xen_pmu_cntr_pair</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmuCntrPair
{
    public ulong Counter;
    public ulong Control;
}

/// <summary>Counters of an Intel CPU; the registers follow. C: <c>struct xen_pmu_intel_ctxt</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmuIntelCtxt
{
    public uint FixedCounters;
    public uint ArchCounters;
    public ulong GlobalCtrl;
    public ulong GlobalOvfCtrl;
    public ulong GlobalStatus;
    public ulong FixedCtrl;
    public ulong DsArea;
    public ulong PebsEnable;
    public ulong Debugctl;
}

/// <summary>What the CPU did at the sample. C: <c>struct xen_pmu_regs</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmuRegs
{
    public ulong Ip;
    public ulong Sp;
    public ulong Flags;
    public ushort Cs;
    public ushort Ss;
    public byte Cpl;
    public Inline3<byte> Pad;
}

/// <summary>The x86 part of a sample. C: <c>struct xen_pmu_arch</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 208)]
public struct PmuArch
{
    [FieldOffset(0)] public PmuRegs RRegs;
    [FieldOffset(64)] public ulong PmuFlags;
    [FieldOffset(72)] public uint LLapicLvtpc;
    [FieldOffset(80)] public PmuAmdCtxt CAmd;
    [FieldOffset(80)] public PmuIntelCtxt CIntel;
}

/// <summary>The argument of xenpmu_op. C: <c>struct xen_pmu_params</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmuParams
{
    public uint VersionMaj;
    public uint VersionMin;
    public ulong Val;
    public uint Vcpu;
    public uint Pad;
}

/// <summary>The page shared with a vCPU whose counters are virtualised. C: <c>struct xen_pmu_data</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmuData
{
    public uint VcpuId;
    public uint PcpuId;
    public ushort DomainId;
    public Inline6<byte> Pad;
    public PmuArch Pmu;
}
