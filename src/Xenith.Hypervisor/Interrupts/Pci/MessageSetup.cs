using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// Gives messages of PCI functions to domains and takes them back. The lock of <see cref="PciDevices"/> is held. Before the first entry of an MSI-X table is used, its frames and those of
/// its pending bits become read-only for guests, the whole table is masked, and dom0's setting of the capability stays as it is.
/// </summary>
internal static class MessageSetup
{
    private const ushort MsixEnable = 1 << 15, MsixMaskAll = 1 << 14;
    private const uint ControlOffset = 2, VectorControl = 12;

    /// <summary>
    /// Takes the MSI of a function. <see cref="XenError.NoDevice"/> if it has none, <see cref="XenError.Exists"/> if it is in use, <see cref="XenError.Busy"/> if MSI-X is,
    /// <see cref="XenError.NoSpace"/> without a free number or vector.
    /// </summary>
    internal static XenError UseMsi(Host host, PciFunction function, Pcpu cpu, out uint number)
    {
        number = 0;
        if (function.Msi == 0)
            return XenError.NoDevice;
        if (function.MessagesInUse != 0)
            return function.UsesMsix ? XenError.Busy : XenError.Exists;
        if (!TryFindFree(host.Interrupts, out MessageIrq irq))
            return XenError.NoSpace;
        XenError error = irq.UseMsi(host.Pci.Configuration, function, cpu);
        if (error != XenError.None)
        {
            irq.IsInUse = false;
            return error;
        }
        function.UsesMsix = false;
        function.MessagesInUse = 1;
        number = irq.Number;
        return XenError.None;
    }

    /// <summary>
    /// Takes an entry of a function's MSI-X table. <see cref="XenError.Invalid"/> for an entry or a table that cannot be, <see cref="XenError.NoDeviceOrAddress"/> if the function does not
    /// answer at the table's address; the rest as for MSI.
    /// </summary>
    internal static XenError UseMsix(Host host, PciFunction function, uint entry, ulong told, Pcpu cpu, out uint number)
    {
        number = 0;
        if (function.Msix == 0)
            return XenError.NoDevice;
        if (entry >= function.MsixEntries)
            return XenError.Invalid;
        if (function.MessagesInUse != 0 && !function.UsesMsix)
            return XenError.Busy;
        if (function.MessagesInUse != 0 && IsTaken(host.Interrupts, function, entry))
            return XenError.Exists;
        if (!TryFindFree(host.Interrupts, out MessageIrq irq))
            return XenError.NoSpace;
        XenError error = function.MessagesInUse == 0 && !function.IsPrepared ? Open(host, function, told) : XenError.None;
        if (error != XenError.None)
            return error;
        error = TryMap(host, function, entry, out MmioRegion page, out Mfn frame, out uint offset);
        if (error == XenError.None)
        {
            error = irq.UseMsix(host.Pci.Configuration, function, entry, page, frame, offset, cpu);
            if (error == XenError.None)
            {
                function.UsesMsix = true;
                function.MessagesInUse++;
                number = irq.Number;
                return XenError.None;
            }
            irq.IsInUse = false;
            host.Pci.Mappings?.Release(frame);
        }
        CloseIfUnused(host, function);
        return error;
    }

    /// <summary>Gives a message back, with its number. Takes the lock.</summary>
    internal static void Release(MessageIrq irq)
    {
        Host host = Host.Current;
        using (host.Pci.Lock.Enter())
        {
            Detach(host, irq);
            irq.IsInUse = false;
        }
    }

    /// <summary>Ends all messages of a function. Their numbers stay taken until their domains unmap them.</summary>
    internal static void ReleaseAll(PciDevices devices, PciFunction function)
    {
        Host host = Host.Current;
        for (uint i = 0; i < InterruptControllers.MaxMessages && function.MessagesInUse != 0; i++)
        {
            MessageIrq irq = host.Interrupts.Message(i);
            if (irq.Function == function)
                Detach(host, irq);
        }
        if (function.IsPrepared)
        {
            function.IsPrepared = false;
            CloseIfUnused(host, function);
        }
    }

    /// <summary>Writes all messages of a function again, as after a reset or a sleep.</summary>
    internal static void RestoreAll(Host host, PciFunction function)
    {
        PciConfiguration configuration = host.Pci.Configuration;
        if (function.UsesMsix && function.MessagesInUse != 0)
        {
            ushort control = configuration.Read16(function.Sbdf, function.Msix + ControlOffset);
            configuration.Write16(function.Sbdf, function.Msix + ControlOffset, (ushort)(control | MsixEnable | MsixMaskAll));
            Each(host, function);
            configuration.Write16(function.Sbdf, function.Msix + ControlOffset, (ushort)(control & ~MsixMaskAll | MsixEnable));
            return;
        }
        Each(host, function);
    }

    /// <summary>
    /// Keeps a function's MSI-X table for somebody else's use, read-only for guests as if it were in use, or lets go of it: PHYSDEVOP_prepare_msix and release_msix.
    /// <see cref="XenError.NoDevice"/> without the capability, <see cref="XenError.Busy"/> if it is in use or is not prepared.
    /// </summary>
    internal static XenError Prepare(Host host, PciFunction function, bool prepare)
    {
        if (function.Msix == 0)
            return XenError.NoDevice;
        if (function.MessagesInUse != 0 || function.IsPrepared == prepare)
            return XenError.Busy;
        if (!prepare)
        {
            function.IsPrepared = false;
            CloseIfUnused(host, function);
            return XenError.None;
        }
        XenError error = Open(host, function, 0);
        function.IsPrepared = error == XenError.None;
        return error;
    }

    /// <summary>Adds the numbers of a function's messages to a line, if it has any.</summary>
    internal static void List(InterruptControllers interrupts, PciFunction function, ref Console.LogText line)
    {
        bool any = false;
        for (uint i = 0; i < InterruptControllers.MaxMessages; i++)
        {
            MessageIrq irq = interrupts.Message(i);
            if (irq.Function != function)
                continue;
            line.AppendLiteral(any ? "" : " - MSIs < ");
            any = true;
            line.AppendFormatted(irq.Number);
            line.AppendFormatted(' ');
        }
        if (any)
            line.AppendFormatted('>');
    }

    private static void Each(Host host, PciFunction function)
    {
        for (uint i = 0; i < InterruptControllers.MaxMessages; i++)
        {
            MessageIrq irq = host.Interrupts.Message(i);
            if (irq.Function == function)
                irq.Restore();
        }
    }

    private static void Detach(Host host, MessageIrq irq)
    {
        if (irq.Function is not PciFunction function)
            return;
        irq.Detach();
        function.MessagesInUse--;
        if (!irq.IsMsix)
            return;
        host.Pci.Mappings?.Release(irq.TableFrame);
        CloseIfUnused(host, function);
    }

    private static bool TryFindFree(InterruptControllers interrupts, out MessageIrq irq)
    {
        irq = interrupts.Message(0);
        for (uint i = 0; i < InterruptControllers.MaxMessages; i++)
        {
            irq = interrupts.Message(i);
            if (!irq.IsInUse)
                return true;
        }
        return false;
    }

    private static bool IsTaken(InterruptControllers interrupts, PciFunction function, uint entry)
    {
        for (uint i = 0; i < InterruptControllers.MaxMessages; i++)
        {
            MessageIrq irq = interrupts.Message(i);
            if (irq.Function == function && irq.Entry == entry)
                return true;
        }
        return false;
    }

    /// <summary>Finds the table, keeps it from guests' writes, and masks all its entries.</summary>
    private static XenError Open(Host host, PciFunction function, ulong told)
    {
        PciConfiguration configuration = host.Pci.Configuration;
        if (!function.DecodesMemory(configuration))
            return XenError.NoDeviceOrAddress;
        XenError error = function.Locate(configuration, told, out MsixArea table, out MsixArea pending);
        if (error != XenError.None)
            return error;
        // It may claim to lie in RAM or over an interrupt controller. Guests could then not write there, or we would.
        if (!IsDevice(host, table) || (pending.Size != 0 && !IsDevice(host, pending)))
            return XenError.Invalid;
        if (!Protect(host, table, true))
            return XenError.NoMemory;
        if (pending.Size != 0 && !Protect(host, pending, true))
        {
            Protect(host, table, false);
            return XenError.NoMemory;
        }
        function.Table = table;
        function.Pending = pending;
        uint control = function.Msix + ControlOffset;
        ushort before = configuration.Read16(function.Sbdf, control);
        // Some functions answer in the table only with the capability switched on.
        configuration.Write16(function.Sbdf, control, (ushort)(before | MsixEnable | MsixMaskAll));
        for (uint entry = 0; entry < function.MsixEntries && error == XenError.None; entry++)
        {
            error = TryMap(host, function, entry, out MmioRegion page, out Mfn frame, out uint offset);
            if (error != XenError.None)
                break;
            page.Write32(offset + VectorControl, page.Read32(offset + VectorControl) | 1);
            host.Pci.Mappings?.Release(frame);
        }
        configuration.Write16(function.Sbdf, control, before);
        if (error != XenError.None)
            CloseIfUnused(host, function);
        return error;
    }

    private static void CloseIfUnused(Host host, PciFunction function)
    {
        if (function.MessagesInUse != 0 || function.IsPrepared || function.Table.Size == 0)
            return;
        Protect(host, function.Table, false);
        if (function.Pending.Size != 0)
            Protect(host, function.Pending, false);
        function.Table = function.Pending = default;
        function.UsesMsix = false;
        uint control = function.Msix + ControlOffset;
        PciConfiguration configuration = host.Pci.Configuration;
        configuration.Write16(function.Sbdf, control, (ushort)(configuration.Read16(function.Sbdf, control) & ~MsixEnable));
    }

    private static XenError TryMap(Host host, PciFunction function, uint entry, out MmioRegion page, out Mfn frame, out uint offset)
    {
        ulong address = function.Table.Address + entry * PciFunction.EntrySize;
        offset = (uint)(address % AddressSpace.PageSize);
        frame = Mfn.FromAddress(address);
        page = default;
        if (offset > AddressSpace.PageSize - PciFunction.EntrySize)
            return XenError.Invalid;
        return host.Pci.Mappings is DeviceMappings mappings && mappings.TryMap(host.Memory, frame, out page) ? XenError.None : XenError.NoMemory;
    }

    private static bool Protect(Host host, MsixArea area, bool protect)
    {
        DeviceFrames devices = host.Memory.Devices;
        ulong count = area.LastFrame - area.FirstFrame + 1;
        if (protect)
            return devices.TryProtect(area.FirstFrame, count);
        devices.Unprotect(area.FirstFrame, count);
        return true;
    }

    private static bool IsDevice(Host host, MsixArea area)
    {
        for (ulong frame = area.FirstFrame; frame <= area.LastFrame; frame++)
        {
            if (!host.Memory.IsDevice(new Mfn(frame)) || host.Memory.Devices.IsDenied(new Mfn(frame)))
                return false;
        }
        return true;
    }
}
