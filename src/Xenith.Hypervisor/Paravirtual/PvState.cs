using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>State that only a paravirtualised domain has.</summary>
public sealed class PvDomain
{
    /// <summary>The L3 table behind L4 slot 260 of all of the domain's address spaces.</summary>
    public Mfn PerDomainL3 { get; set; } = Mfn.Invalid;

    /// <summary>The L2 table below it: each of its L1 tables maps the descriptor tables of 16 vCPUs.</summary>
    public Mfn PerDomainL2 { get; set; } = Mfn.Invalid;

    /// <summary>I/O ports that the domain may use.</summary>
    public IoPermissions Ports { get; } = new();

    /// <summary>What the domain last wrote to port 0xcf8.</summary>
    public uint PciAddress;

    /// <summary>Index of the CMOS register that the domain last chose through port 0x70.</summary>
    public byte CmosIndex;
}

/// <summary>One entry of the guest's trap table (public/xen.h, trap_info).</summary>
public struct TrapGate
{
    /// <summary>Address of the handler; 0 if none.</summary>
    public ulong Address;

    /// <summary>Code selector.</summary>
    public ushort Cs;

    /// <summary>Bits 0-1: privilege level that may raise it by INT n; bit 2: mask events on entry.</summary>
    public byte Flags;
}

/// <summary>The 256 gates of a vCPU.</summary>
[InlineArray(256)]
public struct TrapTable
{
    private TrapGate _first;
}

/// <summary>Frames of a guest's GDT.</summary>
[InlineArray(Selectors.FirstReservedPage)]
public struct GdtFrames
{
    private ulong _first;
}

/// <summary>Entries of the pages that map a vCPU's LDT.</summary>
[InlineArray(16)]
internal struct LdtFrames
{
    private ulong _first;
}

/// <summary>State that only a vCPU of a paravirtualised domain has.</summary>
public sealed class PvVcpu
{
    /// <summary>Exception handlers of the guest kernel.</summary>
    public TrapTable Traps;

    /// <summary>Frames of its GDT, as many as <see cref="GdtEntries"/> needs.</summary>
    public GdtFrames GdtFrames;

    /// <summary>Number of descriptors in the guest's part of the GDT.</summary>
    public uint GdtEntries;

    /// <summary>Address and number of entries of its LDT.</summary>
    public ulong LdtBase;
    public uint LdtEntries;

    /// <summary>L4 table of the guest kernel.</summary>
    public Mfn KernelRoot = Mfn.Invalid;

    /// <summary>L4 table of the guest's user mode; invalid until the guest sets one.</summary>
    public Mfn UserRoot = Mfn.Invalid;

    /// <summary>Page tables that a call of this vCPU left half-demoted.</summary>
    public UnfinishedTables Unfinished { get; } = new();

    /// <summary>True while the vCPU is in user mode, that is, runs on <see cref="UserRoot"/>.</summary>
    public bool InUserMode;

    /// <summary>Stack that the kernel is entered on from user mode.</summary>
    public ulong KernelSp;
    public ulong KernelSs;

    /// <summary>Callbacks (public/callback.h), 0 if not registered.</summary>
    public ulong EventCallback;
    public ulong FailsafeCallback;
    public ulong SyscallCallback;
    public ulong Syscall32Callback;
    public ulong SysenterCallback;
    public bool FailsafeMasksEvents;
    public bool SyscallMasksEvents;
    public bool Syscall32MasksEvents;
    public bool SysenterMasksEvents;

    /// <summary>Virtual CR0.TS and CR4; virtual IOPL in bits 12-13 as in RFLAGS.</summary>
    public bool TaskSwitched;
    public ulong Cr4;
    public ulong Iopl;

    /// <summary>Guest address and size in ports of the I/O permission bitmap of the current process.</summary>
    public ulong IoBitmap;
    public uint IoBitmapPorts;

    /// <summary>Selectors and bases while the vCPU is not loaded. GsKernelBase is the guest kernel's.</summary>
    public ushort Ds, Es, Fs, Gs;
    public ulong FsBase, GsKernelBase, GsUserBase;

    /// <summary>DR0 to DR3, DR6, DR7 as the guest set them.</summary>
    public ulong Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;

    /// <summary>Enable bits of DR7 for breakpoints on ports, which the hypervisor watches itself: port instructions of a guest come to it anyway.</summary>
    public ulong Dr7Ports;

    /// <summary>TSC_AUX, what RDTSCP and RDPID give.</summary>
    public uint TscAux;

    /// <summary>XCR0 as the guest set it; 0 means all that the host has switched on.</summary>
    public ulong Xcr0;

    /// <summary>An NMI waits to be delivered; no further one is while the handler runs, that is, until its IRET.</summary>
    public bool NmiPending, NmiMasked;
}
