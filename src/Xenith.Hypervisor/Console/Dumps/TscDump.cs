using Xenith.Hypervisor.Time;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>Key s: whether the time-stamp counters can be relied upon, and the domains for which they are emulated: none.</summary>
internal static class TscDump
{
    /// <summary>CPUID leaf 0x80000007, EDX bit 8: the counter runs at one rate in all states (SDM vol. 3, 18.17.1; APM vol. 3, E.4.6).</summary>
    private const uint PowerLeaf = 0x8000_0007, InvariantTsc = 1 << 8;

    internal static void Print(Host host)
    {
        TscCheck check = host.Secondary.Tsc;
        // Compared anew: they agreed when the CPUs started.
        for (uint cpu = host.Pcpus.Online.Next(0); cpu < CpuSet.Capacity; cpu = host.Pcpus.Online.Next(cpu + 1))
        {
            if (cpu != PerCpu.Id)
                check.Compare(host, cpu);
        }
        bool isInvariant = Cpu.Cpuid(0x8000_0000).Eax >= PowerLeaf && (Cpu.Cpuid(PowerLeaf).Edx & InvariantTsc) != 0;
        host.Log.Always($"TSC {(isInvariant ? "marked as reliable" : "not marked as either constant or reliable")}, warp={check.LargestWarp} (count={check.Comparisons})");
        host.Log.Always($"No domains have emulated TSC");
    }
}
