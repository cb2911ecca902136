using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>The part of physdev_op by which dom0 reports PCI devices and memory-mapped configuration space; see <see cref="PciDevices"/>.</summary>
internal static class PhysdevPci
{
    /// <summary>One of the six operations.</summary>
    internal static long Call(Domain caller, PhysdevOp operation, ulong argument) => (operation switch
    {
        PhysdevOp.ManagePciAdd => AddOld(caller, argument),
        PhysdevOp.ManagePciAddExt => AddExtended(caller, argument),
        PhysdevOp.PciDeviceAdd => Add(caller, argument),
        PhysdevOp.ManagePciRemove => RemoveOld(caller, argument),
        PhysdevOp.PciDeviceRemove => Remove(caller, argument),
        _ => ReserveWindow(caller, argument),
    }).ToResult();

    private static XenError AddOld(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevManagePci device))
            return XenError.BadAddress;
        return Add(caller, 0, device.Bus, device.Devfn, 0);
    }

    private static XenError AddExtended(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevManagePciExt device))
            return XenError.BadAddress;
        if (device.IsExtfn > 1 || device.IsVirtfn > 1)
            return XenError.Invalid;
        uint flags = (device.IsExtfn != 0 ? (uint)PciDeviceFlags.Extfn : 0) | (device.IsVirtfn != 0 ? (uint)PciDeviceFlags.Virtfn : 0);
        return Add(caller, 0, device.Bus, device.Devfn, flags);
    }

    private static XenError Add(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevPciDeviceAdd device))
            return XenError.BadAddress;
        return Add(caller, device.Seg, device.Bus, device.Devfn, device.Flags);
    }

    private static XenError Add(Domain caller, ushort segment, byte bus, byte function, uint flags)
    {
        if (!caller.IsPrivileged)
            return XenError.NotPermitted;
        Host host = Host.Current;
        XenError error = host.Pci.Add(new PciSbdf(segment, bus, function), flags);
        if (error == XenError.None)
            host.Log.Debug($"PCI add device {segment:x4}:{bus:x2}:{function >> 3:x2}.{function & 7}");
        return error;
    }

    private static XenError RemoveOld(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevManagePci device))
            return XenError.BadAddress;
        return Remove(caller, new PciSbdf(0, device.Bus, device.Devfn));
    }

    private static XenError Remove(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevPciDevice device))
            return XenError.BadAddress;
        return Remove(caller, new PciSbdf(device.Seg, device.Bus, device.Devfn));
    }

    private static XenError Remove(Domain caller, PciSbdf sbdf)
    {
        if (!caller.IsPrivileged)
            return XenError.NotPermitted;
        Host host = Host.Current;
        XenError error = host.Pci.Remove(sbdf);
        if (error == XenError.None)
            host.Log.Debug($"PCI remove device {sbdf.Segment:x4}:{sbdf.Bus:x2}:{sbdf.Device:x2}.{sbdf.Function}");
        return error;
    }

    private static XenError ReserveWindow(Domain caller, ulong argument)
    {
        if (!caller.IsPrivileged)
            return XenError.NotPermitted;
        if (!GuestMemory.TryRead(argument, out PhysdevPciMmcfgReserved window))
            return XenError.BadAddress;
        if (window.EndBus < window.StartBus || (window.Flags & ~(uint)PciMmcfgFlags.Reserved) != 0)
            return XenError.Invalid;
        bool reserved = (window.Flags & (uint)PciMmcfgFlags.Reserved) != 0;
        return Host.Current.Pci.Windows.Confirm(window.Address, window.Segment, window.StartBus, window.EndBus, reserved);
    }
}
