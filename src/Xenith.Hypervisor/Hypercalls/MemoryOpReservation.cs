using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// increase_reservation, decrease_reservation and populate_physmap: a domain gets or gives back extents of 2^order frames. The result is never an error but the number
/// of extents that were done: what is wrong with the next one the caller has to find out.
/// </summary>
internal static partial class MemoryHypercalls
{
    private static long Reservation(Abi.MemoryOp operation, ulong start, ulong argument, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        if (!GuestMemory.TryRead(argument, out MemoryReservation reservation) || reservation.NrExtents > uint.MaxValue >> ExtentShift || start >= reservation.NrExtents)
            return (long)start;
        if (TryFindTarget(reservation.Domid, out Domain domain) != XenError.None
            || !TryGetFlags(reservation.MemFlags, out AllocationFlags flags)
            || reservation.ExtentOrder > MostOrder(vcpu.Domain))
            return (long)start;

        int order = (int)reservation.ExtentOrder;
        ulong list = reservation.ExtentStart.Value;
        for (ulong i = start; i < reservation.NrExtents; i++)
        {
            if (i != start && Continuation.IsDue(vcpu))
                return Continuation.Again(number, i << ExtentShift | (uint)operation, argument);
            bool done = operation switch
            {
                Abi.MemoryOp.IncreaseReservation => Increase(domain, list, i, order, flags),
                Abi.MemoryOp.DecreaseReservation => Decrease(domain, list, i, order),
                _ => (reservation.MemFlags & (uint)MemoryFlags.PopulateOnDemand) == 0 && Populate(domain, list, i, order, flags),
            };
            if (!done)
                return (long)i;
        }
        return (long)reservation.NrExtents;
    }

    /// <summary>New frames, whose numbers the caller learns if it gave a list.</summary>
    private static bool Increase(Domain domain, ulong list, ulong index, int order, AllocationFlags flags)
    {
        if (!domain.Pages.TryAllocate(order, flags, out Mfn first))
            return false;
        return list == 0 || GuestMemory.TryWrite(list, index, first.Value);
    }

    /// <summary>New frames for page numbers that the list names; the frame's number takes their place in it.</summary>
    private static bool Populate(Domain domain, ulong list, ulong index, int order, AllocationFlags flags)
    {
        if (!GuestMemory.TryRead(list, index, out ulong pfn) || !domain.Pages.TryAllocate(order, flags, out Mfn first))
            return false;
        SetMachineToPhysical(first, pfn, order);
        return GuestMemory.TryWrite(list, index, first.Value);
    }

    /// <summary>Frames go back. Those that something still refers to stay until that ends.</summary>
    private static bool Decrease(Domain domain, ulong list, ulong index, int order)
    {
        if (!GuestMemory.TryRead(list, index, out ulong first))
            return false;
        for (ulong i = 0; i < 1UL << order; i++)
        {
            if (!domain.Pages.TryGiveBack(new Mfn(first).Plus(i)))
                return false;
        }
        return true;
    }

    private static void SetMachineToPhysical(Mfn first, ulong pfn, int order)
    {
        MachineToPhysical table = Host.Current.Memory.M2P;
        for (ulong i = 0; i < 1UL << order; i++)
            table.Set(first.Plus(i), unchecked(pfn + i));
    }
}
