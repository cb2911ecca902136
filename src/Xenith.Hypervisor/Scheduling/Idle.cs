using Xenith.Machine;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>What a CPU does when no vCPU is ready.</summary>
internal static class Idle
{
    private const uint Reasons = Pcpu.Interruptions | PendingWork.Unload;

    /// <summary>
    /// Sleeps until an interrupt, then does what it noted. Interrupts are off before and after, and between the last look and the sleep: what comes then ends the sleep.
    /// </summary>
    internal static void WaitForWork(Pcpu cpu, ref GuestFrame frame)
    {
        if ((PerCpu.Work & Reasons) == 0)
        {
            if (!TryScrub(cpu))
            {
                cpu.IdlePeriods++;
                Cpu.WaitForInterrupt();
            }
        }
        if ((PerCpu.TakeWork(PendingWork.Schedule | PendingWork.Unload) & PendingWork.Unload) != 0)
            ContextSwitch.Unload(cpu, ref frame);
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
