using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Events;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>The part of physdev_op that names interrupts: lines (GSIs) and a domain's numbers for them (PIRQs).</summary>
internal static class PhysdevInterrupts
{
    /// <summary>PHYSDEVOP_map_pirq: gives a domain a PIRQ for a line or a message. The control domain's to call, for itself and for others.</summary>
    internal static long Map(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevMapPirq map))
            return XenError.BadAddress.ToResult();
        if (DomainLookup.FindAny(caller, map.Domid) is not Domain domain)
            return XenError.NoSuchDomain.ToResult();
        if (!caller.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        XenError error;
        switch ((MapPirqType)map.Type)
        {
            case MapPirqType.Gsi:
                error = MapLine(caller, domain, map.Index, ref map.Pirq);
                break;
            case MapPirqType.Msi:
            case MapPirqType.MsiSeg:
            case MapPirqType.MultiMsi:
                error = PhysdevMessages.Map(domain, ref map);
                break;
            default:
                return XenError.Invalid.ToResult();
        }
        if (error != XenError.None)
            return error.ToResult();
        return GuestMemory.TryWrite(argument, map) ? 0 : XenError.BadAddress.ToResult();
    }

    /// <summary>PHYSDEVOP_unmap_pirq: ends a mapping; an event channel that is still bound gets no more interrupts.</summary>
    internal static long Unmap(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevUnmapPirq unmap))
            return XenError.BadAddress.ToResult();
        if (DomainLookup.FindAny(caller, unmap.Domid) is not Domain domain)
            return XenError.NoSuchDomain.ToResult();
        if (!caller.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        uint pirq = unchecked((uint)unmap.Pirq);
        Irq? irq;
        using (Host.Current.EventBindings.Lock.Enter())
        {
            PirqTable pirqs = domain.Pirqs;
            irq = pirqs.IrqOf(pirq);
            if (irq is null)
                return XenError.Invalid.ToResult();
            pirqs.Unbind(pirq);
            pirqs.Unmap(pirq);
        }
        if (irq is MessageIrq message)
            MessageSetup.Release(message);
        return 0;
    }

    /// <summary>PHYSDEVOP_get_free_pirq: keeps a number for the caller.</summary>
    internal static long GetFree(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevGetFreePirq op))
            return XenError.BadAddress.ToResult();
        using (Host.Current.EventBindings.Lock.Enter())
        {
            op.Pirq = caller.Pirqs.FindFree(op.Type != (int)MapPirqType.Gsi);
            if (op.Pirq == 0)
                return XenError.NoSpace.ToResult();
            caller.Pirqs.Reserve(op.Pirq);
        }
        return GuestMemory.TryWrite(argument, op) ? 0 : XenError.BadAddress.ToResult();
    }

    /// <summary>PHYSDEVOP_setup_gsi: dom0 has read in its firmware's AML how a line is triggered.</summary>
    internal static long SetUpLine(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevSetupGsi set))
            return XenError.BadAddress.ToResult();
        InterruptControllers interrupts = Host.Current.Interrupts;
        if (set.Gsi < 0 || (uint)set.Gsi >= interrupts.GsiCount)
            return XenError.Invalid.ToResult();
        if (!caller.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        return interrupts.Configure((uint)set.Gsi, set.Triggering != 0, set.Polarity != 0).ToResult();
    }

    /// <summary>
    /// A PIRQ below 0 asks for any: the one that the line has already, or a free one. The line is named by its GSI; only dom0 may name one that it has not mapped
    /// for itself.
    /// </summary>
    private static XenError MapLine(Domain caller, Domain domain, int index, ref int pirq)
    {
        uint lines = Host.Current.Interrupts.GsiCount;
        if (index <= 0 || (uint)index >= lines)
            return XenError.Invalid;
        uint gsi = (uint)index;
        if (caller.Pirqs.IsMapped(gsi))
            gsi = caller.Pirqs.NumberOf(gsi);
        if (Host.Current.Interrupts.Line(gsi) is null)
            return XenError.Invalid;
        using (Host.Current.EventBindings.Lock.Enter())
        {
            PirqTable pirqs = domain.Pirqs;
            uint current = pirqs.FindByNumber(gsi);
            uint chosen = unchecked((uint)pirq);
            if (pirq < 0)
                chosen = current != 0 ? current : pirqs.FindFree(false);
            else if (current != 0 && chosen != current)
                return XenError.Exists;
            if (chosen == 0 && pirq < 0)
                return XenError.NoSpace;
            if (chosen >= PirqTable.Count || (pirqs.IsMapped(chosen) && pirqs.NumberOf(chosen) != gsi))
                return XenError.Invalid;
            pirqs.Map(chosen, gsi);
            pirq = (int)chosen;
            return XenError.None;
        }
    }
}
