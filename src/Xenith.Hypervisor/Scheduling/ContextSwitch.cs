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
            UnloadDying(cpu);
            Idle.WaitForWork(cpu);
            next = cpu.RunQueue.Take();
        }
        // Its domain may have died while this CPU was idle.
        previous = cpu.Loaded;
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

    /// <summary>An idle CPU lets go of a vCPU whose domain is dying.</summary>
    private static void UnloadDying(Pcpu cpu)
    {
        if (cpu.Loaded is { Domain.State: not DomainState.Alive })
            Unload(cpu);
    }

    /// <summary>Loads nobody instead of a vCPU that will not run again: its address space, its descriptor tables and its events are out of the CPU's sight. The CPU idles; interrupts are off.</summary>
    internal static void Unload(Pcpu cpu)
    {
        if (cpu.Loaded is Vcpu vcpu)
            PvMode.SaveState(vcpu);
        Descriptors.LoadIdleGdt();
        Descriptors.LoadLdt(0, 0);
        Cpu.WriteCr3(Image.RootTable.Address);
        PerCpu.ClearVcpuInfo();
        cpu.Loaded = null;
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
