using Xenith.Hypervisor.Domains;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>Where a vCPU's interrupts go: to the CPU that it runs on, so that the CPU that takes one need not wake another.</summary>
internal static class CpuChoice
{
    /// <summary>The CPU that a vCPU runs on, or ran on last.</summary>
    internal static Pcpu Of(Vcpu vcpu) => Pcpu.Current;
}
