using Xenith.Machine;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>What a CPU does when no vCPU is ready.</summary>
internal static class Idle
{
    /// <summary>Sleeps until an interrupt, then does what it noted. Interrupts are off before and after.</summary>
    internal static void WaitForWork(Pcpu cpu)
    {
        // Interrupts are off until HLT: who raises work after this look interrupts the sleep.
        if ((PerCpu.Work & Pcpu.Interruptions) == 0 && cpu.RunQueue.IsEmpty)
        {
            cpu.IdlePeriods++;
            Cpu.WaitForInterrupt();
        }
        PerCpu.TakeWork(PendingWork.Schedule);
        LeaveToGuest.DoDeferredWork(cpu);
    }
}
