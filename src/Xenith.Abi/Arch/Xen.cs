// xen/arch-x86/xen.h: the x86 part of the interface. Trap tables, the register state of a PV vCPU, what a
// domain's creator says about emulated devices, CPUID and MSR lists of a CPU policy.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Fixed numbers of the x86 interface.</summary>
public static class ArchX86
{
    /// <summary>First page of a PV guest's GDT that is the hypervisor's.</summary>
    public const uint FirstReservedGdtPage = 14;
    /// <summary>The same in bytes.</summary>
    public const uint FirstReservedGdtByte = 0xe000;
    /// <summary>The same in descriptors.</summary>
    public const uint FirstReservedGdtEntry = 0x1c00;
    /// <summary>vCPUs whose vcpu_info is in shared_info.</summary>
    public const uint LegacyMaxVcpus = 32;
    /// <summary>All miscellaneous flags there are.</summary>
    public const uint X86MiscFlagsMax = 1;
    /// <summary>The sub-leaf of a leaf that has none.</summary>
    public const uint CpuidNoSubleaf = 0xffffffff;
    /// <summary>Port to which HVM guests write messages.</summary>
    public const uint HvmDebugconsIoPort = 233;
}

/// <summary>State of a vCPU beyond its registers (<c>VGCF_*</c>).</summary>
public enum VcpuGuestContextFlags : ulong
{
    I387Valid = 1,
    InKernel = 4,
    FailsafeDisablesEvents = 8,
    SyscallDisablesEvents = 16,
    Online = 32,
}

/// <summary>Devices that the hypervisor emulates for a domain (<c>XEN_X86_EMU_*</c>).</summary>
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

/// <summary>Other choices for a domain.</summary>
public enum X86MiscFlags : uint
{
    /// <summary>Reads of unknown MSRs give 0 and writes are dropped.</summary>
    MsrRelaxed = 1,
}

/// <summary>An entry of a PV guest's trap table; the table ends with address 0. C: <c>struct trap_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TrapInfo
{
    /// <summary>Exception or interrupt vector.</summary>
    public byte Vector;
    /// <summary>Bits 0 and 1: privilege level that may raise it by INT; bit 2: mask events on entry.</summary>
    public byte Flags;
    /// <summary>Code selector of the handler.</summary>
    public ushort Cs;
    /// <summary>The handler.</summary>
    public ulong Address;
}

/// <summary>
/// All registers of a PV vCPU: how it starts, is saved and is inspected. For HVM domains only part of it is used.
/// C: <c>struct vcpu_guest_context</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuGuestContext
{
    /// <summary>FXSAVE image.</summary>
    public Inline512<byte> FpuCtxtX;
    /// <summary><see cref="VcpuGuestContextFlags"/>.</summary>
    public ulong Flags;
    public CpuUserRegs UserRegs;
    public Inline256<TrapInfo> TrapCtxt;
    public ulong LdtBase;
    public ulong LdtEnts;
    /// <summary>Frames of the GDT.</summary>
    public Inline16<ulong> GdtFrames;
    /// <summary>Descriptors in the GDT.</summary>
    public ulong GdtEnts;
    public ulong KernelSs;
    /// <summary>Stack on which the kernel is entered from user mode.</summary>
    public ulong KernelSp;
    /// <summary>CR0 to CR7; CR1 holds the user page-table root of a 64-bit guest.</summary>
    public Inline8<ulong> Ctrlreg;
    public Inline8<ulong> Debugreg;
    public ulong EventCallbackEip;
    public ulong FailsafeCallbackEip;
    public ulong SyscallCallbackEip;
    /// <summary><see cref="VmAssistType"/> as bits.</summary>
    public ulong VmAssist;
    public ulong FsBase;
    public ulong GsBaseKernel;
    public ulong GsBaseUser;
}

/// <summary>
/// The x86 part of shared_info: how tools find a PV guest's map of frames, and why there was an NMI. C: <c>struct
/// arch_shared_info</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArchSharedInfo
{
    /// <summary>Highest pseudo-physical frame plus one.</summary>
    public ulong MaxPfn;
    /// <summary>Machine frame of the root of the three-level list of frames.</summary>
    public ulong PfnToMfnFrameListList;
    /// <summary><see cref="Abi.NmiReason"/> bits.</summary>
    public ulong NmiReason;
    /// <summary>Page-table root by which the linear list can be read.</summary>
    public ulong P2mCr3;
    /// <summary>Virtual address of the linear list; 0 if there is none.</summary>
    public ulong P2mVaddr;
    /// <summary>Odd while the list is being changed.</summary>
    public ulong P2mGeneration;
}

/// <summary>x86 choices for a new domain. C: <c>struct xen_arch_domainconfig</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ArchDomainConfig
{
    /// <summary><see cref="X86EmulationFlags"/>.</summary>
    public uint EmulationFlags;
    /// <summary><see cref="X86MiscFlags"/>.</summary>
    public uint MiscFlags;
}

/// <summary>A CPUID leaf of a CPU policy. C: <c>struct xen_cpuid_leaf</c>.</summary>
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

/// <summary>An MSR of a CPU policy. C: <c>struct xen_msr_entry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MsrEntry
{
    public uint Idx;
    public uint Flags;
    public ulong Val;
}
