using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Hypervisor.Power;
using Xenith.Machine;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>
/// The choice of the next vCPU and the exchange of registers. It happens only on the way out to a guest, when the stack is empty but for the guest's frame. A CPU that idles keeps the state of
/// the last vCPU loaded, so that waking the same one costs nothing; if another CPU chooses that vCPU, it asks for the state and waits.
/// </summary>
internal static class ContextSwitch
{
    /// <summary>Chooses who runs next and loads it into <paramref name="frame"/>; idles until there is one. Interrupts are off.</summary>
    internal static void Reschedule(Pcpu cpu, ref GuestFrame frame)
    {
        if (cpu.IsLeaving)
            CpuHotplug.Vacate(cpu);
        Vcpu? previous = cpu.IsIdle ? null : cpu.Loaded;
        Vcpu? next = Choose(cpu, previous, out SchedulingUnit? displaced);
        if (next is not null && next == previous)
            return;
        if (previous is not null)
            previous.Timers.OnScheduledOut();
        if (displaced is not null)
            cpu.Host.Scheduler.Place(displaced, cpu.Host.Time.Now);

        cpu.IsIdle = true;
        // From here on the vCPU that idles here may be wanted elsewhere; so this CPU looks for such wishes before it sleeps.
        while (next is null)
        {
            UnloadDying(cpu, ref frame);
            if (cpu.IsLeaving)
                CpuHotplug.Leave(cpu, ref frame);
            else
                Idle.WaitForWork(cpu, ref frame);
            next = Choose(cpu, null, out _);
        }
        if (next != cpu.Loaded)
        {
            Exchange(cpu, next, ref frame);
        }
        // Its domain may have died while this CPU was idle.
        previous = cpu.Loaded;
        cpu.IsIdle = false;
        next.Timers.OnScheduledIn();
    }

    /// <summary>
    /// Waits until no CPU holds the registers of a vCPU that nobody runs, or that this CPU has chosen. Interrupts are on meanwhile: the other CPU may wait for this one in turn, for a
    /// flush, say.
    /// </summary>
    internal static void AwaitState(Vcpu vcpu)
    {
        int holder = vcpu.Scheduling.LoadedOn;
        if (holder < 0)
            return;
        Host host = Host.Current;
        if (host.Pcpus.Find((uint)holder) is Pcpu there)
            there.Raise(PendingWork.Unload);
        while (vcpu.Scheduling.LoadedOn >= 0)
            host.CpuCalls.Wait();
    }

    /// <summary>Gives back the state of a vCPU that this CPU holds while it idles, if somebody wants it.</summary>
    internal static void Unload(Pcpu cpu, ref GuestFrame frame)
    {
        if (cpu.Loaded is Vcpu vcpu && cpu.IsIdle)
        {
            Save(cpu, vcpu, ref frame);
            Release(cpu, vcpu);
        }
    }

    /// <summary>Loads nobody instead of a vCPU that will not run again: its address space, its descriptor tables and its events are out of the CPU's sight. The CPU idles; interrupts are off.</summary>
    internal static void Unload(Pcpu cpu)
    {
        if (cpu.Loaded is not Vcpu vcpu)
            return;
        PvMode.SaveState(vcpu);
        Release(cpu, vcpu);
    }

    /// <summary>An idle CPU lets go of a vCPU whose domain is dying.</summary>
    private static void UnloadDying(Pcpu cpu, ref GuestFrame frame)
    {
        if (cpu.Loaded is { Domain.State: not DomainState.Alive })
            Unload(cpu, ref frame);
    }

    private static void Exchange(Pcpu cpu, Vcpu next, ref GuestFrame frame)
    {
        Vcpu? loaded = cpu.Loaded;
        if (loaded is not null)
            Save(cpu, loaded, ref frame);
        if (next.Scheduling.LoadedOn >= 0)
        {
            // First give, then take: who waits for another's state holds nobody's.
            if (loaded is not null)
                Release(cpu, loaded);
            loaded = null;
            Cpu.EnableInterrupts();
            AwaitState(next);
            Cpu.DisableInterrupts();
        }
        Load(cpu, next, ref frame);
        // Until here the CPU walked the tables of the old one.
        if (loaded is not null)
            loaded.Scheduling.LoadedOn = -1;
    }

    private static Vcpu? Choose(Pcpu cpu, Vcpu? previous, out SchedulingUnit? displaced)
    {
        Scheduler scheduler = cpu.Host.Scheduler;
        cpu.JoinScheduler();
        using (scheduler.LockOf(cpu.Id).Enter())
        {
            ulong now = cpu.Host.Time.Now;
            bool runnable = previous is not null && previous.Scheduling.IsRunnable;
            Decision decision = scheduler.Choose(cpu.Id, now, !runnable ? Leaving.Sleeps : cpu.Yields ? Leaving.Yields : Leaving.Preempted);
            cpu.Yields = false;
            displaced = decision.Displaced;
            if (decision.TryAgain)
                PerCpu.RaiseWork(PendingWork.Schedule);
            Vcpu? next = decision.Next?.Vcpu;
            if (next != previous)
            {
                if (previous is not null)
                    previous.Scheduling.OnLeft(now, runnable);
                if (next is not null)
                    next.Scheduling.OnChosen(cpu, now);
            }
            cpu.ChooseAgainAt(decision.Until);
            return next;
        }
    }

    private static void Save(Pcpu cpu, Vcpu vcpu, ref GuestFrame frame)
    {
        vcpu.Registers = frame;
        PvMode.SaveState(vcpu);
        cpu.Host.Vectors.Save(vcpu.VectorArea, ref vcpu.Registers);
    }

    /// <summary>Lets go of a vCPU that has been saved.</summary>
    private static void Release(Pcpu cpu, Vcpu vcpu)
    {
        PvMode.Leave();
        cpu.Loaded = null;
        vcpu.Scheduling.LoadedOn = -1;
    }

    private static void Load(Pcpu cpu, Vcpu vcpu, ref GuestFrame frame)
    {
        vcpu.Scheduling.LoadedOn = (int)cpu.Id;
        cpu.Loaded = vcpu;
        cpu.Host.Vectors.Restore(vcpu.VectorArea, ref vcpu.Registers);
        PvMode.LoadState(vcpu);
        frame = vcpu.Registers;
    }
}
