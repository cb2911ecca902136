using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Events;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// The part of physdev_op that concerns messages of PCI functions. A guest names function, kind and table entry; the hypervisor finds the capability and writes it, see
/// <see cref="MessageSetup"/>.
/// </summary>
internal static class PhysdevMessages
{
    /// <summary>Messages that one function can be asked for at once: MSI has no more.</summary>
    private const int MaxMultiple = 32;

    /// <summary>Maps a PIRQ of a domain to a message: MAP_PIRQ_TYPE_MSI, MSI_SEG and MULTI_MSI.</summary>
    internal static XenError Map(Domain domain, ref PhysdevMapPirq map)
    {
        if (!Host.Current.Platform.Options.Msi)
            return XenError.NotPermitted;
        MapPirqType type = (MapPirqType)map.Type;
        bool isMsix = map.TableBase != 0;
        if (type == MapPirqType.MultiMsi)
        {
            if (isMsix)
                return XenError.Invalid;
            if (map.EntryNr is <= 0 or > MaxMultiple)
                return XenError.OutOfDomain;
            // The function would choose among neighbouring vectors, which could not be moved one by one: Xen too does that with interrupt remapping only.
            if (map.EntryNr != 1)
                return XenError.NotSupported;
        }
        // An interrupt of the host cannot be named: it is chosen.
        if (map.Index != -1 || map.EntryNr < 0)
            return XenError.Invalid;
        // The older type has no segment; the others have it above the bus.
        ushort segment = type == MapPirqType.Msi ? (ushort)0 : (ushort)(unchecked((uint)map.Bus) >> 16);
        PciSbdf sbdf = new(segment, (byte)(unchecked((uint)map.Bus) & 0xff), (byte)(unchecked((uint)map.Devfn) & 0xff));

        XenError error = Choose(domain, map.Pirq, out uint pirq);
        if (error != XenError.None)
            return error;
        Host host = Host.Current;
        uint number = 0;
        using (host.Pci.Lock.Enter())
        {
            if (host.Pci.Find(sbdf) is not PciFunction function)
                error = XenError.NoDevice;
            else
                error = isMsix
                    ? MessageSetup.UseMsix(host, function, (uint)map.EntryNr, map.TableBase, CpuChoice.First(), out number)
                    : MessageSetup.UseMsi(host, function, CpuChoice.First(), out number);
        }
        using (host.EventBindings.Lock.Enter())
        {
            if (error != XenError.None)
            {
                domain.Pirqs.Unmap(pirq);
                return error;
            }
            domain.Pirqs.Map(pirq, number);
        }
        map.Pirq = (int)pirq;
        return XenError.None;
    }

    /// <summary>PHYSDEVOP_restore_msi, restore_msi_ext, prepare_msix and release_msix: the control domain's calls about one function.</summary>
    internal static XenError Call(Domain caller, PhysdevOp operation, ulong argument)
    {
        if (!caller.IsPrivileged)
            return XenError.NotPermitted;
        PciSbdf sbdf;
        if (operation == PhysdevOp.RestoreMsi)
        {
            if (!GuestMemory.TryRead(argument, out PhysdevRestoreMsi old))
                return XenError.BadAddress;
            sbdf = new PciSbdf(0, old.Bus, old.Devfn);
        }
        else
        {
            if (!GuestMemory.TryRead(argument, out PhysdevPciDevice device))
                return XenError.BadAddress;
            sbdf = new PciSbdf(device.Seg, device.Bus, device.Devfn);
        }
        Host host = Host.Current;
        using (host.Pci.Lock.Enter())
        {
            if (host.Pci.Find(sbdf) is not PciFunction function)
                return XenError.NoDevice;
            if (operation is PhysdevOp.PrepareMsix or PhysdevOp.ReleaseMsix)
                return MessageSetup.Prepare(host, function, operation == PhysdevOp.PrepareMsix);
            MessageSetup.RestoreAll(host, function);
            return XenError.None;
        }
    }

    /// <summary>The PIRQ that is asked for, or the highest free one, kept until the message is there.</summary>
    private static XenError Choose(Domain domain, int wanted, out uint pirq)
    {
        using (Host.Current.EventBindings.Lock.Enter())
        {
            PirqTable pirqs = domain.Pirqs;
            pirq = wanted < 0 ? pirqs.FindFree(true) : (uint)wanted;
            if (pirq == 0)
                return wanted < 0 ? XenError.NoSpace : XenError.Invalid;
            if (!pirqs.IsAvailable(pirq))
                return pirqs.IsMapped(pirq) ? XenError.Exists : XenError.Invalid;
            pirqs.Reserve(pirq);
            return XenError.None;
        }
    }
}
