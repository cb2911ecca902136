// Which vCPU is where. All but those that act are kept paused, so that the scheduler has no choice: the world decides who runs, and the real scheduler and the real context switch do it.

using Xenith.Fuzzing.Calls;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Machine.Simulation;

namespace Xenith.Fuzzing.Worlds;

public sealed partial class FuzzWorld
{
    /// <summary>Which vCPU the world lets each CPU run; -1 for none.</summary>
    private readonly int[] _let = [-1, -1, -1, -1, -1, -1, -1, -1];

    /// <summary>Makes a vCPU run on a CPU. False if it may not run: it waits for an event, is down, or its domain has ended.</summary>
    private bool TryRun(int vcpu, int cpuNumber, out SimulatedCpu cpu)
    {
        cpu = Machine.Cpus[cpuNumber];
        if (Find(vcpu) is not Vcpu wanted)
            return false;
        if (_let[cpuNumber] != vcpu)
        {
            for (int other = 1; other <= Shape.Cpus; other++)
            {
                if (_let[other] == vcpu || other == cpuNumber)
                    Halt(other);
            }
            Settle();
            wanted.Scheduling.SetAffinity(CpuSet.Of((uint)cpuNumber), CpuSet.All);
            _let[cpuNumber] = vcpu;
            wanted.Scheduling.Unpause();
            Settle();
        }
        return Host.Pcpus.Find((uint)cpuNumber) is { IsIdle: false } pcpu && pcpu.Loaded == wanted && !cpu.IsAsleep && wanted.Scheduling.IsRunnable;
    }

    private void Halt(int cpu)
    {
        if (_let[cpu] >= 0 && Find(_let[cpu]) is Vcpu running)
            running.Scheduling.Pause();
        _let[cpu] = -1;
    }

    private Vcpu? Find(int vcpu)
    {
        WorldVcpu wanted = _vcpus[vcpu];
        return DomainOf(wanted.Domain)?.FindVcpu(wanted.Id);
    }
}
