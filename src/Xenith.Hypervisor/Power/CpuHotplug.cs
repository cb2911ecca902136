using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Scheduling;
using Xenith.Machine;

namespace Xenith.Hypervisor.Power;

/// <summary>
/// CPUs that leave and come back at dom0's wish (XENPF_cpu_offline, XENPF_cpu_online). A CPU leaves by itself, on its way out: its vCPUs, timers and interrupts go to others, then it stops with interrupts off.
/// It comes back as it came first, by INIT and a start-up interrupt. One change at a time; CPU 0 stays.
/// </summary>
internal static class CpuHotplug
{
    /// <summary>
    /// Makes a CPU leave. <see cref="XenError.Restart"/> until it has: the call is made again. <see cref="XenError.NotSupported"/> for CPU 0, <see cref="XenError.Invalid"/> if there is no such CPU,
    /// <see cref="XenError.Busy"/> while another change is under way. A CPU that is offline already is no error.
    /// </summary>
    internal static XenError TakeOffline(Host host, uint id)
    {
        if (id == 0)
            return XenError.NotSupported;
        if (host.Pcpus.Find(id) is not Pcpu cpu)
            return XenError.Invalid;
        int own = unchecked((int)id) + 1;
        if (!host.Pcpus.Online.Contains(id))
        {
            // It may be about to stop, or to come.
            if (Volatile.Read(ref host.ChangingCpu) == own)
                return XenError.Restart;
            TellDom0(host);
            return XenError.None;
        }
        int changing = Interlocked.CompareExchange(ref host.ChangingCpu, own, 0);
        if (changing != 0 && changing != own)
            return XenError.Busy;
        if (changing == 0)
        {
            Volatile.Write(ref cpu.IsLeaving, true);
            cpu.Raise(PendingWork.Schedule);
        }
        return XenError.Restart;
    }

    /// <summary>
    /// Starts a CPU and waits for it, at most for the seconds that <see cref="Boot.SecondaryStart"/> has patience. <see cref="XenError.Io"/> if it does not answer, <see cref="XenError.Invalid"/> if
    /// there is no such CPU, <see cref="XenError.Busy"/> while another change is under way. A CPU that is online already is no error.
    /// </summary>
    internal static XenError BringOnline(Host host, uint id)
    {
        if (host.Pcpus.Find(id) is not Pcpu cpu)
            return XenError.Invalid;
        if (host.Pcpus.Online.Contains(id))
            return XenError.None;
        if (Interlocked.CompareExchange(ref host.ChangingCpu, unchecked((int)id) + 1, 0) != 0)
            return XenError.Busy;
        bool came = host.Secondary.TryStart(cpu);
        Volatile.Write(ref host.ChangingCpu, 0);
        TellDom0(host);
        return came ? XenError.None : XenError.Io;
    }

    /// <summary>dom0 keeps a list of the CPUs, and looks again at this.</summary>
    private static void TellDom0(Host host)
    {
        if (host.Domains.Find(0) is Domain dom0)
            dom0.Events.RaiseGlobalVirq((uint)Abi.Virq.PcpuState);
    }

    /// <summary>First half of leaving, before the CPU chooses who runs next: nothing is put into its queue any more, and what waits there goes elsewhere. Interrupts are off.</summary>
    internal static void Vacate(Pcpu cpu)
    {
        Scheduler scheduler = cpu.Host.Scheduler;
        cpu.LeaveScheduler();
        while (true)
        {
            SchedulingUnit? unit;
            using (scheduler.LockOf(cpu.Id).EnterInterruptSafe())
                unit = scheduler.TakeAny(cpu.Id);
            if (unit is null)
                return;
            scheduler.Place(unit, cpu.Host.Time.Now);
        }
    }

    /// <summary>Second half, when the CPU has nothing to run: it lets go of everything and stops. Interrupts are off.</summary>
    internal static void Leave(Pcpu cpu, ref GuestFrame frame)
    {
        Host host = cpu.Host;
        // It may have idled when it was told to leave, and so still be one that vCPUs are queued on.
        Vacate(cpu);
        if (host.Pcpus.Find(0) is not Pcpu first)
            return;
        ContextSwitch.Unload(cpu, ref frame);
        LeaveToGuest.DoDeferredWork(cpu);
        // Until here other CPUs call this one and are answered.
        host.CpuCalls.SetOnline(cpu.Id, false);
        host.Interrupts.EvacuateCpu(cpu);
        // What the last interrupts have noted.
        LeaveToGuest.DoDeferredWork(cpu);
        cpu.StopOwnTimers();
        first.Timers.TakeOver(cpu.Timers);
        host.Interrupts.LocalApic.Disable();
        // Last, because from now on all its flushes count as done.
        host.Memory.Tlb.Leave();
        // Deferred work that another CPU gave this one since belongs to all.
        first.Raise(PendingWork.Deferred);
        Volatile.Write(ref cpu.IsLeaving, false);
        Volatile.Write(ref host.ChangingCpu, 0);
        Cpu.Stop();
    }
}
