// xen/platform.h: power management. The control domain's ACPI interpreter hands the tables it has evaluated to
// the hypervisor.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Puts the machine to sleep or off. C: <c>struct xenpf_enter_acpi_sleep</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformEnterAcpiSleep
{
    public ushort ValA;
    public ushort ValB;
    public uint SleepState;
    public uint Flags;
}

/// <summary>A CPU's frequency has changed. C: <c>struct xenpf_change_freq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformChangeFreq
{
    public uint Flags;
    public uint Cpu;
    public ulong Freq;
}

/// <summary>A register as ACPI describes it (generic address). C: <c>struct xen_power_register</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PowerRegister
{
    public uint SpaceId;
    public uint BitWidth;
    public uint BitOffset;
    public uint AccessSize;
    public ulong Address;
}

/// <summary>Which CPUs change idle state together (_CSD). C: <c>struct xen_processor_csd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessorCsd
{
    public uint Domain;
    public uint CoordType;
    public uint Num;
}

/// <summary>An idle state (_CST). C: <c>struct xen_processor_cx</c>.</summary>
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

/// <summary>What the idle-state driver found out. C: <c>struct xen_processor_flags</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessorFlags
{
    public uint Flags;
}

/// <summary>All idle states of a CPU. C: <c>struct xen_processor_power</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessorPower
{
    public uint Count;
    public ProcessorFlags Flags;
    public GuestHandle<ProcessorCx> States;
}

/// <summary>Performance control or status register (_PCT). C: <c>struct xen_pct_register</c>.</summary>
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

/// <summary>A performance state (_PSS). C: <c>struct xen_processor_px</c>.</summary>
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

/// <summary>Which CPUs change frequency together (_PSD). C: <c>struct xen_psd_package</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PsdPackage
{
    public ulong NumEntries;
    public ulong Revision;
    public ulong Domain;
    public ulong CoordType;
    public ulong NumProcessors;
}

/// <summary>All performance states of a CPU. C: <c>struct xen_processor_performance</c>.</summary>
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

/// <summary>Power-management data of a CPU. C: <c>struct xenpf_set_processor_pminfo</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 112)]
public struct PlatformSetProcessorPmInfo
{
    [FieldOffset(0)] public uint Id;
    [FieldOffset(4)] public uint Type;
    [FieldOffset(8)] public ProcessorPower Power;
    [FieldOffset(8)] public ProcessorPerformance Perf;
    [FieldOffset(8)] public GuestHandle<uint> Pdc;
}

/// <summary>Number of parked CPUs. C: <c>struct xenpf_core_parking</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformCoreParking
{
    public uint Type;
    public uint IdleNums;
}
