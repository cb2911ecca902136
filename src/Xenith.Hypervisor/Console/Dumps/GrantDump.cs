using Xenith.Hypervisor.Domains;

namespace Xenith.Hypervisor.Console;

/// <summary>Key g: the grants of each domain that somebody uses.</summary>
internal static class GrantDump
{
    internal static void Print(Host host)
    {
        host.Log.Always($"gnttab_usage_print_all [ key 'g' pressed");
        host.Log.Always($"      -------- active --------       -------- shared --------");
        host.Log.Always($"[ref] localdom mfn      pin          localdom gmfn     flags");
        for (int id = 0; id < host.Domains.End; id++)
        {
            if (host.Domains.Find((ulong)id) is Domain domain)
                domain.Grants.Dump(host.Log);
        }
        host.Log.Always($"gnttab_usage_print_all ] done");
    }
}
