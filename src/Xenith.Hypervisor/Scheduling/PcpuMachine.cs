using Xenith.Machine;

namespace Xenith.Hypervisor.Scheduling;

/// <summary>The real CPUs, as schedulers see them.</summary>
internal sealed class PcpuMachine : SchedulingMachine
{
    private readonly PcpuTable _cpus;

    internal PcpuMachine(PcpuTable cpus) => _cpus = cpus;

    /// <inheritdoc/>
    public override void Poke(uint cpu)
    {
        if (_cpus.Find(cpu) is Pcpu found)
            found.Raise(PendingWork.Schedule);
    }

    /// <inheritdoc/>
    public override uint Distance(uint cpu, uint other)
    {
        if (_cpus.Find(cpu) is not Pcpu from || _cpus.Find(other) is not Pcpu to)
            return base.Distance(cpu, other);
        return from.Host.Memory.Allocator.Topology.Distance(from.Node, to.Node);
    }
}
