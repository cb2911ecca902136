// Constants and structures of xen/pmu.h, xen/arch-x86/pmu.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Values of <c>XENPMU_…</c>.</summary>
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

/// <summary>Values of <c>XENPMU_MODE_…</c>.</summary>
public enum PmuMode : ulong
{
    Off = 0,
    Self = 1,
    Hv = 2,
    All = 4,
}

/// <summary>Values of <c>XENPMU_FEATURE_…</c>.</summary>
public enum PmuFeature : ulong
{
    IntelBts = 1,
    IpcOnly = 2,
    ArchOnly = 4,
}

/// <summary>Values of <c>XENPMU_VER_M…</c>.</summary>
public static class PmuVersion
{
    public const uint Maj = 0;
    public const uint Min = 1;
}

/// <summary>Values of <c>PMU_…</c>.</summary>
public enum PmuFlags : ulong
{
    Cached = 1,
    SampleUser = 2,
    SampleReal = 4,
    SamplePv = 8,
}

/// <summary><c>struct xen_pmu_amd_ctxt</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmuAmdCtxt
{
    public uint Counters;
    public uint Ctrls;
}

/// <summary><c>struct xen_pmu_cntr_pair</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmuCntrPair
{
    public ulong Counter;
    public ulong Control;
}

/// <summary><c>struct xen_pmu_intel_ctxt</c>.</summary>
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

/// <summary><c>struct xen_pmu_regs</c>.</summary>
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

/// <summary><c>struct xen_pmu_arch</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 208)]
public struct PmuArch
{
    [FieldOffset(0)] public PmuRegs RRegs;
    [FieldOffset(64)] public ulong PmuFlags;
    [FieldOffset(72)] public uint LLapicLvtpc;
    [FieldOffset(80)] public PmuAmdCtxt CAmd;
    [FieldOffset(80)] public PmuIntelCtxt CIntel;
}

/// <summary><c>struct xen_pmu_params</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmuParams
{
    public uint VersionMaj;
    public uint VersionMin;
    public ulong Val;
    public uint Vcpu;
    public uint Pad;
}

/// <summary><c>struct xen_pmu_data</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PmuData
{
    public uint VcpuId;
    public uint PcpuId;
    public ushort DomainId;
    public Inline6<byte> Pad;
    public PmuArch Pmu;
}
