// xen/hvm/save.h and xen/arch-x86/hvm/save.h: the records of a saved HVM domain. The stream is a sequence of
// descriptor and record; it crosses hosts, so these layouts never change.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Kinds of records.</summary>
public enum HvmSaveType : ushort
{
    End = 0,
    Header = 1,
    Cpu = 2,
    Pic = 3,
    Ioapic = 4,
    Lapic = 5,
    LapicRegs = 6,
    PciIrq = 7,
    IsaIrq = 8,
    PciLink = 9,
    Pit = 10,
    Rtc = 11,
    Hpet = 12,
    Pmtimer = 13,
    Mtrr = 14,
    ViridianDomain = 15,
    CpuXsave = 16,
    ViridianVcpu = 17,
    VmceVcpu = 18,
    TscAdjust = 19,
    CpuMsr = 20,
}

/// <summary>Magic numbers and sizes.</summary>
public static class HvmSaveConstants
{
    public const uint HvmFileMagic = 0x54381286;
    public const uint HvmFileVersion = 1;
    public const uint XenX86FpuInitialised = 1;
    public const uint VioapicNumPins = 48;
    public const uint RtcCmosSize = 14;
    public const uint HpetTimerNum = 3;
    public const uint MtrrVcnt = 8;
    public const uint NumFixedMsr = 11;
    public const uint HvmSaveCodeMax = 20;
}

/// <summary>Stands before each record. C: <c>struct hvm_save_descriptor</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmSaveDescriptor
{
    public ushort Typecode;
    public ushort Instance;
    public uint Length;
}

/// <summary>The first record. C: <c>struct hvm_save_header</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmSaveHeader
{
    public uint Magic;
    public uint Version;
    public ulong Changeset;
    public uint Cpuid;
    public uint GtscKhz;
}

/// <summary>All registers of a vCPU. C: <c>struct hvm_hw_cpu</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwCpu
{
    public Inline512<byte> FpuRegs;
    public ulong Rax;
    public ulong Rbx;
    public ulong Rcx;
    public ulong Rdx;
    public ulong Rbp;
    public ulong Rsi;
    public ulong Rdi;
    public ulong Rsp;
    public ulong R8;
    public ulong R9;
    public ulong R10;
    public ulong R11;
    public ulong R12;
    public ulong R13;
    public ulong R14;
    public ulong R15;
    public ulong Rip;
    public ulong Rflags;
    public ulong Cr0;
    public ulong Cr2;
    public ulong Cr3;
    public ulong Cr4;
    public ulong Dr0;
    public ulong Dr1;
    public ulong Dr2;
    public ulong Dr3;
    public ulong Dr6;
    public ulong Dr7;
    public uint CsSel;
    public uint DsSel;
    public uint EsSel;
    public uint FsSel;
    public uint GsSel;
    public uint SsSel;
    public uint TrSel;
    public uint LdtrSel;
    public uint CsLimit;
    public uint DsLimit;
    public uint EsLimit;
    public uint FsLimit;
    public uint GsLimit;
    public uint SsLimit;
    public uint TrLimit;
    public uint LdtrLimit;
    public uint IdtrLimit;
    public uint GdtrLimit;
    public ulong CsBase;
    public ulong DsBase;
    public ulong EsBase;
    public ulong FsBase;
    public ulong GsBase;
    public ulong SsBase;
    public ulong TrBase;
    public ulong LdtrBase;
    public ulong IdtrBase;
    public ulong GdtrBase;
    public uint CsArbytes;
    public uint DsArbytes;
    public uint EsArbytes;
    public uint FsArbytes;
    public uint GsArbytes;
    public uint SsArbytes;
    public uint TrArbytes;
    public uint LdtrArbytes;
    public ulong SysenterCs;
    public ulong SysenterEsp;
    public ulong SysenterEip;
    public ulong ShadowGs;
    public ulong MsrFlags;
    public ulong MsrLstar;
    public ulong MsrStar;
    public ulong MsrCstar;
    public ulong MsrSyscallMask;
    public ulong MsrEfer;
    public ulong MsrTscAux;
    public ulong Tsc;
    /// <summary>Event that waits: vector, type in bits 8-10, error-code-valid in bit 11, valid in bit 31.</summary>
    public uint PendingEvent;
    public uint ErrorCode;
    public uint Flags;
    public uint Pad0;
}

/// <summary>The same before msr_tsc_aux was added. C: <c>struct hvm_hw_cpu_compat</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwCpuCompat
{
    public Inline512<byte> FpuRegs;
    public ulong Rax;
    public ulong Rbx;
    public ulong Rcx;
    public ulong Rdx;
    public ulong Rbp;
    public ulong Rsi;
    public ulong Rdi;
    public ulong Rsp;
    public ulong R8;
    public ulong R9;
    public ulong R10;
    public ulong R11;
    public ulong R12;
    public ulong R13;
    public ulong R14;
    public ulong R15;
    public ulong Rip;
    public ulong Rflags;
    public ulong Cr0;
    public ulong Cr2;
    public ulong Cr3;
    public ulong Cr4;
    public ulong Dr0;
    public ulong Dr1;
    public ulong Dr2;
    public ulong Dr3;
    public ulong Dr6;
    public ulong Dr7;
    public uint CsSel;
    public uint DsSel;
    public uint EsSel;
    public uint FsSel;
    public uint GsSel;
    public uint SsSel;
    public uint TrSel;
    public uint LdtrSel;
    public uint CsLimit;
    public uint DsLimit;
    public uint EsLimit;
    public uint FsLimit;
    public uint GsLimit;
    public uint SsLimit;
    public uint TrLimit;
    public uint LdtrLimit;
    public uint IdtrLimit;
    public uint GdtrLimit;
    public ulong CsBase;
    public ulong DsBase;
    public ulong EsBase;
    public ulong FsBase;
    public ulong GsBase;
    public ulong SsBase;
    public ulong TrBase;
    public ulong LdtrBase;
    public ulong IdtrBase;
    public ulong GdtrBase;
    public uint CsArbytes;
    public uint DsArbytes;
    public uint EsArbytes;
    public uint FsArbytes;
    public uint GsArbytes;
    public uint SsArbytes;
    public uint TrArbytes;
    public uint LdtrArbytes;
    public ulong SysenterCs;
    public ulong SysenterEsp;
    public ulong SysenterEip;
    public ulong ShadowGs;
    public ulong MsrFlags;
    public ulong MsrLstar;
    public ulong MsrStar;
    public ulong MsrCstar;
    public ulong MsrSyscallMask;
    public ulong MsrEfer;
    public ulong Tsc;
    public uint PendingEvent;
    public uint ErrorCode;
}

/// <summary>One 8259. C: <c>struct hvm_hw_vpic</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwVpic
{
    public byte Irr;
    public byte Imr;
    public byte Isr;
    public byte IrqBase;
    /// <summary>Low half: initialisation step. High half: added to priorities.</summary>
    public byte InitStateAndPriority;
    /// <summary>Bits from 0 on: read ISR, poll, automatic EOI, rotate on it, fully nested, special mask, master.</summary>
    public byte ModeFlags;
    public byte Elcr;
    public byte IntOutput;
}

/// <summary>A redirection entry of the IO-APIC. C: <c>union vioapic_redir_entry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VioapicRedirEntry
{
    public ulong Bits;
}

/// <summary>The IO-APIC. C: <c>struct hvm_hw_vioapic</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwVioapic
{
    public ulong BaseAddress;
    public uint Ioregsel;
    public uint Id;
    public Inline48<VioapicRedirEntry> Redirtbl;
}

/// <summary>State of a local APIC beyond its registers. C: <c>struct hvm_hw_lapic</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwLapic
{
    public ulong ApicBaseMsr;
    public uint Disabled;
    public uint TimerDivisor;
    public ulong TdtMsr;
}

/// <summary>Registers of a local APIC. C: <c>struct hvm_hw_lapic_regs</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwLapicRegs
{
    public Inline1024<byte> Data;
}

/// <summary>Levels of PCI interrupt lines. C: <c>struct hvm_hw_pci_irqs</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwPciIrqs
{
    public Inline2<ulong> I;
}

/// <summary>Levels of ISA interrupt lines. C: <c>struct hvm_hw_isa_irqs</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwIsaIrqs
{
    public Inline1<ulong> I;
}

/// <summary>Routes of PCI interrupt lines. C: <c>struct hvm_hw_pci_link</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwPciLink
{
    public Inline4<byte> Route;
    public Inline4<byte> Pad0;
}

/// <summary>The 8254 interval timer. C: <c>struct hvm_hw_pit</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwPit
{
    public Inline3<HvmHwPitChannel> Channels;
    public uint SpeakerDataOn;
    public uint Pad0;
}

/// <summary>One of its channels. C: <c>struct hvm_hw_pit_channel</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwPitChannel
{
    public uint Count;
    public ushort LatchedCount;
    public byte CountLatched;
    public byte StatusLatched;
    public byte Status;
    public byte ReadState;
    public byte WriteState;
    public byte WriteLatch;
    public byte RwMode;
    public byte Mode;
    public byte Bcd;
    public byte Gate;
}

/// <summary>The real-time clock. C: <c>struct hvm_hw_rtc</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwRtc
{
    public Inline14<byte> CmosData;
    public byte CmosIndex;
    public byte Pad0;
    public long RtcOffset;
}

/// <summary>The HPET. C: <c>struct hvm_hw_hpet</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwHpet
{
    public ulong Capability;
    public ulong Res0;
    public ulong Config;
    public ulong Res1;
    public ulong Isr;
    public Inline25<ulong> Res2;
    public ulong Mc64;
    public ulong Res3;
    public Inline3<HvmHwHpetTimer> Timers;
    public Inline84<ulong> Res5;
    public Inline3<ulong> Period;
}

/// <summary>The ACPI PM timer. C: <c>struct hvm_hw_pmtimer</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwPmtimer
{
    public uint TmrVal;
    public ushort Pm1aSts;
    public ushort Pm1aEn;
}

/// <summary>Memory-type ranges and PAT of a vCPU. C: <c>struct hvm_hw_mtrr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwMtrr
{
    public ulong MsrPatCr;
    public Inline16<ulong> MsrMtrrVar;
    public Inline11<ulong> MsrMtrrFixed;
    public ulong MsrMtrrCap;
    public ulong MsrMtrrDefType;
}

/// <summary>Beginning of a vCPU's XSAVE area. C: <c>struct hvm_hw_cpu_xsave</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwCpuXsave
{
    public ulong XfeatureMask;
    public ulong Xcr0;
    public ulong Xcr0Accum;
    public Inline512<byte> SaveAreaFpuSseX;
    public HvmHwCpuXsaveHdr SaveAreaXsaveHdr;
}

/// <summary>Header of that area. C: <c>struct hvm_hw_cpu_xsave_hdr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwCpuXsaveHdr
{
    public ulong XstateBv;
    public ulong XcompBv;
    public Inline6<ulong> Reserved;
}

/// <summary>Hyper-V state of a domain. C: <c>struct hvm_viridian_domain_context</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmViridianDomainContext
{
    public ulong HypercallGpa;
    public ulong GuestOsId;
    public ulong TimeRefCount;
    public ulong ReferenceTsc;
}

/// <summary>Hyper-V state of a vCPU. C: <c>struct hvm_viridian_vcpu_context</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmViridianVcpuContext
{
    public ulong VpAssistMsr;
    public byte ApicAssistPending;
    public Inline7<byte> Pad;
    public ulong SimpMsr;
    public Inline16<ulong> SintMsr;
    public Inline4<ulong> StimerConfigMsr;
    public Inline4<ulong> StimerCountMsr;
}

/// <summary>Virtual machine-check state of a vCPU. C: <c>struct hvm_vmce_vcpu</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmVmceVcpu
{
    public ulong Caps;
    public ulong MciCtl2Bank0;
    public ulong MciCtl2Bank1;
    public ulong McgExtCtl;
}

/// <summary>IA32_TSC_ADJUST of a vCPU. C: <c>struct hvm_tsc_adjust</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmTscAdjust
{
    public ulong TscAdjust;
}

/// <summary>Further MSRs of a vCPU follow. C: <c>struct hvm_msr</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
public struct HvmMsr
{
    [FieldOffset(0)] public uint Count;
}

/// <summary>One of them. C: <c>struct hvm_one_msr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmOneMsr
{
    public uint Index;
    public uint Rsvd;
    public ulong Val;
}

/// <summary>One of its timers. C: <c>hvm_hw_hpet.timers</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HvmHwHpetTimer
{
    public ulong Config;
    public ulong Cmp;
    public ulong Fsb;
    public ulong Res4;
}
