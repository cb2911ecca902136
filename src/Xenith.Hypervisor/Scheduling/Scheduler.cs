using Xenith.Hypervisor.Console;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>Who runs next on a CPU, and how long before the CPU has to ask again.</summary>
public readonly struct Decision
{
    /// <summary>A decision.</summary>
    public Decision(SchedulingUnit? next, ulong until)
    {
        Next = next;
        Until = until;
    }

    /// <summary>The unit; null to idle.</summary>
    public SchedulingUnit? Next { get; }

    /// <summary>System time in nanoseconds at which the CPU asks again at the latest; the end of time if it need not.</summary>
    public ulong Until { get; }

    /// <summary>True if there may be waiting units in queues that other CPUs were just busy with, for this CPU or an idle one: ask again at once.</summary>
    public bool TryAgain { get; init; }

    /// <summary>The unit that ran and may not stay on this CPU: hand it to <see cref="Scheduler.Place"/> once no queue is locked.</summary>
    public SchedulingUnit? Displaced { get; init; }
}

/// <summary>How a unit leaves its CPU.</summary>
public enum Leaving
{
    /// <summary>It could go on.</summary>
    Preempted,

    /// <summary>It could go on, but lets others go first.</summary>
    Yields,

    /// <summary>It cannot run now: it waits, is paused, or is down.</summary>
    Sleeps,
}

/// <summary>
/// A scheduling policy for a pool of CPUs. It sees units, CPUs, time and affinity, and nothing of x86; what it wants done it asks of a <see cref="SchedulingMachine"/>. Each CPU
/// of the pool has a queue with a lock, <see cref="LockOf"/>; the methods say which lock their caller holds. Interrupts are off in all of them.
/// </summary>
public abstract class Scheduler
{
    /// <summary>A policy for CPUs of a machine.</summary>
    protected Scheduler(SchedulingMachine machine) => Machine = machine;

    /// <summary>The machine.</summary>
    protected SchedulingMachine Machine { get; }

    /// <summary>Its name as people know it.</summary>
    public abstract string Name { get; }

    /// <summary>Its name on the command line (`sched=`).</summary>
    public abstract string OptionName { get; }

    /// <summary>XEN_SCHEDULER_* (public/domctl.h).</summary>
    public abstract uint Id { get; }

    /// <summary>Makes what the policy remembers of a domain.</summary>
    public abstract SchedulingDomain CreateDomain(uint id);

    /// <summary>Makes what the policy remembers of a vCPU; it sleeps on <paramref name="cpu"/>, a CPU of the pool.</summary>
    public abstract SchedulingUnit CreateUnit(SchedulingDomain domain, uint id, uint cpu);

    /// <summary>A unit that sleeps and is in no queue goes for good. No lock is held.</summary>
    public abstract void Forget(SchedulingUnit unit);

    /// <summary>A domain without units goes for good. No lock is held.</summary>
    public abstract void Forget(SchedulingDomain domain);

    /// <summary>Makes the queue of a CPU that may join later; CPUs that exist have one.</summary>
    public abstract void CreateCpu(uint cpu);

    /// <summary>A CPU begins to run units; those that may run only there move to it. Nothing happens if it has begun already. No lock is held.</summary>
    public abstract void AddCpu(uint cpu, ulong now);

    /// <summary>A CPU that runs nothing leaves; what waits in its queue, <see cref="TakeAny"/> finds and <see cref="Place"/> puts elsewhere. No lock is held.</summary>
    public abstract void RemoveCpu(uint cpu);

    /// <summary>A unit that waits in the queue of a CPU, taken out of it; null if there is none. The queue's lock is held.</summary>
    public abstract SchedulingUnit? TakeAny(uint cpu);

    /// <summary>The lock of a CPU's queue.</summary>
    public abstract SpinLock LockOf(uint cpu);

    /// <summary>True if somebody waits in the queue of a CPU. No lock is needed; the answer may be old at once.</summary>
    public abstract bool HasWaiting(uint cpu);

    /// <summary>
    /// A unit can run that could not. Nothing happens if it waits or runs already. The lock of its queue is held. False if it may not run on that queue's CPU: hand
    /// it to <see cref="Place"/> then, once the lock is free.
    /// </summary>
    public abstract bool Wake(SchedulingUnit unit, ulong now);

    /// <summary>A unit that may be waiting cannot run any more. If it runs, its CPU is made to choose anew. The lock of its queue is held.</summary>
    public abstract void Sleep(SchedulingUnit unit);

    /// <summary>Chooses who runs next on a CPU. <paramref name="leaving"/> is about the unit that was chosen last, if any. The lock of the CPU's queue is held.</summary>
    public abstract Decision Choose(uint cpu, ulong now, Leaving leaving);

    /// <summary>The best CPU for a unit now: an idle one that it likes, else an idle one, else the one with the shortest queue.</summary>
    public abstract uint PickCpu(SchedulingUnit unit);

    /// <summary>Puts a unit that can run and is in no queue where it may run. No lock is held.</summary>
    public abstract void Place(SchedulingUnit unit, ulong now);

    /// <summary>Sets where a unit may run and where it likes to; it moves at once if it has to. No lock is held.</summary>
    public abstract void SetAffinity(SchedulingUnit unit, in CpuSet hard, in CpuSet soft, ulong now);

    /// <summary>The domain's parameters.</summary>
    public abstract DomainParameters ParametersOf(SchedulingDomain domain);

    /// <summary>Sets a domain's parameters. <see cref="XenError.Invalid"/> if one is out of range; nothing has changed then.</summary>
    public abstract XenError Adjust(SchedulingDomain domain, in DomainParameters parameters);

    /// <summary>Writes what debug key 'r' shows of the policy and its queues, in Xen's format.</summary>
    public abstract void Dump(ConsoleLog log, ulong now);

    /// <summary>Takes the lock of the queue that a unit belongs to, interrupts off until the scope ends.</summary>
    internal SpinLock.Scope LockUnit(SchedulingUnit unit)
    {
        while (true)
        {
            uint cpu = unit.Cpu;
            SpinLock.Scope scope = LockOf(cpu).EnterInterruptSafe();
            if (unit.Cpu == cpu)
                return scope;
            // It moved to another queue in between.
            scope.Dispose();
        }
    }
}

/// <summary>Parameters of a domain: those of the proportional-share policies.</summary>
public struct DomainParameters
{
    /// <summary>Share of the CPUs relative to other domains.</summary>
    public uint Weight;

    /// <summary>Most that the domain gets, in percent of one CPU; 0 for no limit.</summary>
    public uint Cap;
}
