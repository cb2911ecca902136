using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>Keys d and 0: registers of CPUs, and of dom0's vCPUs.</summary>
internal static class RegisterDump
{
    internal static void PrintCpus(Host host)
    {
        ConsoleLog log = host.Log;
        log.Always($"'d' pressed -> dumping registers");
        log.Always($"");
        for (uint cpu = host.Pcpus.Online.Next(0); cpu < CpuSet.Capacity; cpu = host.Pcpus.Online.Next(cpu + 1))
            host.CpuCalls.Run(CpuSet.Of(cpu), host.KeyState.RegisterCall);
    }

    internal static void PrintDom0(Host host)
    {
        ConsoleLog log = host.Log;
        log.Always($"'0' pressed -> dumping Dom0's registers");
        if (host.Domains.Find(0) is not Domain dom0)
            return;
        for (ulong id = 0; id < (ulong)dom0.Vcpus.Length; id++)
        {
            if (dom0.FindVcpu(id) is not Vcpu vcpu)
                continue;
            log.Always($"*** Dumping Dom0 vcpu#{vcpu.Id} state: ***");
            PrintVcpu(log, vcpu);
        }
    }

    /// <summary>The guest of the CPU that runs this: its registers are in the CPU's frame.</summary>
    internal static void PrintOwnCpu(Host host)
    {
        Pcpu cpu = Pcpu.Current;
        ConsoleLog log = host.Log;
        if (cpu.IsIdle || cpu.Loaded is not Vcpu vcpu)
        {
            log.Always($"*** Dumping CPU{cpu.Id} host state: ***");
            log.Always($"CPU{cpu.Id} is idle");
            log.Always($"");
            return;
        }
        log.Always($"*** Dumping CPU{cpu.Id} guest state (d{vcpu.Domain.Id}v{vcpu.Id}): ***");
        log.Always($"CPU:    {cpu.Id}");
        CrashDump.PrintState(vcpu, ref PerCpu.Frame);
        log.Always($"");
    }

    private static void PrintVcpu(ConsoleLog log, Vcpu vcpu)
    {
        if (vcpu.IsCurrent)
            CrashDump.PrintState(vcpu, ref PerCpu.Frame);
        else if (vcpu.IsInitialised)
            CrashDump.PrintSaved(vcpu);
        else
            log.Always($"not initialised");
    }

    /// <summary>Has a CPU print itself: nobody else knows the registers of the guest that it runs.</summary>
    internal sealed class Call : CpuCall
    {
        /// <inheritdoc/>
        public override void Run() => PrintOwnCpu(Host.Current);
    }
}
