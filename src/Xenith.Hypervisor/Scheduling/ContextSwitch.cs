using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>
/// The choice of the next vCPU and the exchange of registers. It happens only on the way out to a guest, when the stack is empty but for
/// the guest's frame. A CPU that idles keeps the state of the last vCPU loaded, so that waking the same one costs nothing.
/// </summary>
internal static class ContextSwitch
{
    /// <summary>Chooses who runs next and loads it into <paramref name="frame"/>; idles until there is one. Interrupts are off.</summary>
    internal static void Reschedule(Pcpu cpu, ref GuestFrame frame)
    {
        Vcpu? previous = cpu.Loaded;
        if (previous is not null && !cpu.IsIdle)
        {
            if (previous.Scheduling.IsRunnable)
            {
                if (cpu.RunQueue.IsEmpty)
                    return;
                previous.Scheduling.Enter(RunState.Runnable, cpu.Host.Time.Now);
                cpu.RunQueue.Add(previous);
            }
            else
                previous.Scheduling.Enter(previous.Scheduling.IsUp ? RunState.Blocked : RunState.Offline, cpu.Host.Time.Now);
            previous.Timers.OnScheduledOut();
        }

        cpu.IsIdle = true;
        Vcpu? next = cpu.RunQueue.Take();
        while (next is null)
        {
            Idle.WaitForWork(cpu);
            next = cpu.RunQueue.Take();
        }
        cpu.IsIdle = false;

        if (next != previous)
        {
            if (previous is not null)
                Save(previous, ref frame);
            Load(cpu, next, ref frame);
        }
        next.Scheduling.Enter(RunState.Running, cpu.Host.Time.Now);
        next.Timers.OnScheduledIn();
    }

    private static void Save(Vcpu vcpu, ref GuestFrame frame)
    {
        vcpu.Registers = frame;
        PvMode.SaveState(vcpu);
    }

    private static void Load(Pcpu cpu, Vcpu vcpu, ref GuestFrame frame)
    {
        cpu.Loaded = vcpu;
        PvMode.LoadState(vcpu);
        // The user pages of whoever ran before are global: they outlive the load of CR3.
        cpu.Host.Memory.Tlb.FlushLocal();
        frame = vcpu.Registers;
    }
}
