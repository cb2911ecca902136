using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Hypervisor.Scheduling;

namespace Xenith.Hypervisor.Console;

/// <summary>Keys d and q: the domains, in a line each or in full.</summary>
internal static class DomainDump
{
    /// <summary>A line for each domain.</summary>
    internal static void PrintList(Host host)
    {
        for (int id = 0; id < host.Domains.End; id++)
        {
            if (host.Domains.Find((ulong)id) is Domain domain)
                host.Log.Always($"d{domain.Id}: {CountVcpus(domain)} vCPUs, {domain.Pages.TotalPages} pages, {(domain.IsShutDown ? "shut down" : "alive")}");
        }
    }

    internal static void Print(Host host)
    {
        host.Log.Always($"'q' pressed -> dumping domain info (now = {host.Time.Now})");
        for (int id = 0; id < host.Domains.End; id++)
        {
            if (host.Domains.Find((ulong)id) is Domain domain)
                Print(host.Log, domain);
        }
    }

    private static void Print(ConsoleLog log, Domain domain)
    {
        log.Always($"General information for domain {domain.Id}:");
        log.Always($"    dying=0 shut_down={(domain.IsShutDown ? 1 : 0)} reason={domain.ShutdownReason}");
        log.Always($"    nr_pages={domain.Pages.TotalPages} max_pages={domain.Pages.MaxPages} claimed_pages={domain.Pages.ClaimedPages}");
        log.Always($"    handle={Handle(domain.HandleLow, domain.HandleHigh).Text} vm_assist={domain.VmAssist:x8}");
        log.Always($"VCPU information and callbacks for domain {domain.Id}:");
        for (ulong id = 0; id < (ulong)domain.Vcpus.Length; id++)
        {
            if (domain.FindVcpu(id) is Vcpu vcpu)
                Print(log, vcpu);
        }
    }

    private static void Print(ConsoleLog log, Vcpu vcpu)
    {
        VcpuScheduling scheduling = vcpu.Scheduling;
        uint pending = vcpu.Info.Exists ? vcpu.Info.Load8(VcpuInfoOffsets.UpcallPending) : 0u;
        uint mask = vcpu.Info.Exists ? vcpu.Info.Load8(VcpuInfoOffsets.UpcallMask) : 0u;
        log.Always($"    VCPU{vcpu.Id}: [has={(scheduling.RunState == RunState.Running ? 'T' : 'F')}] {State(scheduling)} upcall_pend={pending:x2} upcall_mask={mask:x2}");
        log.Always($"    pause_count={scheduling.PauseCount} up={scheduling.IsUp} blocked={scheduling.IsBlocked}");
    }

    private static string State(VcpuScheduling scheduling) => scheduling.RunState switch
    {
        RunState.Running => "running",
        RunState.Runnable => "runnable",
        RunState.Blocked => "blocked",
        _ => "offline",
    };

    private static uint CountVcpus(Domain domain)
    {
        uint count = 0;
        for (ulong id = 0; id < (ulong)domain.Vcpus.Length; id++)
            count += domain.FindVcpu(id) is null ? 0u : 1;
        return count;
    }

    /// <summary>A UUID: 16 bytes in the order in which they were given.</summary>
    private static LogText Handle(ulong low, ulong high)
    {
        LogText text = new(0, 0);
        for (int i = 0; i < 16; i++)
        {
            if (i is 4 or 6 or 8 or 10)
                text.AppendLiteral("-");
            ulong half = i < 8 ? low : high;
            text.AppendFormatted(half >> i % 8 * 8 & 0xff, "x2");
        }
        return text;
    }
}
