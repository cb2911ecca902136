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
    /// <summary>
    /// Largest extent that a domain may ask for, as a power of two. Xen has the same limit for guests, and lets the control domain have larger ones; here one extent has to be handed over, once it is scrubbed,
    /// without a look at what else waits.
    /// </summary>
    internal const uint MaxOrder = 9;

    /// <summary>Pages after which a call looks whether it should stop. To take and scrub one is some 1,700 instructions.</summary>
    private const ulong PagesPerLook = 16;

    // Where a list goes on is in the upper bits of the command, and in the highest of these the page of an extent that is given back page by page. A guest that makes up such a number gives back less.
    private const int PageShift = 52;
    private const ulong ExtentMask = (1UL << PageShift - MemoryHypercalls.CommandBits) - 1;

    /// <summary>
    /// Works on extents from where <paramref name="start"/> says; returns how many are done, whether the call is to be made again for the rest, and if so from where (<paramref name="next"/>).
    /// </summary>
    internal static ulong Change(Domain caller, MemoryOp op, ulong argument, ulong start, out bool more, out ulong next)
    {
        more = false;
        next = start;
        ulong done = start, page = 0;
        if (op == MemoryOp.DecreaseReservation && start >> PageShift - MemoryHypercalls.CommandBits is > 0 and < 1UL << (int)MaxOrder and var within)
        {
            page = within;
            done = start & ExtentMask;
        }
        if (!GuestMemory.TryRead(argument, out MemoryReservation request)
            || request.NrExtents > ulong.MaxValue >> 6
            || done >= request.NrExtents
            || (request.ExtentStart.Value != 0 && !AddressSpace.IsGuestRange(request.ExtentStart.Value, request.NrExtents * sizeof(ulong)))
            || DomainLookup.FindAny(caller, request.Domid) is not Domain target
            || !DomainLookup.MayTarget(caller, target)
            || request.ExtentOrder > MaxOrder)
            return done;

        ulong pages = 0;
        Vcpu vcpu = Serving.Vcpu;
        StepBudget budget = new(vcpu);
        while (done < request.NrExtents)
        {
            if (pages >= PagesPerLook && Continuation.IsDue(vcpu))
            {
                more = true;
                next = done;
                return done;
            }
            XenError error = op switch
            {
                MemoryOp.DecreaseReservation => Release(target, request, done, ref page, ref budget),
                MemoryOp.IncreaseReservation => Increase(target, request, done, ref budget),
                _ => Populate(target, request, done, ref budget),
            };
            if (error != XenError.None)
            {
                more = error == XenError.Restart;
                next = done | page << PageShift - MemoryHypercalls.CommandBits;
                return done;
            }
            done++;
            pages += 1UL << (int)request.ExtentOrder;
        }
        return done;
    }

    private static XenError Release(Domain target, in MemoryReservation request, ulong index, ref ulong page, ref StepBudget budget)
    {
        if (!GuestMemory.TryRead(request.ExtentStart.Value, index, out ulong first))
            return XenError.BadAddress;
        DomainPages pages = target.Pages;
        for (ulong count = 1UL << (int)request.ExtentOrder; page < count; page++)
        {
            if (page % PagesPerLook == 0 && page != 0 && budget.IsSpent)
                return XenError.Restart;
            if (!pages.TryGiveBack(new Mfn(unchecked(first + page))))
                return XenError.Invalid;
            budget.Step();
        }
        page = 0;
        return XenError.None;
    }

    private static XenError Increase(Domain target, in MemoryReservation request, ulong index, ref StepBudget budget)
    {
        XenError error = Allocate(target, request, ref budget, out Mfn first);
        if (error != XenError.None || request.ExtentStart.Value == 0)
            return error;
        return GuestMemory.TryWrite(request.ExtentStart.Value, index, first.Value) ? XenError.None : XenError.BadAddress;
    }

    /// <summary>The list names pseudo-physical pages; each entry is replaced by the machine frame that it got.</summary>
    private static XenError Populate(Domain target, in MemoryReservation request, ulong index, ref StepBudget budget)
    {
        if (!GuestMemory.TryRead(request.ExtentStart.Value, index, out ulong pfn))
            return XenError.BadAddress;
        XenError error = Allocate(target, request, ref budget, out Mfn first);
        if (error != XenError.None)
            return error;
        MachineToPhysical m2p = Host.Current.Memory.M2P;
        for (ulong i = 0; i < 1UL << (int)request.ExtentOrder; i++)
            m2p.Set(first.Plus(i), unchecked(pfn + i));
        return GuestMemory.TryWrite(request.ExtentStart.Value, index, first.Value) ? XenError.None : XenError.BadAddress;
    }

    private static XenError Allocate(Domain target, in MemoryReservation request, ref StepBudget budget, out Mfn first)
    {
        // XENMEMF_address_bits is the low byte of the flags, XENMEMF_node the next one, counted from 1.
        AllocationFlags flags = AllocationFlags.None.Below((int)(request.MemFlags & 0xff));
        int node = (int)(request.MemFlags >> 8 & 0xff) - 1;
        if (node >= 0)
            flags = flags.OnNode(node, (request.MemFlags & (uint)MemoryFlags.ExactNodeRequest) != 0);
        if (request.ExtentOrder != 0)
            return target.Pages.Allocate((int)request.ExtentOrder, flags, false, ref budget, out first);
        return target.Pages.TryAllocate(0, flags, out first) ? XenError.None : XenError.NoMemory;
    }
}
