using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>memory_op: memory maps, and where the machine-to-physical table is.</summary>
internal static partial class MemoryHypercalls
{
    private const uint RangeSize = 20;

    /// <summary>Offset of nr_entries in struct xen_memory_map.</summary>
    private const ulong EntriesOffset = 0;

    private const ulong LargePage = 2UL << 20;

    private static long OwnMemoryMap(ulong argument)
    {
        Hypervisor.Memory.MemoryMap map = Serving.Domain.Pages.MemoryMap;
        if (map.Count == 0)
            return XenError.NotImplemented.ToResult();
        if (!GuestMemory.TryRead(argument, out Abi.MemoryMap request))
            return XenError.BadAddress.ToResult();
        uint count = 0;
        while (count < request.NrEntries && count < (uint)map.Count)
        {
            if (!TryPut(request.Buffer.Value, count, map[(int)count]))
                return XenError.BadAddress.ToResult();
            count++;
        }
        return GuestMemory.TryWrite(unchecked(argument + EntriesOffset), count) ? 0 : XenError.BadAddress.ToResult();
    }

    /// <summary>The toolstack describes a domain's memory to it.</summary>
    private static long SetMemoryMap(ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out ForeignMemoryMap request))
            return XenError.BadAddress.ToResult();
        if (request.Map.NrEntries > Hypervisor.Memory.MemoryMap.Capacity)
            return XenError.Invalid.ToResult();
        XenError error = TryFindTarget(request.Domid, out Domain domain);
        if (error != XenError.None)
            return error.ToResult();
        Hypervisor.Memory.MemoryMap map = domain.Pages.MemoryMap;
        map.Clear();
        for (uint i = 0; i < request.Map.NrEntries; i++)
        {
            if (!GuestMemory.TryRead(unchecked(request.Map.Buffer.Value + i * RangeSize), out MemoryRange range))
            {
                map.Clear();
                return XenError.BadAddress.ToResult();
            }
            map.TryAdd(range);
        }
        return 0;
    }

    /// <summary>The firmware's map; and, where it says nothing, the hypervisor's own devices as reserved, so that the control domain puts nothing else there.</summary>
    private static long MachineMemoryMap(ulong argument)
    {
        Host host = Host.Current;
        if (!Serving.Domain.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        if (!GuestMemory.TryRead(argument, out Abi.MemoryMap request))
            return XenError.BadAddress.ToResult();
        Hypervisor.Memory.MemoryMap map = host.Platform.MemoryMap;
        uint count = 0;
        ulong end = 0;
        XenError error = XenError.None;
        for (int i = 0; i <= map.Count && error == XenError.None; i++)
        {
            ulong next = i < map.Count ? map[i].Address : ulong.MaxValue;
            error = PutOwnDevices(host.Memory.Devices, request, end, next, ref count);
            if (i == map.Count || error != XenError.None)
                break;
            error = Put(request, map[i], ref count);
            end = unchecked(map[i].Address + map[i].Size);
        }
        if (error != XenError.None)
            return error.ToResult();
        return GuestMemory.TryWrite(unchecked(argument + EntriesOffset), count) ? 0 : XenError.BadAddress.ToResult();
    }

    /// <summary>Adds the ranges between two addresses that guests may not map at all.</summary>
    private static XenError PutOwnDevices(DeviceFrames devices, in Abi.MemoryMap request, ulong from, ulong to, ref uint count)
    {
        for (int i = 0; i < devices.Count; i++)
        {
            ulong start = devices.FirstOf(i) << AddressSpace.PageShift, end = (devices.LastOf(i) + 1) << AddressSpace.PageShift;
            if (devices.IsReadOnly(i) || end <= from || start >= to)
                continue;
            start = start < from ? from : start;
            end = end > to ? to : end;
            XenError error = Put(request, new MemoryRange { Address = start, Size = end - start, Type = MemoryRange.Reserved }, ref count);
            if (error != XenError.None)
                return error;
        }
        return XenError.None;
    }

    private static XenError Put(in Abi.MemoryMap request, MemoryRange range, ref uint count)
    {
        if (count >= request.NrEntries)
            return XenError.Invalid;
        if (!TryPut(request.Buffer.Value, count, range))
            return XenError.BadAddress;
        count++;
        return XenError.None;
    }

    private static bool TryPut(ulong buffer, uint index, MemoryRange range) => GuestMemory.TryWrite(unchecked(buffer + index * RangeSize), range);

    /// <summary>Where guests find the machine-to-physical table, and the highest frame number that it could have an entry for.</summary>
    private static long MachineToPhysicalMapping(ulong argument)
    {
        MachphysMapping mapping = new()
        {
            VStart = AddressSpace.GuestM2P,
            VEnd = AddressSpace.GuestM2P + MachineToPhysical.GuestSize,
            MaxMfn = MachineToPhysical.GuestSize / 8 - 1,
        };
        return GuestMemory.TryWrite(argument, mapping) ? 0 : XenError.BadAddress.ToResult();
    }

    /// <summary>The machine frames of the table itself, one for each 2 MiB: toolstacks map it so to save other domains.</summary>
    private static long MachineToPhysicalFrames(ulong argument)
    {
        MachineToPhysical table = Host.Current.Memory.M2P;
        if (table.FirstFrame.IsInvalid)
            return XenError.NotImplemented.ToResult();
        if (!GuestMemory.TryRead(argument, out MachphysMfnList request))
            return XenError.BadAddress.ToResult();
        ulong extents = (table.Count * 8 + LargePage - 1) / LargePage;
        uint count = 0;
        for (; count < request.MaxExtents && count < extents; count++)
        {
            if (!GuestMemory.TryWrite(request.ExtentStart.Value, count, table.FirstFrame.Plus(count * (LargePage >> AddressSpace.PageShift)).Value))
                return XenError.BadAddress.ToResult();
        }
        request.NrExtents = count;
        return GuestMemory.TryWrite(argument, request) ? 0 : XenError.BadAddress.ToResult();
    }
}
