using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Events;

namespace Xenith.Hypervisor.Console;

/// <summary>Key e: what each event channel is bound to.</summary>
internal static class EventDump
{
    internal static void Print(Host host)
    {
        host.Log.Always($"'e' pressed -> dumping event-channel info");
        for (int id = 0; id < host.Domains.End; id++)
        {
            if (host.Domains.Find((ulong)id) is Domain domain)
                Print(host.Log, domain);
        }
    }

    private static void Print(ConsoleLog log, Domain domain)
    {
        log.Always($"Event channel information for domain {domain.Id}:");
        log.Always($"    port [p/m/s]");
        for (uint port = 1; domain.Events.IsValid(port); port++)
        {
            PortBinding binding = domain.Events.BindingOf(port);
            if (binding.State == EventChannelState.Closed)
                continue;
            LogText text = new(0, 0);
            text.AppendFormatted(port, 8);
            text.AppendLiteral(domain.Events.IsPending(port) ? " [1/" : " [0/");
            text.AppendLiteral(domain.Events.IsMasked(port) ? "1/  -   ]: s=" : "0/  -   ]: s=");
            text.AppendFormatted((uint)binding.State);
            text.AppendLiteral(" n=");
            text.AppendFormatted(binding.Vcpu);
            text.AppendLiteral(" x=0");
            Target(ref text, domain, binding);
            log.Always(text);
        }
    }

    private static void Target(ref LogText text, Domain domain, PortBinding binding)
    {
        switch (binding.State)
        {
            case EventChannelState.Unbound:
                text.AppendLiteral(" d=");
                text.AppendFormatted(binding.Domain);
                break;
            case EventChannelState.Interdomain:
                text.AppendLiteral(" d=");
                text.AppendFormatted(binding.Domain);
                text.AppendLiteral(" p=");
                text.AppendFormatted(binding.Value);
                break;
            case EventChannelState.Pirq:
                text.AppendLiteral(" p=");
                text.AppendFormatted(binding.Value);
                if (domain.Pirqs.IsMapped(binding.Value))
                {
                    text.AppendLiteral(" i=");
                    text.AppendFormatted(domain.Pirqs.NumberOf(binding.Value));
                }
                break;
            case EventChannelState.Virq:
                text.AppendLiteral(" v=");
                text.AppendFormatted(binding.Value);
                break;
        }
    }
}
