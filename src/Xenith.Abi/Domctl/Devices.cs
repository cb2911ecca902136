// xen/domctl.h: devices and interrupts given to a domain.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Whether a domain may use an interrupt. C: <c>struct xen_domctl_irq_permission</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlIrqPermission
{
    public uint Pirq;
    public byte AllowAccess;
    public Inline3<byte> Pad;
}

/// <summary>Whether a domain may map device memory. C: <c>struct xen_domctl_iomem_permission</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlIoMemPermission
{
    public ulong FirstMfn;
    public ulong NrMfns;
    public byte AllowAccess;
}

/// <summary>Whether a domain may use ports. C: <c>struct xen_domctl_ioport_permission</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlIoPortPermission
{
    public uint FirstPort;
    public uint NrPorts;
    public byte AllowAccess;
}

/// <summary>A device for a domain. C: <c>struct xen_domctl_assign_device</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct DomctlAssignDevice
{
    [FieldOffset(0)] public uint Dev;
    [FieldOffset(4)] public uint Flags;
    [FieldOffset(8)] public uint PciMachineSBdf;
    [FieldOffset(8)] public uint DtSize;
    [FieldOffset(16)] public GuestHandle<byte> DtPath;
}

/// <summary>Devices that can only be given away together. C: <c>struct xen_domctl_get_device_group</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlGetDeviceGroup
{
    public uint MachineSBdf;
    public uint MaxSdevs;
    public uint NumSdevs;
    public GuestHandle<uint> SdevArray;
}

/// <summary>Binds a device's interrupt to a guest's. C: <c>struct xen_domctl_bind_pt_irq</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct DomctlBindPtIrq
{
    [FieldOffset(0)] public uint MachineIrq;
    [FieldOffset(4)] public uint IrqType;
    [FieldOffset(8)] public byte IsaIsaIrq;
    [FieldOffset(8)] public byte PciBus;
    [FieldOffset(9)] public byte PciDevice;
    [FieldOffset(10)] public byte PciIntx;
    [FieldOffset(8)] public byte MsiGvec;
    [FieldOffset(12)] public uint MsiGflags;
    [FieldOffset(16)] public ulong MsiGtable;
    [FieldOffset(8)] public ushort SpiSpi;
}

/// <summary>Maps device memory into a guest. C: <c>struct xen_domctl_memory_mapping</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlMemoryMapping
{
    public ulong FirstGfn;
    public ulong FirstMfn;
    public ulong NrMfns;
    public uint AddMapping;
    public uint Padding;
}

/// <summary>Maps ports into a guest. C: <c>struct xen_domctl_ioport_mapping</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlIoPortMapping
{
    public uint FirstGport;
    public uint FirstMport;
    public uint NrPorts;
    public uint AddMapping;
}

/// <summary>Virtual UART; not on x86. C: <c>struct xen_domctl_vuart_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DomctlVuartOp
{
    public uint Cmd;
    public uint Type;
    public ulong Gfn;
    public ushort ConsoleDomid;
    public Inline2<byte> Pad;
    public uint Evtchn;
}
