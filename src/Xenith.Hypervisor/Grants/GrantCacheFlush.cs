using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Grants;

/// <summary>
/// GNTTABOP_cache_flush: a part of a page of the caller goes from the caches to memory, for devices that do not see them. Pages that are mapped by grants are refused (Xen takes them). Dropping cache
/// contents without writing them is not possible on this architecture.
/// </summary>
internal static class GrantCacheFlush
{
    private const uint Clean = 1, Invalidate = 2;

    /// <summary>One request.</summary>
    internal static XenError Flush(Domain caller, in GrantTableCacheFlush op)
    {
        if (op.Offset >= AddressSpace.PageSize || op.Length > AddressSpace.PageSize || op.Offset + op.Length > AddressSpace.PageSize || (op.Op & ~(Clean | Invalidate)) != 0)
            return XenError.Invalid;
        if (op.Length == 0 || op.Op == 0)
            return XenError.None;
        Mfn frame = Mfn.FromAddress(op.DevBusAddr);
        MachineMemory memory = Host.Current.Memory;
        if (!memory.Frames.Contains(frame))
            return XenError.Invalid;
        if (op.Op == Invalidate)
            return XenError.NotSupported;
        if (memory.Types.TryGetReference(frame, caller))
        {
            Frame.At(frame).FlushCache(op.Offset, op.Length);
            memory.Types.PutReference(frame);
            return XenError.None;
        }
        return XenError.NotPermitted;
    }
}
