using Xenith.Abi;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>XENMEM_machphys_mfn_list: the frames of the machine-to-physical table, one number for each 2 MiB of it, for who maps it himself.</summary>
internal static class MachineToPhysicalFrames
{
    private const ulong EntriesPerExtent = (2UL << 20) / 8, FramesPerExtent = (2UL << 20) / AddressSpace.PageSize;

    /// <summary>The call.</summary>
    internal static XenError List(ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out MachphysMfnList request))
            return XenError.BadAddress;
        MachineToPhysical table = Host.Current.Memory.M2P;
        ulong extents = (table.Count + EntriesPerExtent - 1) / EntriesPerExtent;
        uint count = 0;
        // As many numbers as the table has pieces, which is the machine's business: 512 for each TiB.
        for (; count < request.MaxExtents && count < extents; count++)
        {
            if (!GuestMemory.TryWrite(request.ExtentStart.Value, count, table.FirstFrame.Value + count * FramesPerExtent))
                return XenError.BadAddress;
        }
        request.NrExtents = count;
        return GuestMemory.TryWrite(argument, request) ? XenError.None : XenError.BadAddress;
    }
}
