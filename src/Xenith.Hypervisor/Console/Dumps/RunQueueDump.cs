namespace Xenith.Hypervisor.Console;

/// <summary>Key r: the CPUs, the scheduler, its parameters and queues, in Xen's words.</summary>
internal static class RunQueueDump
{
    internal static void Print(Host host)
    {
        ConsoleLog log = host.Log;
        ulong now = host.Time.Now;
        log.Always($"NOW={now}");
        log.Always($"Online Cpus: {CpuList.Text(host.Pcpus.Online).Text}");
        log.Always($"Cpupool 0:");
        log.Always($"Cpus: {CpuList.Text(host.Pcpus.Online).Text}");
        log.Always($"Scheduling granularity: cpu, 1 CPU per sched-resource");
        log.Always($"Scheduler: {host.Scheduler.Name} ({host.Scheduler.OptionName})");
        host.Scheduler.Dump(log, now);
    }
}
