using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>XENMEM_memory_map and XENMEM_set_memory_map: the address ranges that a domain shall think it has.</summary>
internal static class DomainMemoryMaps
{
    /// <summary>The caller's own map.</summary>
    internal static XenError Get(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out MemoryMap request))
            return XenError.BadAddress;
        uint count = request.NrEntries;
        XenError error = caller.MemoryMap.Get(request.Buffer.Value, ref count);
        if (error != XenError.None)
            return error;
        request.NrEntries = count;
        return GuestMemory.TryWrite(argument, request) ? XenError.None : XenError.BadAddress;
    }

    /// <summary>Sets the map of a domain.</summary>
    internal static XenError Set(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out ForeignMemoryMap request))
            return XenError.BadAddress;
        if (request.Map.NrEntries > DomainMemoryMap.MaxEntries)
            return XenError.Invalid;
        if (DomainLookup.FindAny(caller, request.Domid) is not Domain target)
            return XenError.NoSuchDomain;
        return DomainLookup.MayTarget(caller, target) ? target.MemoryMap.Set(request.Map.Buffer.Value, request.Map.NrEntries) : XenError.NotPermitted;
    }
}
