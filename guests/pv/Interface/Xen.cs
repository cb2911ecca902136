// Structures and numbers of the public headers xen.h, arch-x86/xen.h and arch-x86/xen-x86_64.h, as this kernel uses them.
//
// They are stated here anew and not taken from Xenith.Abi, on purpose: the guest is a second witness. A wrong offset in
// the hypervisor's own declaration would otherwise be wrong on both sides and pass.

using System.Runtime.InteropServices;

namespace Xenith.Guest.Pv.Interface;

/// <summary>Hypercall numbers (xen.h, __HYPERVISOR_*).</summary>
static class Number
{
    public const ulong SetTrapTable = 0, MmuUpdate = 1, SetGdt = 2, StackSwitch = 3, SetCallbacks = 4, FpuTaskswitch = 5;
    public const ulong SchedOpCompat = 6, PlatformOp = 7, SetDebugreg = 8, GetDebugreg = 9, UpdateDescriptor = 10;
    public const ulong Unassigned11 = 11, MemoryOp = 12, Multicall = 13, UpdateVaMapping = 14, SetTimerOp = 15;
    public const ulong EventChannelOpCompat = 16, XenVersion = 17, ConsoleIo = 18, PhysdevOpCompat = 19, GrantTableOp = 20;
    public const ulong VmAssist = 21, UpdateVaMappingOtherdomain = 22, Iret = 23, VcpuOp = 24, SetSegmentBase = 25;
    public const ulong MmuextOp = 26, XsmOp = 27, NmiOp = 28, SchedOp = 29, CallbackOp = 30, XenoprofOp = 31;
    public const ulong EventChannelOp = 32, PhysdevOp = 33, HvmOp = 34, Sysctl = 35, Domctl = 36, KexecOp = 37, TmemOp = 38;
    public const ulong ArgoOp = 39, XenpmuOp = 40, DmOp = 41, HypfsOp = 42;
}

static class Domid
{
    public const ulong Self = 0x7ff0, Io = 0x7ff1, Xen = 0x7ff2, Cow = 0x7ff3, Invalid = 0x7ff4;
}

/// <summary>start_info of a 64-bit guest (xen.h). Offsets checked by Checks/StartOfDay.cs against what the builder wrote.</summary>
[StructLayout(LayoutKind.Explicit)]
unsafe struct StartInfo
{
    [FieldOffset(0)] public fixed byte Magic[32];
    [FieldOffset(32)] public ulong NrPages;
    [FieldOffset(40)] public ulong SharedInfo;
    [FieldOffset(48)] public uint Flags;
    [FieldOffset(56)] public ulong StoreMfn;
    [FieldOffset(64)] public uint StoreEvtchn;
    [FieldOffset(72)] public ulong ConsoleMfn;
    [FieldOffset(72)] public uint ConsoleInfoOffset;
    [FieldOffset(76)] public uint ConsoleInfoSize;
    [FieldOffset(80)] public uint ConsoleEvtchn;
    [FieldOffset(88)] public ulong PtBase;
    [FieldOffset(96)] public ulong NrPtFrames;
    [FieldOffset(104)] public ulong MfnList;
    [FieldOffset(112)] public ulong ModStart;
    [FieldOffset(120)] public ulong ModLen;
    [FieldOffset(128)] public fixed byte CommandLine[1024];
    [FieldOffset(1152)] public ulong FirstP2mPfn;
    [FieldOffset(1160)] public ulong NrP2mFrames;

    public const uint Privileged = 1, InitDomain = 2, MultibootMod = 4, ModStartPfn = 8, VirtP2m4Tools = 16;
}

/// <summary>vcpu_time_info (xen.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
struct VcpuTimeInfo
{
    [FieldOffset(0)] public uint Version;
    [FieldOffset(8)] public ulong TscTimestamp;
    [FieldOffset(16)] public ulong SystemTime;
    [FieldOffset(24)] public uint TscToSystemMul;
    [FieldOffset(28)] public sbyte TscShift;
    [FieldOffset(29)] public byte Flags;
}

/// <summary>vcpu_info of a 64-bit guest (xen.h, arch-x86/xen-x86_64.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
struct VcpuInfo
{
    [FieldOffset(0)] public byte UpcallPending;
    [FieldOffset(1)] public byte UpcallMask;
    [FieldOffset(8)] public ulong PendingSel;
    [FieldOffset(16)] public ulong Cr2;
    [FieldOffset(32)] public VcpuTimeInfo Time;
}

/// <summary>shared_info of a 64-bit guest (xen.h, arch-x86/xen.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = 4096)]
unsafe struct SharedInfo
{
    [FieldOffset(0)] public VcpuInfo Vcpu0;
    [FieldOffset(2048)] public fixed ulong EvtchnPending[64];
    [FieldOffset(2560)] public fixed ulong EvtchnMask[64];
    [FieldOffset(3072)] public uint WcVersion;
    [FieldOffset(3076)] public uint WcSec;
    [FieldOffset(3080)] public uint WcNsec;
    [FieldOffset(3084)] public uint WcSecHi;
    [FieldOffset(3088)] public ulong MaxPfn;
    [FieldOffset(3096)] public ulong PfnToMfnFrameListList;
    [FieldOffset(3104)] public ulong NmiReason;
}

/// <summary>trap_info (arch-x86/xen.h): flags bits 1:0 are the privilege allowed to INT n, bit 2 masks events on entry.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
struct TrapInfo
{
    [FieldOffset(0)] public byte Vector;
    [FieldOffset(1)] public byte Flags;
    [FieldOffset(2)] public ushort Cs;
    [FieldOffset(8)] public ulong Address;
}

/// <summary>multicall_entry (xen.h).</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct MulticallEntry
{
    public ulong Op;
    public long Result;
    public fixed ulong Args[6];
}

/// <summary>Selectors of the flat segments that the hypervisor keeps in a 64-bit guest's GDT (arch-x86/xen-x86_64.h).</summary>
static class Selector
{
    public const ulong Code32 = 0xe023, Data = 0xe02b, Code64 = 0xe033;
    /// <summary>What a frame shows when the guest kernel was interrupted: RPL 0.</summary>
    public const ulong KernelCode64 = 0xe030;
}

/// <summary>Types of callback_op register (callback.h).</summary>
static class CallbackType
{
    public const ushort Event = 0, Failsafe = 1, Syscall = 2, SysenterDeprecated = 3, Nmi = 4, Sysenter = 5, Syscall32 = 7;
    public const ushort FlagMaskEvents = 1;
}

/// <summary>callback_register (callback.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
struct CallbackRegister
{
    [FieldOffset(0)] public ushort Type;
    [FieldOffset(2)] public ushort Flags;
    [FieldOffset(8)] public ulong Address;
}

/// <summary>Virtual addresses of the interface (arch-x86/xen-x86_64.h).</summary>
static class Layout
{
    public const ulong VirtBase = 0xffffffff80000000;
    public const ulong HypervisorStart = 0xffff800000000000, HypervisorEnd = 0xffff880000000000;
    public const ulong MachineToPhysical = 0xffff800000000000;
}
