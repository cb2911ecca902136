// xen/platform.h: the control domain's hands on the machine: time, CPUs, microcode, memory types.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of platform_op (<c>XENPF_*</c>).</summary>
public enum PlatformOp : uint
{
    SetTime32 = 17,
    SetTime64 = 62,
    AddMemType = 31,
    DelMemType = 32,
    ReadMemType = 33,
    MicrocodeUpdate = 35,
    PlatformQuirk = 39,
    EfiRuntimeCall = 49,
    FirmwareInfo = 50,
    EnterAcpiSleep = 51,
    ChangeFreq = 52,
    GetIdleTime = 53,
    SetProcessorPmInfo = 54,
    GetCpuInfo = 55,
    GetCpuVersion = 48,
    CpuOnline = 56,
    CpuOffline = 57,
    CpuHotAdd = 58,
    MemHotAdd = 59,
    CoreParking = 60,
    ResourceOp = 61,
    GetSymbol = 63,
}

/// <summary>Interface version and flags.</summary>
public static class PlatformConstants
{
    public const uint InterfaceVersion = 0x3000001;
    public const uint AcpiSleepExtended = 1;
    public const uint CpuPerfSharedTypeHw = 1;
    public const uint CpuPerfSharedTypeAll = 2;
    public const uint CpuPerfSharedTypeAny = 3;
}

/// <summary>EFI runtime services (<c>XEN_EFI_*</c>).</summary>
public enum EfiFunction : uint
{
    GetTime = 1,
    SetTime = 2,
    GetWakeupTime = 3,
    SetWakeupTime = 4,
    GetNextHighMonotonicCount = 5,
    GetVariable = 6,
    SetVariable = 7,
    GetNextVariableName = 8,
    QueryVariableInfo = 9,
    QueryCapsuleCapabilities = 10,
    UpdateCapsule = 11,
}

/// <summary>Flags of those calls, in their misc field.</summary>
public static class EfiFlags
{
    public const uint GetTimeSetClearsNs = 1;
    public const uint GetWakeupTimeEnabled = 1;
    public const uint GetWakeupTimePending = 2;
    public const uint SetWakeupTimeEnable = 1;
    public const uint SetWakeupTimeEnableOnly = 2;
    public const uint VariableNonVolatile = 1;
    public const uint VariableBootServiceAccess = 2;
    public const uint VariableRuntimeAccess = 4;
    public const uint VarInfoBootSnapshot = 1;
}

/// <summary>What firmware_info asks for.</summary>
public enum FirmwareInfoType : uint
{
    DiskInfo = 1,
    DiskMbrSignature = 2,
    VbeddcInfo = 3,
    EfiInfo = 4,
    KbdShiftFlags = 5,
}

/// <summary>What it asks for of EFI.</summary>
public enum FirmwareEfiIndex : uint
{
    Version = 0,
    ConfigTable = 1,
    Vendor = 2,
    MemInfo = 3,
    RtVersion = 4,
    PciRom = 5,
    AppleProperties = 6,
}

/// <summary>Kinds of power management that the hypervisor takes over, in bits 8.. of start_info's flags.</summary>
public enum ProcessorPmBits : uint
{
    Cx = 1,
    Px = 2,
    Tx = 4,
}

/// <summary>What set_processor_pminfo uploads.</summary>
public enum ProcessorPmType : uint
{
    Cx = 0,
    Px = 1,
    Tx = 2,
    Pdc = 3,
}

/// <summary>Which parts of the performance data are valid.</summary>
public enum ProcessorPxFlags : uint
{
    Pct = 1,
    Pss = 2,
    Ppc = 4,
    Psd = 8,
}

/// <summary>State of a physical CPU.</summary>
public enum PcpuFlags : uint
{
    Online = 1,
    Invalid = 2,
}

/// <summary>Sets or asks for the number of parked CPUs.</summary>
public enum CoreParkingOp : uint
{
    Set = 1,
    Get = 2,
}

/// <summary>What is done with an MSR.</summary>
public enum ResourceCommand : uint
{
    MsrRead = 0,
    MsrWrite = 1,
}

/// <summary>Faults of a machine.</summary>
public enum PlatformQuirk : uint
{
    Noirqbalancing = 1,
    IoapicBadRegsel = 2,
    IoapicGoodRegsel = 3,
}

/// <summary>Wall clock, 32-bit seconds. C: <c>struct xenpf_settime32</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformSetTime32
{
    public uint Secs;
    public uint Nsecs;
    public ulong SystemTime;
}

/// <summary>Wall clock. C: <c>struct xenpf_settime64</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformSetTime64
{
    /// <summary>Unix time.</summary>
    public ulong Secs;
    public uint Nsecs;
    public uint Mbz;
    /// <summary>System time to which that belongs.</summary>
    public ulong SystemTime;
}

/// <summary>Adds a memory-type range (MTRR). C: <c>struct xenpf_add_memtype</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformAddMemType
{
    public ulong Mfn;
    public ulong NrMfns;
    public uint Type;
    public uint Handle;
    public uint Reg;
}

/// <summary>Drops one. C: <c>struct xenpf_del_memtype</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformDelMemType
{
    public uint Handle;
    public uint Reg;
}

/// <summary>Reads one. C: <c>struct xenpf_read_memtype</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformReadMemType
{
    public uint Reg;
    public ulong Mfn;
    public ulong NrMfns;
    public uint Type;
}

/// <summary>Microcode to load on all CPUs. C: <c>struct xenpf_microcode_update</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformMicrocodeUpdate
{
    public GuestHandle<byte> Data;
    public uint Length;
}

/// <summary>Tells of a fault of the machine. C: <c>struct xenpf_platform_quirk</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformQuirkArgs
{
    public uint QuirkId;
}

/// <summary>Asks how long CPUs have been idle. C: <c>struct xenpf_getidletime</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformGetIdleTime
{
    public GuestHandle<byte> CpuMapBitmap;
    public uint CpuMapNrCpus;
    public GuestHandle<ulong> IdleTime;
    public ulong Now;
}

/// <summary>Asks about a physical CPU. C: <c>struct xenpf_pcpuinfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformPcpuInfo
{
    public uint XenCpuid;
    public uint MaxPresent;
    public uint Flags;
    public uint ApicId;
    public uint AcpiId;
}

/// <summary>Asks for family and model of a physical CPU. C: <c>struct xenpf_pcpu_version</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformPcpuVersion
{
    public uint XenCpuid;
    public uint MaxPresent;
    public Inline12<byte> VendorId;
    public uint Family;
    public uint Model;
    public uint Stepping;
}

/// <summary>Takes a CPU into or out of use. C: <c>struct xenpf_cpu_ol</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformCpuOl
{
    public uint Cpuid;
}

/// <summary>A CPU was plugged in. C: <c>struct xenpf_cpu_hotadd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformCpuHotAdd
{
    public uint ApicId;
    public uint AcpiId;
    public uint Pxm;
}

/// <summary>Memory was plugged in. C: <c>struct xenpf_mem_hotadd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformMemHotAdd
{
    public ulong Spfn;
    public ulong Epfn;
    public uint Pxm;
    public uint Flags;
}

/// <summary>One MSR to read or write on a CPU. C: <c>struct xenpf_resource_entry</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct PlatformResourceEntry
{
    [FieldOffset(0)] public uint Cmd;
    [FieldOffset(0)] public int Ret;
    [FieldOffset(4)] public uint Rsvd;
    [FieldOffset(8)] public ulong Idx;
    [FieldOffset(16)] public ulong Val;
}

/// <summary>Some MSRs to read or write on one CPU, together. C: <c>struct xenpf_resource_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformResourceOp
{
    public uint NrEntries;
    public uint Cpu;
    public GuestHandle<PlatformResourceEntry> Entries;
}

/// <summary>One symbol of the hypervisor. C: <c>struct xenpf_symdata</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PlatformSymData
{
    public uint Namelen;
    public uint Symnum;
    public GuestHandle<byte> Name;
    public ulong Address;
    public byte Type;
}

/// <summary>The argument of platform_op. C: <c>struct xen_platform_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 136)]
public struct PlatformOpArgs
{
    /// <summary><see cref="PlatformOp"/>.</summary>
    [FieldOffset(0)] public uint Cmd;
    /// <summary>Must be <see cref="PlatformConstants.InterfaceVersion"/>.</summary>
    [FieldOffset(4)] public uint InterfaceVersion;
    [FieldOffset(8)] public PlatformSetTime64 SetTime;
    [FieldOffset(8)] public PlatformSetTime32 SetTime32;
    [FieldOffset(8)] public PlatformSetTime64 SetTime64;
    [FieldOffset(8)] public PlatformAddMemType AddMemType;
    [FieldOffset(8)] public PlatformDelMemType DelMemType;
    [FieldOffset(8)] public PlatformReadMemType ReadMemType;
    [FieldOffset(8)] public PlatformMicrocodeUpdate Microcode;
    [FieldOffset(8)] public PlatformQuirkArgs PlatformQuirk;
    [FieldOffset(8)] public PlatformEfiRuntimeCall EfiRuntimeCall;
    [FieldOffset(8)] public PlatformFirmwareInfo FirmwareInfo;
    [FieldOffset(8)] public PlatformEnterAcpiSleep EnterAcpiSleep;
    [FieldOffset(8)] public PlatformChangeFreq ChangeFreq;
    [FieldOffset(8)] public PlatformGetIdleTime GetIdleTime;
    [FieldOffset(8)] public PlatformSetProcessorPmInfo SetPmInfo;
    [FieldOffset(8)] public PlatformPcpuInfo PcpuInfo;
    [FieldOffset(8)] public PlatformPcpuVersion PcpuVersion;
    [FieldOffset(8)] public PlatformCpuOl CpuOl;
    [FieldOffset(8)] public PlatformCpuHotAdd CpuAdd;
    [FieldOffset(8)] public PlatformMemHotAdd MemAdd;
    [FieldOffset(8)] public PlatformCoreParking CoreParking;
    [FieldOffset(8)] public PlatformResourceOp ResourceOp;
    [FieldOffset(8)] public PlatformSymData SymData;
}
