using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// memory_op (12): how much memory a domain has and where (public/memory.h, XENMEM_*). The bits of the command above the lowest six say at which extent a
/// continued call goes on.
/// </summary>
internal static partial class MemoryHypercalls
{
    private const int ExtentShift = 6;
    private const uint OperationMask = (1u << ExtentShift) - 1;

    /// <summary>shared_info: offset of arch.max_pfn (public/xen.h).</summary>
    private const uint MaxPfnOffset = 3088;

    /// <summary>(command, address of its argument).</summary>
    internal static long MemoryOp(ulong command, ulong argument, ulong a3, ulong a4, ulong a5, uint number)
    {
        Abi.MemoryOp operation = (Abi.MemoryOp)((uint)command & OperationMask);
        ulong start = unchecked((uint)command) >> ExtentShift;
        switch (operation)
        {
            case Abi.MemoryOp.IncreaseReservation:
            case Abi.MemoryOp.DecreaseReservation:
            case Abi.MemoryOp.PopulatePhysmap:
                return Reservation(operation, start, argument, number);
            case Abi.MemoryOp.Exchange:
                return Exchange(argument, number);
            case Abi.MemoryOp.MaximumRamPage:
                return (long)Host.Current.Memory.Frames.Count;
            case Abi.MemoryOp.CurrentReservation:
            case Abi.MemoryOp.MaximumReservation:
            case Abi.MemoryOp.MaximumGpfn:
                return DomainSize(operation, argument);
            case Abi.MemoryOp.MachphysMapping:
                return MachineToPhysicalMapping(argument);
            case Abi.MemoryOp.MachphysMfnList:
                return MachineToPhysicalFrames(argument);
            case Abi.MemoryOp.MemoryMap:
                return OwnMemoryMap(argument);
            case Abi.MemoryOp.MachineMemoryMap:
                return MachineMemoryMap(argument);
            case Abi.MemoryOp.SetMemoryMap:
                return SetMemoryMap(argument);
            case Abi.MemoryOp.ClaimPages:
                return ClaimPages(argument);
            case Abi.MemoryOp.GetSharingFreedPages:
            case Abi.MemoryOp.GetSharingSharedPages:
                // As a Xen built without page sharing; the toolstack asks and accepts it.
                return XenError.NotImplemented.ToResult();
            default:
                return NotWritten.Operation(number, "memory_op", (uint)operation);
        }
    }

    /// <summary>How many pages a domain has or may have, or the highest page number that it uses.</summary>
    private static long DomainSize(Abi.MemoryOp operation, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out MemoryDomain which))
            return XenError.BadAddress.ToResult();
        XenError error = TryFindTarget(which.Domid, out Domain domain);
        if (error != XenError.None)
            return error.ToResult();
        switch (operation)
        {
            case Abi.MemoryOp.CurrentReservation:
                return (long)domain.Pages.TotalPages;
            case Abi.MemoryOp.MaximumReservation:
                return (long)domain.Pages.MaxPages;
            default:
                ulong maxPfn = domain.SharedInfo.Exists ? domain.SharedInfo.Load64(MaxPfnOffset) : 0;
                return maxPfn == 0 ? 0 : unchecked((long)(maxPfn - 1));
        }
    }

    /// <summary>Sets memory aside for a domain that is being built (XENMEM_claim_pages): the number is the domain's total, 0 ends the claim.</summary>
    private static long ClaimPages(ulong argument)
    {
        if (!Serving.Domain.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        if (!GuestMemory.TryRead(argument, out MemoryReservation reservation))
            return XenError.BadAddress.ToResult();
        if (!reservation.ExtentStart.IsNull || reservation.ExtentOrder != 0 || reservation.MemFlags != 0
            || DomainLookup.Find(reservation.Domid) is not Domain domain)
            return XenError.Invalid.ToResult();
        return domain.Pages.Claim(reservation.NrExtents).ToResult();
    }

    /// <summary>The domain that a call is about: the caller, or any for the control domain.</summary>
    private static XenError TryFindTarget(ushort id, out Domain domain)
    {
        Domain caller = Serving.Domain;
        domain = caller;
        if (DomainLookup.FindAny(caller, id) is not Domain found)
            return XenError.NoSuchDomain;
        domain = found;
        return DomainLookup.MayTarget(caller, found) ? XenError.None : XenError.NotPermitted;
    }

    /// <summary>Largest extent that a domain may name: 16 MiB for the control domain, 2 MiB for others (Xen's memop-max-order).</summary>
    private static uint MostOrder(Domain caller) => caller.IsPrivileged ? 12u : 9u;

    /// <summary>The allocator's wishes in a reservation's flags (XENMEMF_*): address bits in the lowest byte, node + 1 in the next. False if the limit excludes everything.</summary>
    private static bool TryGetFlags(uint memoryFlags, out AllocationFlags flags)
    {
        flags = AllocationFlags.None;
        uint bits = memoryFlags & 0xff;
        uint node = memoryFlags >> 8 & 0xff;
        if (node != 0 && (memoryFlags & (uint)MemoryFlags.Vnode) == 0)
            flags = flags.OnNode((int)node - 1, (memoryFlags & (uint)MemoryFlags.ExactNodeRequest) != 0);
        if (bits == 0)
            return true;
        // A limit that all RAM keeps is none.
        if (bits < 64 && Host.Current.Memory.Frames.Count > 1UL << (int)(bits > AddressSpace.PageShift ? bits - AddressSpace.PageShift : 0))
            flags = flags.Below((int)bits);
        return bits > AddressSpace.PageShift;
    }
}
