using Xenith.Hypervisor.Domains;

namespace Xenith.Hypervisor.Console;

/// <summary>Keys n and N: how many NMIs there were, and one more.</summary>
internal static class NmiDump
{
    /// <summary>The NMIs of each CPU, and whether one waits for dom0, which is told of those from outside.</summary>
    internal static void Print(Host host)
    {
        ConsoleLog log = host.Log;
        log.Always($"CPU\tNMI");
        for (uint id = host.Pcpus.Online.Next(0); id < CpuSet.Capacity; id = host.Pcpus.Online.Next(id + 1))
        {
            if (host.Pcpus.Find(id) is Pcpu cpu)
                log.Always($"{id,3}\t{cpu.Nmis,3}");
        }
        if (host.Domains.Find(0)?.FindVcpu(0) is not Vcpu first)
            return;
        bool isPending = first.Pv.NmiPending, isMasked = first.Pv.NmiMasked;
        log.Always($"d0v0: NMI{(isPending ? " pending" : "")}{(isMasked ? " masked" : "")}{(isPending || isMasked ? "" : " neither pending nor masked")}");
    }

    /// <summary>Sends the CPU that serves the key an NMI; what becomes of it is what the option nmi says of one from outside.</summary>
    internal static void Trigger(Host host)
    {
        uint apicId = Pcpu.Current.ApicId;
        host.Log.Always($"Triggering NMI on APIC ID {apicId:x}");
        host.Interrupts.LocalApic.SendNmi(apicId);
    }
}
