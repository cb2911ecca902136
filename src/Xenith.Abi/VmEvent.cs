// xen/vm_event.h: events of a domain for a monitor, by a shared ring.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>What a request says and a response wants (<c>VM_EVENT_FLAG_*</c>).</summary>
public enum VmEventFlags : uint
{
    VcpuPaused = 1,
    Foreign = 2,
    Emulate = 4,
    EmulateNowrite = 8,
    ToggleSinglestep = 16,
    SetEmulReadData = 32,
    Deny = 64,
    AlternateP2m = 0x80,
    SetRegisters = 0x100,
    SetEmulInsnData = 0x200,
    GetNextInterrupt = 0x400,
    FastSinglestep = 0x800,
    NestedP2m = 0x1000,
    ResetVmTrace = 0x2000,
    ResetForkState = 0x4000,
    ResetForkMemory = 0x8000,
}

/// <summary>Why there is an event (<c>VM_EVENT_REASON_*</c>).</summary>
public enum VmEventReason : uint
{
    Unknown = 0,
    MemAccess = 1,
    MemSharing = 2,
    MemPaging = 3,
    WriteCtrlreg = 4,
    MovToMsr = 5,
    SoftwareBreakpoint = 6,
    Singlestep = 7,
    GuestRequest = 8,
    DebugException = 9,
    Cpuid = 10,
    PrivilegedCall = 11,
    Interrupt = 12,
    DescriptorAccess = 13,
    EmulUnimplemented = 14,
    Vmexit = 15,
}

/// <summary>The access that was stopped (<c>MEM_ACCESS_*</c>).</summary>
public enum VmEventMemAccessFlags : uint
{
    R = 1,
    W = 2,
    X = 4,
    Rwx = 7,
    Rw = 3,
    Rx = 5,
    Wx = 6,
    GlaValid = 8,
    FaultWithGla = 16,
    FaultInGpt = 32,
}

/// <summary>Which register.</summary>
public enum VmEventControlRegister : uint
{
    Cr0 = 0,
    Cr3 = 1,
    Cr4 = 2,
    Xcr0 = 3,
}

/// <summary>Which descriptor table.</summary>
public enum VmEventDescriptor : byte
{
    Idtr = 1,
    Gdtr = 2,
    Ldtr = 3,
    Tr = 4,
}

/// <summary>What became of a page.</summary>
public enum MemPagingFlags : uint
{
    DropPage = 1,
    EvictFail = 2,
}

/// <summary>Interface version.</summary>
public static class VmEventConstants
{
    public const uint InterfaceVersion = 7;
}

/// <summary>A segment's limit in bits 0-19 and attributes in bits 20-31. C: <c>struct vm_event_x86_selector_reg</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventX86SelectorReg
{
    public uint LimitAndAttributes;
}

/// <summary>Registers of the vCPU. C: <c>struct vm_event_regs_x86</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventRegsX86
{
    public ulong Rax;
    public ulong Rcx;
    public ulong Rdx;
    public ulong Rbx;
    public ulong Rsp;
    public ulong Rbp;
    public ulong Rsi;
    public ulong Rdi;
    public ulong R8;
    public ulong R9;
    public ulong R10;
    public ulong R11;
    public ulong R12;
    public ulong R13;
    public ulong R14;
    public ulong R15;
    public ulong Rflags;
    public ulong Dr6;
    public ulong Dr7;
    public ulong Rip;
    public ulong Cr0;
    public ulong Cr2;
    public ulong Cr3;
    public ulong Cr4;
    public ulong SysenterCs;
    public ulong SysenterEsp;
    public ulong SysenterEip;
    public ulong MsrEfer;
    public ulong MsrStar;
    public ulong MsrLstar;
    public ulong GdtrBase;
    public ulong NptBase;
    public ulong VmTracePos;
    public uint CsBase;
    public uint SsBase;
    public uint DsBase;
    public uint EsBase;
    public ulong FsBase;
    public ulong GsBase;
    public VmEventX86SelectorReg Cs;
    public VmEventX86SelectorReg Ss;
    public VmEventX86SelectorReg Ds;
    public VmEventX86SelectorReg Es;
    public VmEventX86SelectorReg Fs;
    public VmEventX86SelectorReg Gs;
    public ulong ShadowGs;
    public ushort GdtrLimit;
    public ushort CsSel;
    public ushort SsSel;
    public ushort DsSel;
    public ushort EsSel;
    public ushort FsSel;
    public ushort GsSel;
    public ushort Pad;
}

/// <summary>A memory access. C: <c>struct vm_event_mem_access</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventMemAccess
{
    public ulong Gfn;
    public ulong Offset;
    public ulong Gla;
    public uint Flags;
    public uint Pad;
}

/// <summary>A write to a control register. C: <c>struct vm_event_write_ctrlreg</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventWriteCtrlreg
{
    public uint Index;
    public uint Pad;
    public ulong NewValue;
    public ulong OldValue;
}

/// <summary>A single step. C: <c>struct vm_event_singlestep</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventSinglestep
{
    public ulong Gfn;
}

/// <summary>A single step in another view. C: <c>struct vm_event_fast_singlestep</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventFastSinglestep
{
    public ushort P2midx;
}

/// <summary>A breakpoint or debug exception. C: <c>struct vm_event_debug</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventDebug
{
    public ulong Gfn;
    public ulong PendingDbg;
    public uint InsnLength;
    public byte Type;
    public Inline3<byte> Pad;
}

/// <summary>A write to an MSR. C: <c>struct vm_event_mov_to_msr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventMovToMsr
{
    public ulong Msr;
    public ulong NewValue;
    public ulong OldValue;
}

/// <summary>An access to a descriptor table. C: <c>struct vm_event_desc_access</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventDescAccess
{
    public uint ArchVmxInstrInfo;
    public uint ArchVmxPad1;
    public ulong ArchVmxExitQualification;
    public byte Descriptor;
    public byte IsWrite;
    public Inline6<byte> Pad;
}

/// <summary>A CPUID instruction. C: <c>struct vm_event_cpuid</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventCpuid
{
    public uint InsnLength;
    public uint Leaf;
    public uint Subleaf;
    public uint Pad;
}

/// <summary>An interrupt or exception. C: <c>struct vm_event_interrupt_x86</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventInterruptX86
{
    public uint Vector;
    public uint Type;
    public uint ErrorCode;
    public uint Pad;
    public ulong Cr2;
}

/// <summary>A page that is wanted back or dropped. C: <c>struct vm_event_paging</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventPaging
{
    public ulong Gfn;
    public uint P2mt;
    public uint Flags;
}

/// <summary>A shared page that could not be copied. C: <c>struct vm_event_sharing</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventSharing
{
    public ulong Gfn;
    public uint P2mt;
    public uint Pad;
}

/// <summary>Data that an emulated instruction is to read. C: <c>struct vm_event_emul_read_data</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventEmulReadData
{
    public uint Size;
    public Inline340<byte> Data;
}

/// <summary>Instruction to emulate instead. C: <c>struct vm_event_emul_insn_data</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventEmulInsnData
{
    public Inline16<byte> Data;
}

/// <summary>An exit of the vCPU. C: <c>struct vm_event_vmexit</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmEventVmexit
{
    public ulong ArchVmxReason;
    public ulong ArchVmxQualification;
}

/// <summary>A request or a response. C: <c>struct vm_event_st</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 400)]
public struct VmEvent
{
    [FieldOffset(0)] public uint Version;
    [FieldOffset(4)] public uint Flags;
    [FieldOffset(8)] public uint Reason;
    [FieldOffset(12)] public uint VcpuId;
    [FieldOffset(16)] public ushort Altp2mIdx;
    [FieldOffset(18)] public Inline3<ushort> Pad;
    [FieldOffset(24)] public VmEventPaging MemPaging;
    [FieldOffset(24)] public VmEventSharing MemSharing;
    [FieldOffset(24)] public VmEventMemAccess MemAccess;
    [FieldOffset(24)] public VmEventWriteCtrlreg WriteCtrlreg;
    [FieldOffset(24)] public VmEventMovToMsr MovToMsr;
    [FieldOffset(24)] public VmEventDescAccess DescAccess;
    [FieldOffset(24)] public VmEventSinglestep Singlestep;
    [FieldOffset(24)] public VmEventFastSinglestep FastSinglestep;
    [FieldOffset(24)] public VmEventDebug SoftwareBreakpoint;
    [FieldOffset(24)] public VmEventDebug DebugException;
    [FieldOffset(24)] public VmEventCpuid Cpuid;
    [FieldOffset(24)] public VmEventVmexit Vmexit;
    [FieldOffset(24)] public VmEventInterruptX86 InterruptX86;
    [FieldOffset(56)] public VmEventRegsX86 DataRegsX86;
    [FieldOffset(56)] public VmEventEmulReadData DataEmulRead;
    [FieldOffset(56)] public VmEventEmulInsnData DataEmulInsn;
}
