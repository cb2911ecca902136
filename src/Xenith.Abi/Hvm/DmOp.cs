// xen/hvm/dm_op.h: what a device model (QEMU) may do to the one domain that it serves. Arguments come in a list
// of buffers, of which the first holds the structure.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of dm_op (<c>XEN_DMOP_*</c>).</summary>
public enum DmOpCommand : uint
{
    CreateIoReqServer = 1,
    GetIoReqServerInfo = 2,
    MapIoRangeToIoReqServer = 3,
    UnmapIoRangeFromIoReqServer = 4,
    SetIoReqServerState = 5,
    DestroyIoReqServer = 6,
    TrackDirtyVram = 7,
    SetPciIntxLevel = 8,
    SetIsaIrqLevel = 9,
    SetPciLinkRoute = 10,
    ModifiedMemory = 11,
    SetMemType = 12,
    InjectEvent = 13,
    InjectMsi = 14,
    MapMemTypeToIoReqServer = 15,
    RemoteShutdown = 16,
    RelocateMemory = 17,
    PinMemoryCacheattr = 18,
    SetIrqLevel = 19,
    NrVcpus = 20,
}

/// <summary>Kinds of ranges that a device model serves.</summary>
public enum DmIoRangeType : uint
{
    Port = 0,
    Memory = 1,
    Pci = 2,
}

/// <summary>Kinds of events that are injected.</summary>
public enum DmEventType : byte
{
    ExtInt = 0,
    Nmi = 2,
    HwExc = 3,
    SwInt = 4,
    PriSwExc = 5,
    SwExc = 6,
}

/// <summary>Memory types.</summary>
public enum DmMemCacheAttr : uint
{
    Uc = 0,
    Wc = 1,
    Wt = 4,
    Wp = 5,
    Wb = 6,
    Ucm = 7,
}

/// <summary>Flags.</summary>
public static class DmOpConstants
{
    public const uint NoGfns = 1;
    public const uint IoReqMemAccessRead = 1;
    public const uint IoReqMemAccessWrite = 2;
    public const uint DeleteMemCacheattr = 0xffffffff;
}

/// <summary>A new receiver of requests. C: <c>struct xen_dm_op_create_ioreq_server</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpCreateIoReqServer
{
    public byte HandleBufIoReq;
    public Inline3<byte> Pad;
    public ushort Id;
}

/// <summary>Asks for its pages and port. C: <c>struct xen_dm_op_get_ioreq_server_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpGetIoReqServerInfo
{
    public ushort Id;
    public ushort Flags;
    public uint BufIoReqPort;
    public ulong IoReqGfn;
    public ulong BufIoReqGfn;
}

/// <summary>A range it serves, or no longer. C: <c>struct xen_dm_op_ioreq_server_range</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpIoReqServerRange
{
    public ushort Id;
    public ushort Pad;
    public uint Type;
    public ulong Start;
    public ulong End;
}

/// <summary>Whether it is active. C: <c>struct xen_dm_op_set_ioreq_server_state</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpSetIoReqServerState
{
    public ushort Id;
    public byte Enabled;
    public byte Pad;
}

/// <summary>Ends it. C: <c>struct xen_dm_op_destroy_ioreq_server</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpDestroyIoReqServer
{
    public ushort Id;
    public ushort Pad;
}

/// <summary>Asks which pages of the screen changed. C: <c>struct xen_dm_op_track_dirty_vram</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpTrackDirtyVram
{
    public uint Nr;
    public uint Pad;
    public ulong FirstPfn;
}

/// <summary>Drives a PCI interrupt line. C: <c>struct xen_dm_op_set_pci_intx_level</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpSetPciIntxLevel
{
    public ushort Domain;
    public byte Bus;
    public byte Device;
    public byte Intx;
    public byte Level;
}

/// <summary>Drives an ISA interrupt line. C: <c>struct xen_dm_op_set_isa_irq_level</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpSetIsaIrqLevel
{
    public byte IsaIrq;
    public byte Level;
}

/// <summary>Routes a PCI interrupt line to an ISA one. C: <c>struct xen_dm_op_set_pci_link_route</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpSetPciLinkRoute
{
    public byte Link;
    public byte IsaIrq;
}

/// <summary>Tells of pages that the device model wrote. C: <c>struct xen_dm_op_modified_memory</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpModifiedMemory
{
    public uint NrExtents;
    public uint Opaque;
}

/// <summary>A range of them. C: <c>struct xen_dm_op_modified_memory_extent</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpModifiedMemoryExtent
{
    public uint Nr;
    public uint Pad;
    public ulong FirstPfn;
}

/// <summary>Changes what frames are. C: <c>struct xen_dm_op_set_mem_type</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpSetMemType
{
    public uint Nr;
    public ushort MemType;
    public ushort Pad;
    public ulong FirstPfn;
}

/// <summary>Raises an exception or interrupt in a vCPU. C: <c>struct xen_dm_op_inject_event</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpInjectEvent
{
    public uint VcpuId;
    public byte Vector;
    public byte Type;
    public byte InsnLen;
    public byte Pad0;
    public uint ErrorCode;
    public uint Pad1;
    public ulong Cr2;
}

/// <summary>Sends an MSI. C: <c>struct xen_dm_op_inject_msi</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpInjectMsi
{
    public uint Data;
    public uint Pad;
    public ulong Addr;
}

/// <summary>Sends writes to a kind of frame to a server. C: <c>struct xen_dm_op_map_mem_type_to_ioreq_server</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpMapMemTypeToIoReqServer
{
    public ushort Id;
    public ushort Type;
    public uint Flags;
    public ulong Opaque;
}

/// <summary>The guest is to stop. C: <c>struct xen_dm_op_remote_shutdown</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpRemoteShutdown
{
    public uint Reason;
}

/// <summary>Moves pages in the guest's map. C: <c>struct xen_dm_op_relocate_memory</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpRelocateMemory
{
    public uint Size;
    public uint Pad;
    public ulong SrcGfn;
    public ulong DstGfn;
}

/// <summary>Fixes the memory type of a range. C: <c>struct xen_dm_op_pin_memory_cacheattr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpPinMemoryCacheattr
{
    public ulong Start;
    public ulong End;
    public uint Type;
    public uint Pad;
}

/// <summary>Drives an interrupt line; not on x86. C: <c>struct xen_dm_op_set_irq_level</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpSetIrqLevel
{
    public uint Irq;
    public byte Level;
    public Inline3<byte> Pad;
}

/// <summary>Asks for the number of vCPUs. C: <c>struct xen_dm_op_nr_vcpus</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpNrVcpus
{
    public uint Vcpus;
}

/// <summary>The first buffer of dm_op. C: <c>struct xen_dm_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
public struct DmOp
{
    [FieldOffset(0)] public uint Op;
    [FieldOffset(4)] public uint Pad;
    [FieldOffset(8)] public DmOpCreateIoReqServer CreateIoReqServer;
    [FieldOffset(8)] public DmOpGetIoReqServerInfo GetIoReqServerInfo;
    [FieldOffset(8)] public DmOpIoReqServerRange MapIoRangeToIoReqServer;
    [FieldOffset(8)] public DmOpIoReqServerRange UnmapIoRangeFromIoReqServer;
    [FieldOffset(8)] public DmOpSetIoReqServerState SetIoReqServerState;
    [FieldOffset(8)] public DmOpDestroyIoReqServer DestroyIoReqServer;
    [FieldOffset(8)] public DmOpTrackDirtyVram TrackDirtyVram;
    [FieldOffset(8)] public DmOpSetPciIntxLevel SetPciIntxLevel;
    [FieldOffset(8)] public DmOpSetIsaIrqLevel SetIsaIrqLevel;
    [FieldOffset(8)] public DmOpSetIrqLevel SetIrqLevel;
    [FieldOffset(8)] public DmOpSetPciLinkRoute SetPciLinkRoute;
    [FieldOffset(8)] public DmOpModifiedMemory ModifiedMemory;
    [FieldOffset(8)] public DmOpSetMemType SetMemType;
    [FieldOffset(8)] public DmOpInjectEvent InjectEvent;
    [FieldOffset(8)] public DmOpInjectMsi InjectMsi;
    [FieldOffset(8)] public DmOpMapMemTypeToIoReqServer MapMemTypeToIoReqServer;
    [FieldOffset(8)] public DmOpRemoteShutdown RemoteShutdown;
    [FieldOffset(8)] public DmOpRelocateMemory RelocateMemory;
    [FieldOffset(8)] public DmOpPinMemoryCacheattr PinMemoryCacheattr;
    [FieldOffset(8)] public DmOpNrVcpus NrVcpus;
}

/// <summary>One buffer of dm_op. C: <c>struct xen_dm_op_buf</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DmOpBuf
{
    public GuestHandle<byte> H;
    public ulong Size;
}
