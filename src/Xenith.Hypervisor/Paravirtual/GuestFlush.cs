using System.Numerics;
using System.Threading;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Which physical CPUs have something to forget when a guest asks for a flush on vCPUs of its own: those that have such a vCPU loaded, running or not. A CPU flushes everything when it loads
/// another vCPU (Scheduling/ContextSwitch.cs), so the rest remember nothing of the domain's.
/// </summary>
internal static class GuestFlush
{
    /// <summary>Flushes the whole TLBs of the CPUs that have any vCPU of a domain loaded; most often that is this one alone.</summary>
    internal static void FlushAll(Domain domain)
    {
        Host host = Host.Current;
        TlbFlush tlb = host.Memory.Tlb;
        PcpuTable table = host.Pcpus;
        uint own = PerCpu.Id;
        ulong stamp = tlb.Begin();
        CpuSet others = default;
        bool any = false;
        for (uint cpu = 0; cpu < table.End; cpu++)
        {
            if (table.Find(cpu)?.Loaded is not Vcpu loaded || loaded.Domain != domain)
                continue;
            if (cpu == own)
            {
                tlb.FlushLocal(own, stamp);
                continue;
            }
            others.Add(cpu);
            any = true;
        }
        if (any)
            tlb.FlushOthers(stamp, others);
    }

    /// <summary>The CPUs that have any vCPU of a domain loaded.</summary>
    internal static CpuSet CpusOf(Domain domain)
    {
        // The guest's changes of its page tables come before the look at who runs: a CPU that loads a vCPU after it flushes after them.
        Interlocked.MemoryBarrier();
        CpuSet cpus = default;
        PcpuTable table = Host.Current.Pcpus;
        for (uint cpu = 0; cpu < table.End; cpu++)
        {
            if (table.Find(cpu)?.Loaded is Vcpu loaded && loaded.Domain == domain)
                cpus.Add(cpu);
        }
        return cpus;
    }

    /// <summary>The CPUs that have a vCPU of a bitmap loaded, which lies at a guest address. False if it cannot be read.</summary>
    internal static bool TryCpusOf(Domain domain, ulong bitmap, out CpuSet cpus)
    {
        cpus = default;
        for (uint word = 0; word * 64 < (uint)domain.Vcpus.Length; word++)
        {
            if (!GuestMemory.TryRead(bitmap, word, out ulong vcpus))
                return false;
            if (vcpus != 0)
                AddCpusOf(domain, word, vcpus, ref cpus);
        }
        return true;
    }

    private static void AddCpusOf(Domain domain, uint word, ulong vcpus, ref CpuSet cpus)
    {
        Interlocked.MemoryBarrier();
        for (; vcpus != 0; vcpus &= vcpus - 1)
        {
            // A bit beyond the domain's last vCPU names nobody.
            if (domain.FindVcpu(word * 64 + (ulong)BitOperations.TrailingZeroCount(vcpus)) is Vcpu vcpu && vcpu.Scheduling.LoadedOn is >= 0 and int cpu)
                cpus.Add((uint)cpu);
        }
    }
}
