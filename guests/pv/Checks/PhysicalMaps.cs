// The rest of memory_op: what a toolstack asks for, and what only guests with a translated physical map may do. A PV domain gets errors for
// the latter, and which ones is part of the interface.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class PhysicalMaps
{
    const ulong MachphysMfnList = 5, AddToPhysmap = 7, MemoryMap = 9, SetMemoryMap = 13, RemoveFromPhysmap = 15, SetPodTarget = 16, GetPodTarget = 17;
    const ulong PagingOp = 20, AccessOp = 21, SharingOp = 22, AddToPhysmapBatch = 23, ClaimPages = 24, MachphysCompatMfnList = 25;
    const ulong GetVnumaInfo = 26, ReservedDeviceMemoryMap = 27;
    const ulong Bad = 0x12345000;

    public static void Run()
    {
        Check.Run("physmap.memory_map", &MemoryMaps);
        Check.Run("physmap.machphys_list", &MachphysList);
        Check.Run("physmap.claim", &Claims);
        Check.Run("physmap.add", &Adds);
        Check.Run("physmap.remove", &Removes);
        Check.Run("physmap.pod", &PodTargets);
        Check.Run("physmap.vnuma", &VnumaInfo);
        Check.Run("physmap.device_model", &DeviceModel);
        Check.Run("physmap.reserved_devices", &ReservedDevices);
    }

    static void Answer(string what, long result) => Check.Value(what, (ulong)result);

    /// <summary>xen_foreign_memory_map: domid, then the map: count, list. An entry is 20 bytes: address, size, type.</summary>
    static void MemoryMaps()
    {
        byte* entries = stackalloc byte[20 * 4];
        ulong* map = stackalloc ulong[3];
        for (int i = 0; i < 80; i++)
        {
            entries[i] = (byte)i;
        }

        map[0] = Domid.Self;
        map[1] = 2;
        map[2] = (ulong)entries;
        Answer("set_memory_map of an absent domain", Set(map, 5));
        map[1] = 1025;
        Answer("of 1025 entries", Set(map, Domid.Self));
        map[1] = 1024;
        map[2] = Bad;
        Answer("of 1024 entries that cannot be read", Set(map, Domid.Self));
        Answer("argument unmapped", Hypercall.MemoryOp(SetMemoryMap, (void*)Bad));
        map[1] = 2;
        map[2] = (ulong)entries;
        Check.Ok("set_memory_map", Set(map, Domid.Self));

        byte* got = stackalloc byte[20 * 4];
        ulong* own = stackalloc ulong[2];
        own[0] = 4;
        own[1] = (ulong)got;
        Check.Ok("memory_map", Hypercall.MemoryOp(MemoryMap, own));
        Check.Equal("entries", 2, (uint)own[0]);
        ulong different = 0;
        for (int i = 0; i < 40; i++)
        {
            different += got[i] != (byte)i ? 1ul : 0;
        }

        Check.Equal("bytes that differ", 0, different);
        own[0] = 1;
        Check.Ok("with room for one", Hypercall.MemoryOp(MemoryMap, own));
        Check.Equal("entries", 1, (uint)own[0]);
        own[0] = 4;
        own[1] = Bad;
        Answer("list unmapped", Hypercall.MemoryOp(MemoryMap, own));
        map[1] = 0;
        Check.Ok("an empty map", Set(map, Domid.Self));
        own[1] = (ulong)got;
        Answer("memory_map then", Hypercall.MemoryOp(MemoryMap, own));
    }

    static long Set(ulong* map, ulong domain)
    {
        map[0] = domain;
        return Hypercall.MemoryOp(SetMemoryMap, map);
    }

    /// <summary>xen_machphys_mfn_list: room, list, number of frames.</summary>
    static void MachphysList()
    {
        ulong* frames = stackalloc ulong[8];
        ulong* list = stackalloc ulong[3];
        list[0] = 8;
        list[1] = (ulong)frames;
        list[2] = 0x55;
        Check.Ok("machphys_mfn_list", Hypercall.MemoryOp(MachphysMfnList, list));
        Check.True("at least one frame", (uint)list[2] is >= 1 and <= 8);
        Check.Equal("a boundary of 2 MiB", 0, frames[0] & 511);
        list[0] = 0;
        Check.Ok("with no room", Hypercall.MemoryOp(MachphysMfnList, list));
        Check.Equal("frames", 0, (uint)list[2]);
        list[0] = 1;
        list[1] = Bad;
        Answer("list unmapped", Hypercall.MemoryOp(MachphysMfnList, list));
        Answer("argument unmapped", Hypercall.MemoryOp(MachphysMfnList, (void*)Bad));
        list[0] = 8;
        list[1] = (ulong)frames;
        list[2] = 0x55;
        Answer("machphys_compat_mfn_list", Hypercall.MemoryOp(MachphysCompatMfnList, list));
        Check.Value("frames", (uint)list[2]);
    }

    /// <summary>xen_memory_reservation.</summary>
    static long Claim(ulong pages, ulong domain, ulong list = 0, uint order = 0, uint flags = 0)
    {
        ulong* reservation = stackalloc ulong[4];
        reservation[0] = list;
        reservation[1] = pages;
        reservation[2] = order | (ulong)flags << 32;
        reservation[3] = domain;
        return Hypercall.MemoryOp(ClaimPages, reservation);
    }

    static void Claims()
    {
        Answer("claim for self", Claim(1, Domid.Self));
        Answer("with a list", Claim(1, 0, Bad));
        Answer("with an order", Claim(1, 0, 0, 1));
        Answer("with flags", Claim(1, 0, 0, 0, 1));
        Answer("for an absent domain", Claim(1, 5));
        Answer("fewer pages than it has", Claim(1, 0));
        Answer("no pages", Claim(0, 0));
        Answer("more than it may have", Claim(1ul << 40, 0));
        Answer("argument unmapped", Hypercall.MemoryOp(ClaimPages, (void*)Bad));
    }

    /// <summary>xen_add_to_physmap: domid and size, space, index, gpfn.</summary>
    static long Add(ulong domain, uint space, ulong index, ulong frame)
    {
        ulong* add = stackalloc ulong[3];
        add[0] = domain | (ulong)space << 32;
        add[1] = index;
        add[2] = frame;
        return Hypercall.MemoryOp(AddToPhysmap, add);
    }

    static void Adds()
    {
        Answer("shared info", Add(Domid.Self, 0, 0, 100));
        Answer("grant table", Add(Domid.Self, 1, 0, 100));
        Answer("own frame", Add(Domid.Self, 2, 0, 100));
        Answer("foreign frame", Add(Domid.Self, 4, 0, 100));
        Answer("unknown space", Add(Domid.Self, 77, 0, 100));
        Answer("absent domain", Add(5, 0, 0, 100));
        Answer("argument unmapped", Hypercall.MemoryOp(AddToPhysmap, (void*)Bad));

        // xen_add_to_physmap_batch: domid, space, size, foreign domid; three lists.
        ulong* batch = stackalloc ulong[4];
        ulong index = 0, frame = 100;
        uint error = 0x55;
        batch[0] = Domid.Self | 1ul << 32;
        batch[1] = (ulong)&index;
        batch[2] = (ulong)&frame;
        batch[3] = (ulong)&error;
        Answer("batch", Hypercall.MemoryOp(AddToPhysmapBatch, batch));
        Check.Value("error of the first", error);
        batch[0] = 5 | 1ul << 32;
        Answer("batch for an absent domain", Hypercall.MemoryOp(AddToPhysmapBatch, batch));
        batch[0] = Domid.Self;
        Answer("empty batch", Hypercall.MemoryOp(AddToPhysmapBatch, batch));
        Answer("batch unmapped", Hypercall.MemoryOp(AddToPhysmapBatch, (void*)Bad));
    }

    /// <summary>xen_remove_from_physmap: domid, frame.</summary>
    static void Removes()
    {
        ulong* remove = stackalloc ulong[2];
        ulong page = Memory.Allocate();
        remove[0] = Domid.Self;
        remove[1] = Memory.MfnOf(page);
        Answer("own frame", Hypercall.MemoryOp(RemoveFromPhysmap, remove));
        *(ulong*)page = 3;
        Check.Equal("it is still there", 3, *(ulong*)page);
        Check.Value("m2p of it is the same", Memory.PfnOfMfn(Memory.MfnOf(page)) == Memory.PfnOf(page) ? 1ul : 0);
        remove[1] = 0xfffffffff;
        Answer("no frame", Hypercall.MemoryOp(RemoveFromPhysmap, remove));
        remove[1] = 0xfee00;
        Answer("a device's frame", Hypercall.MemoryOp(RemoveFromPhysmap, remove));
        remove[0] = 5;
        Answer("absent domain", Hypercall.MemoryOp(RemoveFromPhysmap, remove));
        Answer("argument unmapped", Hypercall.MemoryOp(RemoveFromPhysmap, (void*)Bad));
    }

    /// <summary>xen_pod_target: target, total, cached, entries, domid.</summary>
    static void PodTargets()
    {
        ulong* target = stackalloc ulong[5];
        target[4] = Domid.Self;
        Answer("get_pod_target", Hypercall.MemoryOp(GetPodTarget, target));
        target[4] = 5;
        Answer("of an absent domain", Hypercall.MemoryOp(GetPodTarget, target));
        Answer("set_pod_target of an absent domain", Hypercall.MemoryOp(SetPodTarget, target));
        target[0] = ~0ul;
        target[4] = Domid.Self;
        Answer("set_pod_target beyond the limit", Hypercall.MemoryOp(SetPodTarget, target));
        Answer("argument unmapped", Hypercall.MemoryOp(GetPodTarget, (void*)Bad));
    }

    /// <summary>xen_vnuma_topology_info: domid, pad, numbers of nodes, vCPUs and ranges, pad; three lists.</summary>
    static void VnumaInfo()
    {
        ulong* info = stackalloc ulong[6];
        info[0] = Domid.Self;
        Answer("get_vnumainfo", Hypercall.MemoryOp(GetVnumaInfo, info));
        info[0] = 5;
        Answer("of an absent domain", Hypercall.MemoryOp(GetVnumaInfo, info));
        info[0] = Domid.Self | 1 << 16;
        Answer("with padding that is not zero", Hypercall.MemoryOp(GetVnumaInfo, info));
        Answer("argument unmapped", Hypercall.MemoryOp(GetVnumaInfo, (void*)Bad));
    }

    /// <summary>paging, access and sharing, which are for a domain's device model. Fields of each: operation, (access,) domid.</summary>
    static void DeviceModel()
    {
        ulong* op = stackalloc ulong[8];
        for (ulong domain = 0; domain < 6; domain += 5)
        {
            op[0] = domain << 16;
            Answer("paging_op", Hypercall.MemoryOp(PagingOp, op));
            Answer("access_op", Hypercall.MemoryOp(AccessOp, op));
            Answer("sharing_op", Hypercall.MemoryOp(SharingOp, op));
        }

        Answer("paging_op unmapped", Hypercall.MemoryOp(PagingOp, (void*)Bad));
        Answer("access_op unmapped", Hypercall.MemoryOp(AccessOp, (void*)Bad));
        Answer("sharing_op unmapped", Hypercall.MemoryOp(SharingOp, (void*)Bad));
    }

    /// <summary>xen_reserved_device_memory_map: flags, number of entries, list, device.</summary>
    static void ReservedDevices()
    {
        ulong* entries = stackalloc ulong[4];
        ulong* map = stackalloc ulong[3];
        map[0] = 1ul << 32 | 1;
        map[1] = (ulong)entries;
        Answer("reserved_device_memory_map", Hypercall.MemoryOp(ReservedDeviceMemoryMap, map));
        Check.Value("entries", map[0] >> 32);
        map[0] = 1ul << 32 | 2;
        Answer("with an unknown flag", Hypercall.MemoryOp(ReservedDeviceMemoryMap, map));
        Answer("argument unmapped", Hypercall.MemoryOp(ReservedDeviceMemoryMap, (void*)Bad));
    }
}
