using Xenith.Abi;
using Xenith.Hypervisor.Boot;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>XENMEM_machine_memory_map: the host's address ranges, in the form of a PC's E820 list.</summary>
internal static class MachineMemoryMaps
{
    private const ulong EntrySize = 20;

    /// <summary>Copies the whole map, for which there must be room. A null list only asks for the number of entries.</summary>
    internal static long Get(ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out Abi.MemoryMap request))
            return XenError.BadAddress.ToResult();
        PlatformInformation platform = Host.Current.Platform;
        bool copies = request.Buffer.Value != 0;
        if (copies && request.NrEntries < (uint)platform.MemoryMap.Count)
            return XenError.Invalid.ToResult();
        for (int i = 0; copies && i < platform.MemoryMap.Count; i++)
        {
            MemoryRange range = platform.MemoryMap.Ranges[i];
            ulong at = unchecked(request.Buffer.Value + (ulong)i * EntrySize);
            if (!GuestMemory.TryWrite(at, range.Start)
                || !GuestMemory.TryWrite(unchecked(at + 8), range.End - range.Start)
                || !GuestMemory.TryWrite(unchecked(at + 16), (uint)range.Kind))
                return XenError.BadAddress.ToResult();
        }
        request.NrEntries = (uint)platform.MemoryMap.Count;
        return GuestMemory.TryWrite(argument, request) ? 0 : XenError.BadAddress.ToResult();
    }
}
