using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// Memory that a domain takes or gives back: increase_reservation, decrease_reservation, populate_physmap. The result is never an error but the number of extents done, so a refusal
/// is a number that is too small, as with Xen.
/// </summary>
internal static class MemoryReservations
{
    /// <summary>Largest extent that the control domain may ask for, and others, as powers of two (Xen's defaults).</summary>
    private const uint PrivilegedMaxOrder = 12, MaxOrder = 9;

    /// <summary>Largest extent that a domain may ask for, as a power of two.</summary>
    internal static uint MaxOrderOf(Domain caller) => caller.IsPrivileged ? PrivilegedMaxOrder : MaxOrder;

    /// <summary>Pages after which a call looks whether it should stop. To take and scrub one is some 1,700 instructions.</summary>
    private const ulong PagesPerLook = 16;

    /// <summary>Works on extents from number <paramref name="done"/> on; returns how many are done, and whether the call is to be made again for the rest.</summary>
    internal static ulong Change(Domain caller, MemoryOp op, ulong argument, ulong done, out bool more)
    {
        more = false;
        if (!GuestMemory.TryRead(argument, out MemoryReservation request)
            || request.NrExtents > ulong.MaxValue >> 6
            || done >= request.NrExtents
            || (request.ExtentStart.Value != 0 && !AddressSpace.IsGuestRange(request.ExtentStart.Value, request.NrExtents * sizeof(ulong)))
            || DomainLookup.FindAny(caller, request.Domid) is not Domain target
            || !DomainLookup.MayTarget(caller, target)
            || request.ExtentOrder > MaxOrderOf(caller))
            return done;

        ulong pages = 0;
        Vcpu vcpu = Serving.Vcpu;
        while (done < request.NrExtents)
        {
            if (pages >= PagesPerLook && Continuation.IsDue(vcpu))
            {
                more = true;
                return done;
            }
            bool ok = op switch
            {
                MemoryOp.DecreaseReservation => Release(target, request, done),
                MemoryOp.IncreaseReservation => Increase(target, request, done),
                _ => Populate(target, request, done),
            };
            if (!ok)
                return done;
            done++;
            pages += 1UL << (int)request.ExtentOrder;
        }
        return done;
    }

    private static bool Release(Domain target, in MemoryReservation request, ulong index)
    {
        if (!GuestMemory.TryRead(request.ExtentStart.Value, index, out ulong first))
            return false;
        DomainPages pages = target.Pages;
        for (ulong i = 0, count = 1UL << (int)request.ExtentOrder; i < count; i++)
        {
            Mfn frame = new(unchecked(first + i));
            if (!pages.TryGiveBack(frame))
                return false;
        }
        return true;
    }

    private static bool Increase(Domain target, in MemoryReservation request, ulong index)
    {
        if (!TryAllocate(target, request, out Mfn first))
            return false;
        return request.ExtentStart.Value == 0 || GuestMemory.TryWrite(request.ExtentStart.Value, index, first.Value);
    }

    /// <summary>The list names pseudo-physical pages; each entry is replaced by the machine frame that it got.</summary>
    private static bool Populate(Domain target, in MemoryReservation request, ulong index)
    {
        if (!GuestMemory.TryRead(request.ExtentStart.Value, index, out ulong pfn) || !TryAllocate(target, request, out Mfn first))
            return false;
        MachineToPhysical m2p = Host.Current.Memory.M2P;
        for (ulong i = 0; i < 1UL << (int)request.ExtentOrder; i++)
            m2p.Set(first.Plus(i), unchecked(pfn + i));
        return GuestMemory.TryWrite(request.ExtentStart.Value, index, first.Value);
    }

    private static bool TryAllocate(Domain target, in MemoryReservation request, out Mfn first)
    {
        // XENMEMF_address_bits is the low byte of the flags, XENMEMF_node the next one, counted from 1.
        AllocationFlags flags = AllocationFlags.None.Below((int)(request.MemFlags & 0xff));
        int node = (int)(request.MemFlags >> 8 & 0xff) - 1;
        if (node >= 0)
            flags = flags.OnNode(node, (request.MemFlags & (uint)MemoryFlags.ExactNodeRequest) != 0);
        return target.Pages.TryAllocate((int)request.ExtentOrder, flags, out first);
    }
}
