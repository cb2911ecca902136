// xen/xen.h: what every kind of guest shares with the hypervisor. Page-table updates, multicalls, the
// shared_info page with its event bits and clocks, virtual interrupts, reserved domain ids.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>
/// Virtual interrupts (<c>VIRQ_*</c>). Some exist once per vCPU, the others once per machine and go to one domain.
/// </summary>
public enum Virq : uint
{
    /// <summary>Per vCPU: a timer of the vCPU is due.</summary>
    Timer = 0,
    /// <summary>Per vCPU: print what you know.</summary>
    Debug = 1,
    /// <summary>Global, control domain: input on the emergency console.</summary>
    Console = 2,
    /// <summary>Global, control domain: some domain stopped, crashed or died.</summary>
    DomainException = 3,
    /// <summary>Global, control domain: trace records wait.</summary>
    TraceBuffer = 4,
    /// <summary>Global, control domain: a domain paused for its debugger.</summary>
    Debugger = 6,
    /// <summary>Per vCPU: samples wait.</summary>
    Xenoprof = 7,
    /// <summary>Global, control domain: the hypervisor printed something.</summary>
    ConsoleRing = 8,
    /// <summary>Global, control domain: a physical CPU came or went.</summary>
    PcpuState = 9,
    /// <summary>Global, control domain: something happened to a domain's memory.</summary>
    MemEvent = 10,
    /// <summary>Global: Argo messages wait.</summary>
    Argo = 11,
    /// <summary>Global, control domain: memory runs out.</summary>
    Enomem = 12,
    /// <summary>Per vCPU: a performance counter overflowed.</summary>
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

/// <summary>Fixed sizes.</summary>
public static class XenLimits
{
    /// <summary>Number of virtual interrupts.</summary>
    public const uint NrVirqs = 24;
    /// <summary>Bytes of a PV guest's command line, the zero byte included.</summary>
    public const uint MaxGuestCmdline = 0x400;
}

/// <summary>What mmu_update does with a pair, in the two lowest bits of its address (<c>MMU_*</c>).</summary>
public enum MmuUpdateCommand : uint
{
    /// <summary>The checked value is written to the page-table entry at the machine address.</summary>
    NormalPtUpdate = 0,
    /// <summary>The machine-to-physical entry of the frame is set.</summary>
    MachphysUpdate = 1,
    /// <summary>As the first, but A and D bits that are set stay set.</summary>
    PtUpdatePreserveAd = 2,
    /// <summary>As the first, but the value's frame is never translated.</summary>
    PtUpdateNoTranslate = 3,
}

/// <summary>Extended page-table operations (<c>MMUEXT_*</c>).</summary>
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
    /// <summary>Sets the page-table root for user mode of a 64-bit PV guest.</summary>
    NewUserBaseptr = 15,
    ClearPage = 16,
    CopyPage = 17,
    FlushCacheGlobal = 18,
    MarkSuper = 19,
    UnmarkSuper = 20,
}

/// <summary>
/// What update_va_mapping flushes (<c>UVMF_*</c>). The bits from 2 on are the address of a vCPU bitmap unless All
/// or Local is meant.
/// </summary>
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

/// <summary>Operations of console_io (<c>CONSOLEIO_*</c>).</summary>
public enum ConsoleIoOp : uint
{
    Write = 0,
    Read = 1,
}

/// <summary>What vm_assist does (<c>VMASST_CMD_*</c>).</summary>
public enum VmAssistCommand : uint
{
    Enable = 0,
    Disable = 1,
}

/// <summary>Help that a PV guest can switch on (<c>VMASST_TYPE_*</c>).</summary>
public enum VmAssistType : uint
{
    FourGbSegments = 0,
    FourGbSegmentsNotify = 1,
    /// <summary>Writes to page-table pages are emulated instead of faulting.</summary>
    WritablePageTables = 2,
    PaeExtendedCr3 = 3,
    /// <summary>IOPL is kept in the flags register that the guest sees.</summary>
    ArchitecturalIopl = 4,
    /// <summary>While run-state memory is written, bit 63 of its state_entry_time is set.</summary>
    RunstateUpdateFlag = 5,
    /// <summary>The machine-to-physical table is absent from user-mode page tables.</summary>
    M2pStrict = 32,
}

/// <summary>Reserved domain ids (<c>DOMID_*</c>). Real domains have smaller ones.</summary>
public static class DomainIds
{
    /// <summary>No real domain has this id or a higher one.</summary>
    public const ushort FirstReserved = 0x7ff0;
    /// <summary>The caller.</summary>
    public const ushort Self = 0x7ff0;
    /// <summary>Owner of device memory; mapping as this domain maps nothing else.</summary>
    public const ushort Io = 0x7ff1;
    /// <summary>Owner of the hypervisor's pages that others may map.</summary>
    public const ushort Xen = 0x7ff2;
    /// <summary>Owner of pages shared between domains.</summary>
    public const ushort Cow = 0x7ff3;
    /// <summary>No domain.</summary>
    public const ushort Invalid = 0x7ff4;
    /// <summary>The domain of the idle vCPUs.</summary>
    public const ushort Idle = 0x7fff;
    /// <summary>Bits that an id can have.</summary>
    public const ushort Mask = 0x7fff;
}

/// <summary>Flags of <see cref="VcpuTimeInfo"/> (<c>XEN_PVCLOCK_*</c>).</summary>
public enum PvClockFlags : byte
{
    TscStableBit = 1,
    GuestStopped = 2,
}

/// <summary>
/// One extended page-table operation. Which arguments count depends on the command. C: <c>struct mmuext_op</c>.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct MmuExtOp
{
    /// <summary>A <see cref="MmuExtCommand"/>.</summary>
    [FieldOffset(0)] public uint Cmd;
    [FieldOffset(8)] public ulong Mfn;
    [FieldOffset(8)] public ulong LinearAddr;
    /// <summary>Number of LDT entries.</summary>
    [FieldOffset(16)] public uint NrEnts;
    [FieldOffset(16)] public GuestHandle<byte> VcpuMask;
    /// <summary>Frame to copy from.</summary>
    [FieldOffset(16)] public ulong SrcMfn;
}

/// <summary>One page-table update of mmu_update. C: <c>struct mmu_update</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MmuUpdate
{
    /// <summary>Machine address of the entry; the two lowest bits are a <see cref="MmuUpdateCommand"/>.</summary>
    public ulong Ptr;
    /// <summary>The new entry.</summary>
    public ulong Val;
}

/// <summary>One call of a multicall. C: <c>struct multicall_entry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MulticallEntry
{
    /// <summary>Hypercall number.</summary>
    public ulong Op;
    /// <summary>Written by the hypervisor when the call is done.</summary>
    public ulong Result;
    public Inline6<ulong> Args;
}

/// <summary>
/// From which a guest computes system time: base, counter value at the base, and scale. The guest reads again if
/// the version was odd or has changed. C: <c>struct vcpu_time_info</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuTimeInfo
{
    /// <summary>Odd while the rest is being written.</summary>
    public uint Version;
    public uint Pad0;
    /// <summary>Time-stamp counter at the base.</summary>
    public ulong TscTimestamp;
    /// <summary>Nanoseconds since the hypervisor started, at the base.</summary>
    public ulong SystemTime;
    /// <summary>Multiplier of the shifted counter difference, a binary fraction of 2^32.</summary>
    public uint TscToSystemMul;
    /// <summary>Shift of the counter difference before the multiplication; negative means right.</summary>
    public sbyte TscShift;
    /// <summary><see cref="PvClockFlags"/>.</summary>
    public byte Flags;
    public Inline2<byte> Pad1;
}

/// <summary>What a vCPU shares with the hypervisor about its events and its time. C: <c>struct vcpu_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuInfo
{
    /// <summary>Not 0: events wait. Set by the hypervisor, cleared by the guest.</summary>
    public byte EvtchnUpcallPending;
    /// <summary>Not 0: the guest does not want the callback now (PV).</summary>
    public byte EvtchnUpcallMask;
    /// <summary>Two-level events: which words of the bitmap to look at.</summary>
    public ulong EvtchnPendingSel;
    public ArchVcpuInfo Arch;
    public VcpuTimeInfo Time;
}

/// <summary>The page that a domain shares with the hypervisor. C: <c>struct shared_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SharedInfo
{
    public Inline32<VcpuInfo> VcpuInfo;
    /// <summary>Two-level events: a bit per port, set by the hypervisor.</summary>
    public Inline64<ulong> EvtchnPending;
    /// <summary>Two-level events: a bit per port, set by the guest to hold it back.</summary>
    public Inline64<ulong> EvtchnMask;
    /// <summary>Odd while the wall clock is being written.</summary>
    public uint WcVersion;
    /// <summary>Seconds of Unix time when system time was 0, low half.</summary>
    public uint WcSec;
    /// <summary>Nanoseconds to that.</summary>
    public uint WcNsec;
    /// <summary>High half of the seconds.</summary>
    public uint WcSecHi;
    public ArchSharedInfo Arch;
}

/// <summary>A UUID as 16 bytes. C: <c>xen_uuid_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Uuid
{
    public Inline16<byte> A;
}

/// <summary>A bitmap in the caller's memory, bytes in little-endian order. C: <c>struct xenctl_bitmap</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct XenctlBitmap
{
    public GuestHandle<byte> Bitmap;
    public uint NrBits;
}
