using Xenith.Hypervisor.Domains;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>Where a vCPU's interrupts go: to the CPU that has it, so that the CPU that takes one need not wake another.</summary>
internal static class CpuChoice
{
    /// <summary>APIC ids from here on cannot be named in a message or a redirection entry without interrupt remapping; the highest of eight bits means all.</summary>
    private const uint EndOfReach = 0xff;

    /// <summary>The CPU that holds a vCPU's registers, or null if none does or no interrupt can reach it.</summary>
    internal static Pcpu? Find(Vcpu vcpu)
    {
        Pcpu here = Pcpu.Current;
        if (here.Loaded == vcpu)
            return IsReachable(here) ? here : null;
        return vcpu.Scheduling.LoadedOn is >= 0 and int id && here.Host.Pcpus.Online.Contains((uint)id)
            && here.Host.Pcpus.Find((uint)id) is Pcpu cpu && IsReachable(cpu) ? cpu : null;
    }

    /// <summary>A CPU for the first vector of an interrupt: this one, or the first that can be reached.</summary>
    internal static Pcpu First()
    {
        Pcpu here = Pcpu.Current;
        return IsReachable(here) || here.Host.Pcpus.Find(0) is not Pcpu first ? here : first;
    }

    /// <summary>True if messages and redirection entries can name the CPU.</summary>
    internal static bool IsReachable(Pcpu cpu) => cpu.ApicId < EndOfReach;
}
