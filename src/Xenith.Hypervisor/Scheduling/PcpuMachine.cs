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
}
