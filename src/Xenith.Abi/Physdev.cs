// xen/physdev.h: physical devices. Interrupts bound and acknowledged, PCI devices announced, I/O privilege of a
// PV guest.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of physdev_op (<c>PHYSDEVOP_*</c>).</summary>
public enum PhysdevOp : uint
{
    Eoi = 12,
    PirqEoiGmfnV1 = 17,
    PirqEoiGmfnV2 = 28,
    IrqStatusQuery = 5,
    SetIopl = 6,
    SetIoBitmap = 7,
    ApicRead = 8,
    ApicWrite = 9,
    AllocIrqVector = 10,
    FreeIrqVector = 11,
    MapPirq = 13,
    UnmapPirq = 14,
    ManagePciAdd = 15,
    ManagePciRemove = 16,
    RestoreMsi = 19,
    ManagePciAddExt = 20,
    SetupGsi = 21,
    GetFreePirq = 23,
    PciMmcfgReserved = 24,
    PciDeviceAdd = 25,
    PciDeviceRemove = 26,
    RestoreMsiExt = 27,
    PrepareMsix = 30,
    ReleaseMsix = 31,
    DbgpOp = 29,
    IrqUnmaskNotify = 4,
}

/// <summary>What is to be known of an interrupt (<c>XENIRQSTAT_*</c>).</summary>
public enum IrqStatusFlags : uint
{
    /// <summary>The guest must say when it has handled it.</summary>
    NeedsEoi = 1,
    Shared = 2,
}

/// <summary>What map_pirq maps (<c>MAP_PIRQ_TYPE_*</c>).</summary>
public enum MapPirqType : int
{
    Msi = 0,
    Gsi = 1,
    Unknown = 2,
    MsiSeg = 3,
    MultiMsi = 4,
}

/// <summary>What is said of a PCI device (<c>XEN_PCI_DEV_*</c>).</summary>
public enum PciDeviceFlags : uint
{
    Extfn = 1,
    Virtfn = 2,
    Pxm = 4,
}

/// <summary>State of a configuration window.</summary>
public enum PciMmcfgFlags : uint
{
    Reserved = 1,
}

/// <summary>Resets around a USB debug port.</summary>
public enum DebugPortOp : byte
{
    ResetPrepare = 1,
    ResetDone = 2,
}

/// <summary>Which bus is reset.</summary>
public enum DebugPortBus : byte
{
    Unknown = 0,
    Pci = 1,
}

/// <summary>The guest has handled an interrupt. C: <c>struct physdev_eoi</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevEoi
{
    public uint Irq;
}

/// <summary>Page with a bit per interrupt that needs an EOI. C: <c>struct physdev_pirq_eoi_gmfn</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevPirqEoiGmfn
{
    public ulong Gmfn;
}

/// <summary>Asks about an interrupt. C: <c>struct physdev_irq_status_query</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevIrqStatusQuery
{
    public uint Irq;
    public uint Flags;
}

/// <summary>I/O privilege level of the calling vCPU. C: <c>struct physdev_set_iopl</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevSetIopl
{
    public uint Iopl;
}

/// <summary>I/O permission bitmap of the calling vCPU. C: <c>struct physdev_set_iobitmap</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevSetIoBitmap
{
    public GuestHandle<byte> Bitmap;
    public uint NrPorts;
}

/// <summary>Reads or writes an IO-APIC register. C: <c>struct physdev_apic</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevApic
{
    public ulong ApicPhysbase;
    public uint Reg;
    public uint Value;
}

/// <summary>An interrupt and its vector. C: <c>struct physdev_irq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevIrq
{
    public uint Irq;
    public uint Vector;
}

/// <summary>Maps a physical interrupt or MSI to an interrupt number of the domain. C: <c>struct physdev_map_pirq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevMapPirq
{
    public ushort Domid;
    public int Type;
    /// <summary>GSI number, for that type.</summary>
    public int Index;
    /// <summary>In: wish, negative for any. Out: the number.</summary>
    public int Pirq;
    public int Bus;
    public int Devfn;
    /// <summary>MSI-X entry, or number of MSI vectors.</summary>
    public int EntryNr;
    /// <summary>Machine address of the MSI-X table.</summary>
    public ulong TableBase;
}

/// <summary>Undoes such a mapping. C: <c>struct physdev_unmap_pirq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevUnmapPirq
{
    public ushort Domid;
    public int Pirq;
}

/// <summary>A PCI device of segment 0 came or went. C: <c>struct physdev_manage_pci</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevManagePci
{
    public byte Bus;
    public byte Devfn;
}

/// <summary>A device lost its MSI registers and needs them back. C: <c>struct physdev_restore_msi</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevRestoreMsi
{
    public byte Bus;
    public byte Devfn;
}

/// <summary>
/// A PCI device of segment 0 came, with its place in a multi-function device. C: <c>struct
/// physdev_manage_pci_ext</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevManagePciExt
{
    public byte Bus;
    public byte Devfn;
    public uint IsExtfn;
    public uint IsVirtfn;
    public byte PhysfnBus;
    public byte PhysfnDevfn;
}

/// <summary>All operations of the compatibility call. C: <c>struct physdev_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct PhysdevOpArgs
{
    [FieldOffset(0)] public uint Cmd;
    [FieldOffset(8)] public PhysdevIrqStatusQuery IrqStatusQuery;
    [FieldOffset(8)] public PhysdevSetIopl SetIopl;
    [FieldOffset(8)] public PhysdevSetIoBitmap SetIoBitmap;
    [FieldOffset(8)] public PhysdevApic ApicOp;
    [FieldOffset(8)] public PhysdevIrq IrqOp;
}

/// <summary>Trigger mode and polarity of an interrupt. C: <c>struct physdev_setup_gsi</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevSetupGsi
{
    public int Gsi;
    public byte Triggering;
    public byte Polarity;
}

/// <summary>A free interrupt number. C: <c>struct physdev_get_free_pirq</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevGetFreePirq
{
    public int Type;
    public uint Pirq;
}

/// <summary>A configuration window is reserved in the firmware's tables. C: <c>struct physdev_pci_mmcfg_reserved</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevPciMmcfgReserved
{
    public ulong Address;
    public ushort Segment;
    public byte StartBus;
    public byte EndBus;
    public uint Flags;
}

/// <summary>
/// A PCI device came. Optional words follow the structure (proximity domain). C: <c>struct
/// physdev_pci_device_add</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevPciDeviceAdd
{
    public ushort Seg;
    public byte Bus;
    public byte Devfn;
    public uint Flags;
    public byte PhysfnBus;
    public byte PhysfnDevfn;
}

/// <summary>A PCI device by segment, bus, device and function. C: <c>struct physdev_pci_device</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevPciDevice
{
    public ushort Seg;
    public byte Bus;
    public byte Devfn;
}

/// <summary>A USB controller with the console's debug port is reset. C: <c>struct physdev_dbgp_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PhysdevDbgpOp
{
    public byte Op;
    public byte Bus;
    public PhysdevPciDevice Pci;
}
