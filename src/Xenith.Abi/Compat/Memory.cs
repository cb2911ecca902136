// xen/memory.h as 32-bit callers lay it out.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>32-bit layout of <see cref="MemoryReservation"/>: <c>struct xen_memory_reservation</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 20, Pack = 4)]
public struct CompatMemoryReservation
{
    [FieldOffset(0)] public CompatHandle<uint> ExtentStart;
    [FieldOffset(4)] public uint NrExtents;
    [FieldOffset(8)] public uint ExtentOrder;
    [FieldOffset(12)] public uint MemFlags;
    [FieldOffset(16)] public ushort Domid;
}

/// <summary>32-bit layout of <see cref="MemoryExchange"/>: <c>struct xen_memory_exchange</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 44, Pack = 4)]
public struct CompatMemoryExchange
{
    [FieldOffset(0)] public CompatMemoryReservation In;
    [FieldOffset(20)] public CompatMemoryReservation Out;
    [FieldOffset(40)] public uint NrExchanged;
}

/// <summary>32-bit layout of <see cref="MachphysMfnList"/>: <c>struct xen_machphys_mfn_list</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12, Pack = 4)]
public struct CompatMachphysMfnList
{
    [FieldOffset(0)] public uint MaxExtents;
    [FieldOffset(4)] public CompatHandle<uint> ExtentStart;
    [FieldOffset(8)] public uint NrExtents;
}

/// <summary>32-bit layout of <see cref="MachphysMapping"/>: <c>struct xen_machphys_mapping</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12, Pack = 4)]
public struct CompatMachphysMapping
{
    [FieldOffset(0)] public uint VStart;
    [FieldOffset(4)] public uint VEnd;
    [FieldOffset(8)] public uint MaxMfn;
}

/// <summary>32-bit layout of <see cref="AddToPhysmap"/>: <c>struct xen_add_to_physmap</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16, Pack = 4)]
public struct CompatAddToPhysmap
{
    [FieldOffset(0)] public ushort Domid;
    [FieldOffset(2)] public ushort Size;
    [FieldOffset(4)] public uint Space;
    [FieldOffset(8)] public uint Idx;
    [FieldOffset(12)] public uint Gpfn;
}

/// <summary>32-bit layout of <see cref="AddToPhysmapBatch"/>: <c>struct xen_add_to_physmap_batch</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 20, Pack = 4)]
public struct CompatAddToPhysmapBatch
{
    [FieldOffset(0)] public ushort Domid;
    [FieldOffset(2)] public ushort Space;
    [FieldOffset(4)] public ushort Size;
    [FieldOffset(6)] public ushort ForeignDomid;
    [FieldOffset(6)] public ushort Res0;
    [FieldOffset(8)] public CompatHandle<uint> Idxs;
    [FieldOffset(12)] public CompatHandle<uint> Gpfns;
    [FieldOffset(16)] public CompatHandle<int> Errs;
}

/// <summary>32-bit layout of <see cref="RemoveFromPhysmap"/>: <c>struct xen_remove_from_physmap</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatRemoveFromPhysmap
{
    [FieldOffset(0)] public ushort Domid;
    [FieldOffset(4)] public uint Gpfn;
}

/// <summary>32-bit layout of <see cref="MemoryMap"/>: <c>struct xen_memory_map</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatMemoryMap
{
    [FieldOffset(0)] public uint NrEntries;
    [FieldOffset(4)] public CompatHandle<byte> Buffer;
}

/// <summary>32-bit layout of <see cref="ForeignMemoryMap"/>: <c>struct xen_foreign_memory_map</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12, Pack = 4)]
public struct CompatForeignMemoryMap
{
    [FieldOffset(0)] public ushort Domid;
    [FieldOffset(4)] public CompatMemoryMap Map;
}

/// <summary>32-bit layout of <see cref="PodTarget"/>: <c>struct xen_pod_target</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 36, Pack = 4)]
public struct CompatPodTarget
{
    [FieldOffset(0)] public ulong TargetPages;
    [FieldOffset(8)] public ulong TotPages;
    [FieldOffset(16)] public ulong PodCachePages;
    [FieldOffset(24)] public ulong PodEntries;
    [FieldOffset(32)] public ushort Domid;
}

/// <summary>32-bit layout of <see cref="MemAccessOpArgs"/>: <c>struct xen_mem_access_op</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24, Pack = 4)]
public struct CompatMemAccessOpArgs
{
    [FieldOffset(0)] public byte Op;
    [FieldOffset(1)] public byte Access;
    [FieldOffset(2)] public ushort Domid;
    [FieldOffset(4)] public uint Nr;
    [FieldOffset(8)] public ulong Pfn;
    [FieldOffset(16)] public CompatHandle<ulong> PfnList;
    [FieldOffset(20)] public CompatHandle<byte> AccessList;
}

/// <summary>32-bit layout of <see cref="ReservedDeviceMemory"/>: <c>struct xen_reserved_device_memory</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8, Pack = 4)]
public struct CompatReservedDeviceMemory
{
    [FieldOffset(0)] public uint StartPfn;
    [FieldOffset(4)] public uint NrPages;
}

/// <summary>32-bit layout of <see cref="ReservedDeviceMemoryMap"/>: <c>struct xen_reserved_device_memory_map</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16, Pack = 4)]
public struct CompatReservedDeviceMemoryMap
{
    [FieldOffset(0)] public uint Flags;
    [FieldOffset(4)] public uint NrEntries;
    [FieldOffset(8)] public CompatHandle<CompatReservedDeviceMemory> Buffer;
    [FieldOffset(12)] public PhysdevPciDevice DevPci;
}

/// <summary>32-bit layout of <see cref="MemAcquireResource"/>: <c>struct xen_mem_acquire_resource</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 28, Pack = 4)]
public struct CompatMemAcquireResource
{
    [FieldOffset(0)] public ushort Domid;
    [FieldOffset(2)] public ushort Type;
    [FieldOffset(4)] public uint Id;
    [FieldOffset(8)] public uint NrFrames;
    [FieldOffset(12)] public uint Pad;
    [FieldOffset(16)] public ulong Frame;
    [FieldOffset(24)] public CompatHandle<uint> FrameList;
}

/// <summary>32-bit layout of <see cref="VnumaTopologyInfo"/>: <c>struct xen_vnuma_topology_info</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40, Pack = 4)]
public struct CompatVnumaTopologyInfo
{
    [FieldOffset(0)] public ushort Domid;
    [FieldOffset(2)] public ushort Pad;
    [FieldOffset(4)] public uint NrVnodes;
    [FieldOffset(8)] public uint NrVcpus;
    [FieldOffset(12)] public uint NrVmemranges;
    [FieldOffset(16)] public CompatHandle<uint> Vdistance;
    [FieldOffset(24)] public CompatHandle<uint> VcpuToVnode;
    [FieldOffset(32)] public CompatHandle<VmemRange> Vmemrange;
}
