// Constants and structures of xen/platform.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary><c>struct xenpf_enter_acpi_sleep</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformEnterAcpiSleep
{
    public ushort ValA;
    public ushort ValB;
    public uint SleepState;
    public uint Flags;
}

/// <summary><c>struct xenpf_change_freq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformChangeFreq
{
    public uint Flags;
    public uint Cpu;
    public ulong Freq;
}

/// <summary><c>struct xen_power_register</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PowerRegister
{
    public uint SpaceId;
    public uint BitWidth;
    public uint BitOffset;
    public uint AccessSize;
    public ulong Address;
}

/// <summary><c>struct xen_processor_csd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessorCsd
{
    public uint Domain;
    public uint CoordType;
    public uint Num;
}

/// <summary><c>struct xen_processor_cx</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessorCx
{
    public PowerRegister Reg;
    public byte Type;
    public uint Latency;
    public uint Power;
    public uint Dpcnt;
    public GuestHandle<ProcessorCsd> Dp;
}

/// <summary><c>struct xen_processor_flags</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessorFlags
{
    public uint Flags;
}

/// <summary><c>struct xen_processor_power</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessorPower
{
    public uint Count;
    public ProcessorFlags Flags;
    public GuestHandle<ProcessorCx> States;
}

/// <summary><c>struct xen_pct_register</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PctRegister
{
    public byte Descriptor;
    public ushort Length;
    public byte SpaceId;
    public byte BitWidth;
    public byte BitOffset;
    public byte Reserved;
    public ulong Address;
}

/// <summary><c>struct xen_processor_px</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessorPx
{
    public ulong CoreFrequency;
    public ulong Power;
    public ulong TransitionLatency;
    public ulong BusMasterLatency;
    public ulong Control;
    public ulong Status;
}

/// <summary><c>struct xen_psd_package</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PsdPackage
{
    public ulong NumEntries;
    public ulong Revision;
    public ulong Domain;
    public ulong CoordType;
    public ulong NumProcessors;
}

/// <summary><c>struct xen_processor_performance</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessorPerformance
{
    public uint Flags;
    public uint PlatformLimit;
    public PctRegister ControlRegister;
    public PctRegister StatusRegister;
    public uint StateCount;
    public GuestHandle<ProcessorPx> States;
    public PsdPackage DomainInfo;
    public uint SharedType;
}

/// <summary><c>struct xenpf_set_processor_pminfo</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 112)]
public struct PlatformSetProcessorPmInfo
{
    [FieldOffset(0)] public uint Id;
    [FieldOffset(4)] public uint Type;
    [FieldOffset(8)] public ProcessorPower Power;
    [FieldOffset(8)] public ProcessorPerformance Perf;
    [FieldOffset(8)] public GuestHandle<uint> Pdc;
}

/// <summary><c>struct xenpf_core_parking</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformCoreParking
{
    public uint Type;
    public uint IdleNums;
}
