// xen/memory.h: memory_op. Reservation of memory, the guest's physical map, memory maps, and the control
// domain's operations for sharing, paging and access rights.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Operations of memory_op (<c>XENMEM_*</c>). The bits from 6 on say where a preempted operation goes on.</summary>
public enum MemoryOp : uint
{
    IncreaseReservation = 0,
    DecreaseReservation = 1,
    PopulatePhysmap = 6,
    Exchange = 11,
    MaximumRamPage = 2,
    CurrentReservation = 3,
    MaximumReservation = 4,
    MaximumGpfn = 14,
    MachphysMfnList = 5,
    MachphysCompatMfnList = 25,
    MachphysMapping = 12,
    AddToPhysmap = 7,
    AddToPhysmapBatch = 23,
    RemoveFromPhysmap = 15,
    MemoryMap = 9,
    MachineMemoryMap = 10,
    SetMemoryMap = 13,
    SetPodTarget = 16,
    GetPodTarget = 17,
    GetSharingFreedPages = 18,
    GetSharingSharedPages = 19,
    PagingOp = 20,
    AccessOp = 21,
    SharingOp = 22,
    ClaimPages = 24,
    ReservedDeviceMemoryMap = 27,
    AcquireResource = 28,
    GetVnumaInfo = 26,
}

/// <summary>Wishes for new memory beside address width (bits 0 to 7) and NUMA node (bits 8 to 15) (<c>XENMEMF_*</c>).</summary>
public enum MemoryFlags : uint
{
    PopulateOnDemand = 0x10000,
    ExactNodeRequest = 0x20000,
    Vnode = 0x40000,
}

/// <summary>What add_to_physmap puts into the guest's map (<c>XENMAPSPACE_*</c>).</summary>
public enum MapSpace : uint
{
    SharedInfo = 0,
    GrantTable = 1,
    /// <summary>A frame of the domain itself.</summary>
    Gmfn = 2,
    GmfnRange = 3,
    /// <summary>A frame of another domain; batch only.</summary>
    GmfnForeign = 4,
    DevMmio = 5,
}

/// <summary>Kinds of pages that acquire_resource hands out (<c>XENMEM_resource_*</c>).</summary>
public enum MemoryResource : ushort
{
    IoReqServer = 0,
    GrantTable = 1,
    VmTraceBuf = 2,
}

/// <summary>Which part of a grant table.</summary>
public enum GrantTableResource : uint
{
    Shared = 0,
    Status = 1,
}

/// <summary>Sub-operations of paging_op.</summary>
public enum MemPagingOp : byte
{
    Nominate = 0,
    Evict = 1,
    Prep = 2,
}

/// <summary>Sub-operations of access_op.</summary>
public enum MemAccessOp : byte
{
    SetAccess = 0,
    GetAccess = 1,
    SetAccessMulti = 4,
}

/// <summary>Rights of a domain to one of its own pages (<c>xenmem_access_t</c>).</summary>
public enum MemAccess : byte
{
    None = 0,
    Read = 1,
    Write = 2,
    ReadWrite = 3,
    Execute = 4,
    ReadExecute = 5,
    WriteExecute = 6,
    ReadWriteExecute = 7,
    ReadExecuteToReadWrite = 8,
    NoneToReadWriteExecute = 9,
    Default = 10,
}

/// <summary>Sub-operations of sharing_op.</summary>
public enum MemSharingOp : byte
{
    NominateGfn = 0,
    NominateGref = 1,
    Share = 2,
    DebugGfn = 3,
    DebugMfn = 4,
    DebugGref = 5,
    AddPhysmap = 6,
    Audit = 7,
    RangeShare = 8,
    Fork = 9,
    ForkReset = 10,
}

/// <summary>How a domain is forked.</summary>
public enum MemForkFlags : ushort
{
    WithIommuAllowed = 1,
    BlockInterrupts = 2,
    ResetState = 4,
    ResetMemory = 8,
}

/// <summary>Other numbers of memory_op.</summary>
public static class MemoryConstants
{
    public const uint MapIdxGrantTableStatus = 0x80000000;
    public const int SharingOpSHandleInvalid = -10;
    public const int SharingOpCHandleInvalid = -9;
    public const ulong SharingOpFieldIsGrefFlag = 0x4000000000000000;
    public const uint RdmAll = 1;
    public const uint ResourceIoReqServerFrameBufIoReq = 0;
}

/// <summary>Frames to be allocated or given back. C: <c>struct xen_memory_reservation</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemoryReservation
{
    /// <summary>Frame numbers: in or out, as the operation says.</summary>
    public GuestHandle<ulong> ExtentStart;
    /// <summary>Elements of that array.</summary>
    public ulong NrExtents;
    /// <summary>Each element stands for 2^order frames.</summary>
    public uint ExtentOrder;
    /// <summary>Address width, NUMA node and <see cref="MemoryFlags"/>.</summary>
    public uint MemFlags;
    public ushort Domid;
}

/// <summary>Frames given back and others got for them. C: <c>struct xen_memory_exchange</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemoryExchange
{
    public MemoryReservation In;
    public MemoryReservation Out;
    /// <summary>Elements done; must be 0 at first.</summary>
    public ulong NrExchanged;
}

/// <summary>The domain that a question is about. C: <c>struct xen_memory_domain</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemoryDomain
{
    public ushort Domid;
}

/// <summary>
/// Asks for the frames of the machine-to-physical table, one for 2 MiB each. C: <c>struct
/// xen_machphys_mfn_list</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct MachphysMfnList
{
    public uint MaxExtents;
    public GuestHandle<ulong> ExtentStart;
    public uint NrExtents;
}

/// <summary>Where the machine-to-physical table is. C: <c>struct xen_machphys_mapping</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MachphysMapping
{
    public ulong VStart;
    public ulong VEnd;
    public ulong MaxMfn;
}

/// <summary>Puts one page into a guest's physical map. C: <c>struct xen_add_to_physmap</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AddToPhysmap
{
    public ushort Domid;
    /// <summary>Pages, for a range.</summary>
    public ushort Size;
    /// <summary><see cref="MapSpace"/>.</summary>
    public uint Space;
    /// <summary>Which page of the space.</summary>
    public ulong Idx;
    /// <summary>Where it is to appear.</summary>
    public ulong Gpfn;
}

/// <summary>Puts many pages of one space into a guest's physical map. C: <c>struct xen_add_to_physmap_batch</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
public struct AddToPhysmapBatch
{
    [FieldOffset(0)] public ushort Domid;
    [FieldOffset(2)] public ushort Space;
    [FieldOffset(4)] public ushort Size;
    [FieldOffset(6)] public ushort ForeignDomid;
    [FieldOffset(6)] public ushort Res0;
    [FieldOffset(8)] public GuestHandle<ulong> Idxs;
    [FieldOffset(16)] public GuestHandle<ulong> Gpfns;
    /// <summary>An error code for each page.</summary>
    [FieldOffset(24)] public GuestHandle<int> Errs;
}

/// <summary>Takes a page out of a guest's physical map. C: <c>struct xen_remove_from_physmap</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RemoveFromPhysmap
{
    public ushort Domid;
    public ulong Gpfn;
}

/// <summary>Asks for a memory map in E820 form. C: <c>struct xen_memory_map</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemoryMap
{
    /// <summary>In: room in the buffer. Out: entries there are.</summary>
    public uint NrEntries;
    public GuestHandle<byte> Buffer;
}

/// <summary>Sets the memory map of another domain. C: <c>struct xen_foreign_memory_map</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ForeignMemoryMap
{
    public ushort Domid;
    public MemoryMap Map;
}

/// <summary>Populate on demand: what the domain has and is to have. C: <c>struct xen_pod_target</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PodTarget
{
    public ulong TargetPages;
    public ulong TotPages;
    public ulong PodCachePages;
    public ulong PodEntries;
    public ushort Domid;
}

/// <summary>A paging operation. C: <c>struct xen_mem_paging_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemPagingOpArgs
{
    public byte Op;
    public ushort Domain;
    public GuestHandle<byte> Buffer;
    public ulong Gfn;
}

/// <summary>An access operation. C: <c>struct xen_mem_access_op</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemAccessOpArgs
{
    public byte Op;
    public byte Access;
    public ushort Domid;
    public uint Nr;
    public ulong Pfn;
    public GuestHandle<ulong> PfnList;
    public GuestHandle<byte> AccessList;
}

/// <summary>A sharing operation. C: <c>struct xen_mem_sharing_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 48)]
public struct MemSharingOpArgs
{
    [FieldOffset(0)] public byte Op;
    [FieldOffset(2)] public ushort Domain;
    [FieldOffset(8)] public MemSharingOpNominate Nominate;
    [FieldOffset(8)] public MemSharingOpShare Share;
    [FieldOffset(8)] public MemSharingOpRange Range;
    [FieldOffset(8)] public MemSharingOpDebug Debug;
    [FieldOffset(8)] public MemSharingOpFork Fork;
}

/// <summary>A page that may be shared. C: <c>struct mem_sharing_op_nominate</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct MemSharingOpNominate
{
    [FieldOffset(0)] public ulong Gfn;
    [FieldOffset(0)] public uint GrantRef;
    [FieldOffset(8)] public ulong Handle;
}

/// <summary>Two nominated pages that become one. C: <c>struct mem_sharing_op_share</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemSharingOpShare
{
    public ulong SourceGfn;
    public ulong SourceHandle;
    public ulong ClientGfn;
    public ulong ClientHandle;
    public ushort ClientDomain;
}

/// <summary>The same for a range. C: <c>struct mem_sharing_op_range</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemSharingOpRange
{
    public ulong FirstGfn;
    public ulong LastGfn;
    public ulong Opaque;
    public ushort ClientDomain;
    public Inline3<ushort> Pad;
}

/// <summary>A page to report on. C: <c>struct mem_sharing_op_debug</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
public struct MemSharingOpDebug
{
    [FieldOffset(0)] public ulong Gfn;
    [FieldOffset(0)] public ulong Mfn;
    [FieldOffset(0)] public uint Gref;
}

/// <summary>A domain that becomes a copy of another. C: <c>struct mem_sharing_op_fork</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemSharingOpFork
{
    public ushort ParentDomain;
    public ushort Flags;
    public uint Pad;
}

/// <summary>A range that a device must find mapped one to one. C: <c>struct xen_reserved_device_memory</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ReservedDeviceMemory
{
    public ulong StartPfn;
    public ulong NrPages;
}

/// <summary>Asks for all such ranges, or those of one device. C: <c>struct xen_reserved_device_memory_map</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ReservedDeviceMemoryMap
{
    public uint Flags;
    public uint NrEntries;
    public GuestHandle<ReservedDeviceMemory> Buffer;
    public PhysdevPciDevice DevPci;
}

/// <summary>
/// Asks for pages of the hypervisor that serve a domain, to map them. C: <c>struct xen_mem_acquire_resource</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemAcquireResource
{
    public ushort Domid;
    public ushort Type;
    public uint Id;
    /// <summary>In: frames wanted. 0 asks how many there are.</summary>
    public uint NrFrames;
    public uint Pad;
    public ulong Frame;
    public GuestHandle<ulong> FrameList;
}

/// <summary>A range of a guest's memory on a virtual NUMA node. C: <c>struct xen_vmemrange</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VmemRange
{
    public ulong Start;
    public ulong End;
    public uint Flags;
    public uint Nid;
}

/// <summary>A guest's view of its virtual NUMA topology. C: <c>struct xen_vnuma_topology_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VnumaTopologyInfo
{
    public ushort Domid;
    public ushort Pad;
    public uint NrVnodes;
    public uint NrVcpus;
    public uint NrVmemranges;
    public GuestHandle<uint> Vdistance;
    public GuestHandle<uint> VcpuToVnode;
    public GuestHandle<VmemRange> Vmemrange;
}
