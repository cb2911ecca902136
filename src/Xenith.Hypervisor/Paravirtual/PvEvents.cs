using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Interrupts of a PV guest: its event callback and its NMI.</summary>
internal static class PvEvents
{
    /// <summary>Enters the event callback. The vCPU has one, upcall_pending is set and upcall_mask is not.</summary>
    internal static void Deliver(Vcpu vcpu, ref GuestFrame frame) =>
        GuestBounce.Enter(vcpu, ref frame, vcpu.Pv.EventCallback, maskEvents: true);

    /// <summary>
    /// Tells the way out of this CPU which upcall_pending to look at: that of the vCPU, once it has a callback. To be called when the vCPU is loaded, when
    /// its callback changes and when its vcpu_info moves.
    /// </summary>
    internal static void Watch(Vcpu vcpu)
    {
        if (vcpu.Pv.EventCallback != 0 && vcpu.Info.Exists)
            PerCpu.SetVcpuInfo(vcpu.Info);
        else
            PerCpu.ClearVcpuInfo();
    }

    /// <summary>True if an NMI can be delivered now: one is pending, none is being handled, and the guest has a handler.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool HasNmi(Vcpu vcpu) =>
        vcpu.Pv.NmiPending && !vcpu.Pv.NmiMasked && vcpu.Pv.Traps[ExceptionVector.Nmi].Address != 0;

    /// <summary>Enters the NMI handler. Like the CPU, no second one is delivered before its IRET.</summary>
    internal static void DeliverNmi(Vcpu vcpu, ref GuestFrame frame)
    {
        vcpu.Pv.NmiPending = false;
        vcpu.Pv.NmiMasked = true;
        PvExceptions.Raise(vcpu, ref frame, ExceptionVector.Nmi);
    }
}
