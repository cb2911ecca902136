// Constants and structures of xen/arch-x86/xen.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Values of <c>FIRST_RESERVED_GDT_PAGE…</c>.</summary>
public static class ArchX86
{
    public const uint FirstReservedGdtPage = 14;
    public const uint FirstReservedGdtByte = 0xe000;
    public const uint FirstReservedGdtEntry = 0x1c00;
    public const uint LegacyMaxVcpus = 32;
    public const uint X86MiscFlagsMax = 1;
    public const uint CpuidNoSubleaf = 0xffffffff;
    public const uint HvmDebugconsIoPort = 233;
}

/// <summary>Values of <c>VGCF_…</c>.</summary>
public enum VcpuGuestContextFlags : ulong
{
    I387Valid = 1,
    InKernel = 4,
    FailsafeDisablesEvents = 8,
    SyscallDisablesEvents = 16,
    Online = 32,
}

/// <summary>Values of <c>XEN_X86_EMU_…</c>.</summary>
public enum X86EmulationFlags : uint
{
    Lapic = 1,
    Hpet = 2,
    Pm = 4,
    Rtc = 8,
    Ioapic = 16,
    Pic = 32,
    Vga = 64,
    Iommu = 0x80,
    Pit = 0x100,
    UsePirq = 0x200,
    Vpci = 0x400,
    All = 0x7ff,
}

/// <summary>Values of <c>XEN_X86_MSR_RELAXED…</c>.</summary>
public enum X86MiscFlags : uint
{
    MsrRelaxed = 1,
}

/// <summary><c>struct trap_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TrapInfo
{
    public byte Vector;
    public byte Flags;
    public ushort Cs;
    public ulong Address;
}

/// <summary><c>struct vcpu_guest_context</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuGuestContext
{
    public Inline512<byte> FpuCtxtX;
    public ulong Flags;
    public CpuUserRegs UserRegs;
    public Inline256<TrapInfo> TrapCtxt;
    public ulong LdtBase;
    public ulong LdtEnts;
    public Inline16<ulong> GdtFrames;
    public ulong GdtEnts;
    public ulong KernelSs;
    public ulong KernelSp;
    public Inline8<ulong> Ctrlreg;
    public Inline8<ulong> Debugreg;
    public ulong EventCallbackEip;
    public ulong FailsafeCallbackEip;
    public ulong SyscallCallbackEip;
    public ulong VmAssist;
    public ulong FsBase;
    public ulong GsBaseKernel;
    public ulong GsBaseUser;
}

/// <summary><c>struct arch_shared_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArchSharedInfo
{
    public ulong MaxPfn;
    public ulong PfnToMfnFrameListList;
    public ulong NmiReason;
    public ulong P2mCr3;
    public ulong P2mVaddr;
    public ulong P2mGeneration;
}

/// <summary><c>struct xen_arch_domainconfig</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArchDomainConfig
{
    public uint EmulationFlags;
    public uint MiscFlags;
}

/// <summary><c>struct xen_cpuid_leaf</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CpuidLeaf
{
    public uint Leaf;
    public uint Subleaf;
    public uint A;
    public uint B;
    public uint C;
    public uint D;
}

/// <summary><c>struct xen_msr_entry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MsrEntry
{
    public uint Idx;
    public uint Flags;
    public ulong Val;
}
