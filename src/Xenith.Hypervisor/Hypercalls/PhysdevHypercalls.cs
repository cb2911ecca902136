using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;
using Op = Xenith.Abi.PhysdevOp;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// physdev_op (33) and its old form (19), public/physdev.h: a guest's access to devices. I/O privilege and interrupt acknowledgement are any domain's for itself;
/// interrupt lines, messages (MSI), IO-APICs and PCI are dom0's.
/// </summary>
internal static class PhysdevHypercalls
{
    private const uint MaxPorts = 65536;

    /// <summary>(command, address of its argument).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long PhysdevOp(ulong command, ulong argument, ulong a3, ulong a4, ulong a5, uint number)
    {
        Vcpu caller = Serving.Vcpu;
        Op operation = (Op)unchecked((uint)command);
        switch (operation)
        {
            case Op.Eoi:
                return EndOfInterrupt(caller.Domain, argument);
            case Op.IrqStatusQuery:
                return QueryStatus(caller.Domain, argument);
            case Op.SetIopl:
                return SetIoPrivilege(caller, argument);
            case Op.SetIoBitmap:
                return SetIoBitmap(caller, argument);
            case Op.MapPirq:
                return PhysdevInterrupts.Map(caller.Domain, argument);
            case Op.UnmapPirq:
                return PhysdevInterrupts.Unmap(caller.Domain, argument);
            case Op.GetFreePirq:
                return PhysdevInterrupts.GetFree(caller.Domain, argument);
            case Op.SetupGsi:
                return PhysdevInterrupts.SetUpLine(caller.Domain, argument);
            case Op.ApicRead:
                return ReadIoApic(caller.Domain, argument);
            case Op.AllocIrqVector:
                return AllocateVector(caller.Domain, argument);
            case Op.FreeIrqVector:
                // Xen has no such operation any more.
                return XenError.NotImplemented.ToResult();
            case Op.ManagePciAdd:
            case Op.ManagePciAddExt:
            case Op.PciDeviceAdd:
            case Op.ManagePciRemove:
            case Op.PciDeviceRemove:
            case Op.PciMmcfgReserved:
                return PhysdevPci.Call(caller.Domain, operation, argument);
            case Op.RestoreMsi:
            case Op.RestoreMsiExt:
            case Op.PrepareMsix:
            case Op.ReleaseMsix:
                return PhysdevMessages.Call(caller.Domain, operation, argument).ToResult();
            case Op.DbgpOp:
                return ShareDebugPort(caller.Domain, argument);
            case Op.ApicWrite:
                return caller.Domain.IsPrivileged ? NotWritten.Operation(number, "physdev_op", (uint)operation) : XenError.NotPermitted.ToResult();
            case Op.PirqEoiGmfnV2:
                return ShareEoiMap(caller.Domain, argument, number);
            case Op.PirqEoiGmfnV1:
            case Op.IrqUnmaskNotify:
                return NotWritten.Operation(number, "physdev_op", (uint)operation);
            default:
                return XenError.NotImplemented.ToResult();
        }
    }

    /// <summary>physdev_op_compat: command and argument in one structure (struct physdev_op).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long PhysdevOpCompat(ulong argument, ulong a2, ulong a3, ulong a4, ulong a5, uint number)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevOpArgs op))
            return XenError.BadAddress.ToResult();
        if (op.Cmd is < (uint)Op.IrqUnmaskNotify or > (uint)Op.FreeIrqVector)
            return XenError.NotImplemented.ToResult();
        return PhysdevOp(op.Cmd, unchecked(argument + 8), 0, 0, 0, number);
    }

    private static long EndOfInterrupt(Domain domain, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out uint pirq))
            return XenError.BadAddress.ToResult();
        if (!domain.Pirqs.IsMapped(pirq))
            return XenError.Invalid.ToResult();
        domain.Pirqs.EndOfInterrupt(pirq);
        return 0;
    }

    /// <summary>PHYSDEVOP_pirq_eoi_gmfn_v2: see <see cref="Events.PirqTable.ShareEoiMap"/>. Once only, and the page stays what it is.</summary>
    private static long ShareEoiMap(Domain domain, ulong argument, uint number)
    {
        if (!GuestMemory.TryRead(argument, out ulong frame))
            return XenError.BadAddress.ToResult();
        XenError error = GuestPages.KeepWritable(domain, frame, out Mfn page);
        if (error == XenError.Restart)
            return Continuation.Again(number, (ulong)Op.PirqEoiGmfnV2);
        if (error != XenError.None)
            return error.ToResult();
        using (Host.Current.EventBindings.Lock.Enter())
        {
            if (!domain.Pirqs.HasEoiMap)
            {
                domain.Pirqs.ShareEoiMap(page);
                return 0;
            }
        }
        GuestPages.Release(page);
        return XenError.Busy.ToResult();
    }

    /// <summary>Every interrupt wants its end announced: even one that needs no acknowledgement may have been masked.</summary>
    private static long QueryStatus(Domain domain, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevIrqStatusQuery query))
            return XenError.BadAddress.ToResult();
        if (query.Irq >= Events.PirqTable.Count)
            return XenError.Invalid.ToResult();
        query.Flags = (uint)IrqStatusFlags.NeedsEoi;
        if (domain.Pirqs.IrqOf(query.Irq) is Irq { IsShared: true })
            query.Flags |= (uint)IrqStatusFlags.Shared;
        return GuestMemory.TryWrite(argument, query) ? 0 : XenError.BadAddress.ToResult();
    }

    /// <summary>dom0 is about to reset a USB controller, or has. There is nothing to save: the hypervisor's console never is on a debug port.</summary>
    private static long ShareDebugPort(Domain domain, ulong argument)
    {
        if (!domain.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        return GuestMemory.TryRead(argument, out PhysdevDbgpOp _) ? 0 : XenError.BadAddress.ToResult();
    }

    private static long SetIoPrivilege(Vcpu caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out uint level))
            return XenError.BadAddress.ToResult();
        if (level > 3)
            return XenError.Invalid.ToResult();
        caller.Pv.Iopl = (ulong)level << 12;
        return 0;
    }

    private static long SetIoBitmap(Vcpu caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevSetIoBitmap set))
            return XenError.BadAddress.ToResult();
        if (!AddressSpace.IsGuestAddress(set.Bitmap.Value) || set.NrPorts > MaxPorts)
            return XenError.Invalid.ToResult();
        caller.Pv.IoBitmap = set.Bitmap.Value;
        caller.Pv.IoBitmapPorts = set.NrPorts;
        return 0;
    }

    private static long ReadIoApic(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevApic apic))
            return XenError.BadAddress.ToResult();
        if (!caller.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        if (Host.Current.Interrupts.FindByAddress(apic.ApicPhysbase) is not IoApic ioApic)
            return XenError.Invalid.ToResult();
        apic.Value = ioApic.Read(apic.Reg);
        return GuestMemory.TryWrite(argument, apic) ? 0 : XenError.BadAddress.ToResult();
    }

    /// <summary>Vectors are the hypervisor's own business: dom0 gets the number of the line back and uses it as a name.</summary>
    private static long AllocateVector(Domain caller, ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out PhysdevIrq irq))
            return XenError.BadAddress.ToResult();
        if (!caller.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        irq.Vector = irq.Irq;
        return GuestMemory.TryWrite(argument, irq) ? 0 : XenError.BadAddress.ToResult();
    }
}
