using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Pools;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>
/// What a scheduler gives CPUs to: one vCPU. Each scheduler derives its own, with what it needs to remember. A unit belongs to the queue of exactly one CPU, whether it
/// waits, runs or sleeps; that queue's lock guards it.
/// </summary>
public abstract class SchedulingUnit : Pooled
{
    private uint _cpu;

    /// <summary>Makes a unit that sleeps and may run anywhere.</summary>
    protected SchedulingUnit(uint domainId, uint id)
    {
        DomainId = domainId;
        Id = id;
        HardAffinity = CpuSet.All;
        SoftAffinity = CpuSet.All;
    }

    /// <summary>The domain's id, for people who read the log.</summary>
    public uint DomainId { get; }

    /// <summary>Its number in the domain.</summary>
    public uint Id { get; }

    /// <summary>The CPU whose queue it belongs to. Changes only under that queue's lock.</summary>
    public uint Cpu
    {
        get => Volatile.Read(ref _cpu);
        internal set => Volatile.Write(ref _cpu, value);
    }

    /// <summary>CPUs that it may run on. Changes only under the queue's lock.</summary>
    public CpuSet HardAffinity { get; internal set; }

    /// <summary>CPUs that it would rather run on, as far as <see cref="HardAffinity"/> allows.</summary>
    public CpuSet SoftAffinity { get; internal set; }

    /// <summary>The vCPU. Policies do not look at it.</summary>
    internal Vcpu? Vcpu { get; set; }
}

/// <summary>What a scheduler keeps for a domain: its weight, its cap and the like. Each scheduler derives its own.</summary>
public abstract class SchedulingDomain : Pooled
{
    /// <summary>A domain with an id.</summary>
    protected SchedulingDomain(uint id) => Id = id;

    /// <summary>The domain's id.</summary>
    public uint Id { get; }
}
