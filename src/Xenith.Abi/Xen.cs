// Constants and structures of xen/xen.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Values of <c>VIRQ_…</c>.</summary>
public enum Virq : uint
{
    Timer = 0,
    Debug = 1,
    Console = 2,
    DomainException = 3,
    TraceBuffer = 4,
    Debugger = 6,
    Xenoprof = 7,
    ConsoleRing = 8,
    PcpuState = 9,
    MemEvent = 10,
    Argo = 11,
    Enomem = 12,
    Pmu = 13,
    Arch0 = 16,
    Arch1 = 17,
    Arch2 = 18,
    Arch3 = 19,
    Arch4 = 20,
    Arch5 = 21,
    Arch6 = 22,
    Arch7 = 23,
}

/// <summary>Values of <c>NR_VIRQS…</c>.</summary>
public static class XenLimits
{
    public const uint NrVirqs = 24;
    public const uint MaxGuestCmdline = 0x400;
}

/// <summary>Values of <c>MMU_…</c>.</summary>
public enum MmuUpdateCommand : uint
{
    NormalPtUpdate = 0,
    MachphysUpdate = 1,
    PtUpdatePreserveAd = 2,
    PtUpdateNoTranslate = 3,
}

/// <summary>Values of <c>MMUEXT_…</c>.</summary>
public enum MmuExtCommand : uint
{
    PinL1Table = 0,
    PinL2Table = 1,
    PinL3Table = 2,
    PinL4Table = 3,
    UnpinTable = 4,
    NewBaseptr = 5,
    TlbFlushLocal = 6,
    InvlpgLocal = 7,
    TlbFlushMulti = 8,
    InvlpgMulti = 9,
    TlbFlushAll = 10,
    InvlpgAll = 11,
    FlushCache = 12,
    SetLdt = 13,
    NewUserBaseptr = 15,
    ClearPage = 16,
    CopyPage = 17,
    FlushCacheGlobal = 18,
    MarkSuper = 19,
    UnmarkSuper = 20,
}

/// <summary>Values of <c>UVMF_…</c>.</summary>
public enum UpdateVaMappingFlags : ulong
{
    None = 0,
    TlbFlush = 1,
    Invlpg = 2,
    FlushTypeMask = 3,
    Multi = 0,
    Local = 0,
    All = 4,
}

/// <summary>Values of <c>CONSOLEIO_…</c>.</summary>
public enum ConsoleIoOp : uint
{
    Write = 0,
    Read = 1,
}

/// <summary>Values of <c>VMASST_CMD_…</c>.</summary>
public enum VmAssistCommand : uint
{
    Enable = 0,
    Disable = 1,
}

/// <summary>Values of <c>VMASST_TYPE_…</c>.</summary>
public enum VmAssistType : uint
{
    FourGbSegments = 0,
    FourGbSegmentsNotify = 1,
    WritablePageTables = 2,
    PaeExtendedCr3 = 3,
    ArchitecturalIopl = 4,
    RunstateUpdateFlag = 5,
    M2pStrict = 32,
}

/// <summary>Values of <c>DOMID_…</c>.</summary>
public static class DomainIds
{
    public const ushort FirstReserved = 0x7ff0;
    public const ushort Self = 0x7ff0;
    public const ushort Io = 0x7ff1;
    public const ushort Xen = 0x7ff2;
    public const ushort Cow = 0x7ff3;
    public const ushort Invalid = 0x7ff4;
    public const ushort Idle = 0x7fff;
    public const ushort Mask = 0x7fff;
}

/// <summary>Values of <c>XEN_PVCLOCK_…</c>.</summary>
public enum PvClockFlags : byte
{
    TscStableBit = 1,
    GuestStopped = 2,
}

/// <summary><c>struct mmuext_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct MmuExtOp
{
    [FieldOffset(0)] public uint Cmd;
    [FieldOffset(8)] public ulong Mfn;
    [FieldOffset(8)] public ulong LinearAddr;
    [FieldOffset(16)] public uint NrEnts;
    [FieldOffset(16)] public GuestHandle<byte> VcpuMask;
    [FieldOffset(16)] public ulong SrcMfn;
}

/// <summary><c>struct mmu_update</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MmuUpdate
{
    public ulong Ptr;
    public ulong Val;
}

/// <summary><c>struct multicall_entry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MulticallEntry
{
    public ulong Op;
    public ulong Result;
    public Inline6<ulong> Args;
}

/// <summary><c>struct vcpu_time_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuTimeInfo
{
    public uint Version;
    public uint Pad0;
    public ulong TscTimestamp;
    public ulong SystemTime;
    public uint TscToSystemMul;
    public sbyte TscShift;
    public byte Flags;
    public Inline2<byte> Pad1;
}

/// <summary><c>struct vcpu_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuInfo
{
    public byte EvtchnUpcallPending;
    public byte EvtchnUpcallMask;
    public ulong EvtchnPendingSel;
    public ArchVcpuInfo Arch;
    public VcpuTimeInfo Time;
}

/// <summary><c>struct shared_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SharedInfo
{
    public Inline32<VcpuInfo> VcpuInfo;
    public Inline64<ulong> EvtchnPending;
    public Inline64<ulong> EvtchnMask;
    public uint WcVersion;
    public uint WcSec;
    public uint WcNsec;
    public uint WcSecHi;
    public ArchSharedInfo Arch;
}

/// <summary><c>xen_uuid_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Uuid
{
    public Inline16<byte> A;
}

/// <summary><c>struct xenctl_bitmap</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenctlBitmap
{
    public GuestHandle<byte> Bitmap;
    public uint NrBits;
}
