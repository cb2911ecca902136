using Xenith.Hypervisor.Domains;

namespace Xenith.Hypervisor.Console;

/// <summary>What arrives on the serial line goes to dom0's console.</summary>
internal static class ConsoleInput
{
    /// <summary>Takes everything that has arrived.</summary>
    internal static void Receive(Host host)
    {
        bool any = false;
        while (host.Log.Serial.TryReceive(out byte value))
        {
            host.ConsoleInput.Put(value);
            any = true;
        }
        if (any && host.Domains.Find(0) is Domain dom0)
            dom0.Events.RaiseGlobalVirq((uint)Xenith.Abi.Virq.Console);
    }
}
