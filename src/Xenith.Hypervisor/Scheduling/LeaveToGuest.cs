using System.Runtime.CompilerServices;
using System.Runtime;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Events;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>
/// The slow way out to a guest (native/entry.S, leave_to_guest): expired timers, deferred work, scheduling, then event delivery. The entry
/// code calls it again until nothing is pending.
/// </summary>
internal static class LeaveToGuest
{
    [RuntimeExport("hv_leave")]
    private static void Leave(ref GuestFrame frame)
    {
        Pcpu cpu = Pcpu.Current;
        FaultInjection.SetOnWayOut(cpu, true);
        // Often an event is all.
        if (PerCpu.Work != 0)
        {
            DoDeferredWork(cpu);
            // A wish for the state of a vCPU that idled here has been granted when this CPU took another.
            if ((PerCpu.TakeWork(PendingWork.Schedule | PendingWork.Unload) & PendingWork.Schedule) != 0)
                ContextSwitch.Reschedule(cpu, ref frame);
        }
        FaultInjection.SetOnWayOut(cpu, false);
        if (cpu.Loaded is not Vcpu vcpu)
            return;
        if (PvEvents.HasNmi(vcpu))
            PvEvents.DeliverNmi(vcpu, ref frame);
        else if (HasEvent(vcpu))
            PvEvents.Deliver(vcpu, ref frame);
    }

    /// <summary>True if the guest is to be interrupted: upcall_pending is set, upcall_mask is not, and it has a callback.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasEvent(Vcpu vcpu) => vcpu.Pv.EventCallback != 0 && EventChannels.IsDeliverable(vcpu.Info);

    /// <summary>Timers and deferred work that interrupt handlers have noted. Interrupts are off before and after, and on while it works.</summary>
    internal static void DoDeferredWork(Pcpu cpu)
    {
        uint work = PerCpu.TakeWork(PendingWork.Timer | PendingWork.Deferred);
        if (work == 0)
            return;
        cpu.IsInDeferredWork = true;
        Cpu.EnableInterrupts();
        if ((work & PendingWork.Timer) != 0)
        {
            cpu.Timers.RunDue(cpu.Host.Time.Now);
            if (cpu.Timers.NeedsProgramming)
            {
                cpu.Timers.NeedsProgramming = false;
                cpu.Host.Interrupts.LocalApic.ArmTimer(cpu.Host.Time, cpu.Timers.NextDeadline);
            }
        }
        if ((work & PendingWork.Deferred) != 0)
        {
            cpu.Host.Interrupts.DoDeferred(cpu.Host);
            cpu.Host.Grace.Pass(cpu);
            cpu.Host.Reaper.Work(cpu.Host);
        }
        Cpu.DisableInterrupts();
        cpu.IsInDeferredWork = false;
    }
}
