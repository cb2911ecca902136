// xen/arch-x86/xen-x86_64.h: 64-bit PV guests. Fixed selectors and addresses, the registers in the order in
// which the interface has them, the frame that the iret hypercall pops.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Selectors of the flat segments that every PV guest's GDT has (<c>FLAT_*</c>).</summary>
public static class FlatSelectors
{
    public const ushort Ring3Cs32 = 0xe023;
    public const ushort Ring3Cs64 = 0xe033;
    public const ushort Ring3Ds32 = 0xe02b;
    public const ushort Ring3Ds64 = 0;
    public const ushort Ring3Ss32 = 0xe02b;
    public const ushort Ring3Ss64 = 0xe02b;
    public const ushort KernelDs64 = 0;
    public const ushort KernelDs32 = 0xe02b;
    public const ushort KernelDs = 0;
    public const ushort KernelCs64 = 0xe033;
    public const ushort KernelCs32 = 0xe023;
    public const ushort KernelCs = 0xe033;
    public const ushort KernelSs64 = 0xe02b;
    public const ushort KernelSs32 = 0xe02b;
    public const ushort KernelSs = 0xe02b;
    public const ushort UserDs64 = 0;
    public const ushort UserDs32 = 0xe02b;
    public const ushort UserDs = 0;
    public const ushort UserCs64 = 0xe033;
    public const ushort UserCs32 = 0xe023;
    public const ushort UserCs = 0xe033;
    public const ushort UserSs64 = 0xe02b;
    public const ushort UserSs32 = 0xe02b;
    public const ushort UserSs = 0xe02b;
}

/// <summary>Virtual addresses that are the hypervisor's in a 64-bit PV guest.</summary>
public static class HypervisorLayout
{
    public const ulong HypervisorVirtStart = 0xffff800000000000;
    public const ulong HypervisorVirtEnd = 0xffff880000000000;
    public const ulong Mach2physVirtStart = 0xffff800000000000;
    public const ulong Mach2physVirtEnd = 0xffff804000000000;
    public const ulong Mach2physNrEntries = 0x800000000;
}

/// <summary>Which base set_segment_base sets (<c>SEGBASE_*</c>).</summary>
public enum SegmentBase : uint
{
    Fs = 0,
    GsUser = 1,
    GsKernel = 2,
    GsUserSel = 3,
}

/// <summary>Flags in an <see cref="IretContext"/>.</summary>
public enum IretFlags : ulong
{
    /// <summary>Return by SYSRET: RCX and R11 are not restored.</summary>
    InSyscall = 0x100,
}

/// <summary>What the iret hypercall pops from the caller's stack. C: <c>struct iret_context</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IretContext
{
    public ulong Rax;
    public ulong R11;
    public ulong Rcx;
    public ulong Flags;
    public ulong Rip;
    public ulong Cs;
    public ulong Rflags;
    public ulong Rsp;
    public ulong Ss;
}

/// <summary>General registers of a vCPU in the interface's order. C: <c>struct cpu_user_regs</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CpuUserRegs
{
    public ulong R15;
    public ulong R14;
    public ulong R13;
    public ulong R12;
    public ulong Rbp;
    public ulong Rbx;
    public ulong R11;
    public ulong R10;
    public ulong R9;
    public ulong R8;
    public ulong Rax;
    public ulong Rcx;
    public ulong Rdx;
    public ulong Rsi;
    public ulong Rdi;
    public uint ErrorCode;
    public uint EntryVector;
    public ulong Rip;
    public ushort Cs;
    public Inline1<ushort> Pad0;
    /// <summary>The event mask when the frame was made.</summary>
    public byte SavedUpcallMask;
    public Inline3<byte> Pad1;
    public ulong Rflags;
    public ulong Rsp;
    public ushort Ss;
    public Inline3<ushort> Pad2;
    public ushort Es;
    public Inline3<ushort> Pad3;
    public ushort Ds;
    public Inline3<ushort> Pad4;
    public ushort Fs;
    public Inline3<ushort> Pad5;
    public ushort Gs;
    public Inline3<ushort> Pad6;
}

/// <summary>The x86 part of vcpu_info. C: <c>struct arch_vcpu_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArchVcpuInfo
{
    /// <summary>Address of the newest page fault (PV).</summary>
    public ulong Cr2;
    public ulong Pad;
}
