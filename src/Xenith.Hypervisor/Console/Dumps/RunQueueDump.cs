using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Scheduling;

namespace Xenith.Hypervisor.Console;

/// <summary>Key r: who runs, and who waits for a CPU.</summary>
internal static class RunQueueDump
{
    internal static void Print(Host host)
    {
        ConsoleLog log = host.Log;
        log.Always($"NOW={host.Time.Now}");
        log.Always($"Online Cpus: {CpuList.Text(host.Pcpus.Online).Text}");
        for (uint id = 0; id < host.Pcpus.End; id++)
        {
            if (host.Pcpus.Find(id) is not Pcpu cpu)
                continue;
            if (cpu.IsIdle || cpu.Loaded is not Vcpu vcpu)
                log.Always($"CPU[{id:d2}] current=d[IDLE]v{id}");
            else
                log.Always($"CPU[{id:d2}] current=d{vcpu.Domain.Id}v{vcpu.Id}");
        }
        for (int id = 0; id < host.Domains.End; id++)
        {
            if (host.Domains.Find((ulong)id) is Domain domain)
                PrintWaiting(log, domain);
        }
    }

    private static void PrintWaiting(ConsoleLog log, Domain domain)
    {
        for (ulong id = 0; id < (ulong)domain.Vcpus.Length; id++)
        {
            if (domain.FindVcpu(id) is Vcpu vcpu && vcpu.Scheduling.RunState == RunState.Runnable)
                log.Always($"    d{domain.Id}v{vcpu.Id} waits");
        }
    }
}
