namespace Xenith.Hypervisor.Scheduling;

/// <summary>What a scheduler asks of the machine: the real one, or a test's.</summary>
public abstract class SchedulingMachine
{
    /// <summary>Makes a CPU choose anew soon. Called under the locks of queues.</summary>
    public abstract void Poke(uint cpu);

    /// <summary>How far another CPU's memory is away, as ACPI's SLIT says: 10 for the same NUMA node, more for others.</summary>
    public virtual uint Distance(uint cpu, uint other) => SameNode;

    /// <summary>The distance of CPUs of one node.</summary>
    public const uint SameNode = 10;
}
