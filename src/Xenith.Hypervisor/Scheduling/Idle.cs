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
            if (!TryScrub(cpu))
            {
                cpu.IdlePeriods++;
                Cpu.WaitForInterrupt();
            }
        }
        PerCpu.TakeWork(PendingWork.Schedule);
        LeaveToGuest.DoDeferredWork(cpu);
    }

    /// <summary>Zeroes a few free frames, with interrupts on: what they bring is looked at before the next few. False if there is nothing to do.</summary>
    private static bool TryScrub(Pcpu cpu)
    {
        if (!cpu.Host.ScrubsWhenIdle || cpu.Host.Memory.Allocator.DirtyFrames == 0)
            return false;
        cpu.IsInDeferredWork = true;
        Cpu.EnableInterrupts();
        bool any = cpu.Host.Memory.Allocator.ScrubSome(1);
        Cpu.DisableInterrupts();
        cpu.IsInDeferredWork = false;
        return any;
    }
}
