using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Memory;
using Xenith.Hypervisor.Power;

namespace Xenith.Hypervisor.Console;

/// <summary>
/// The debug keys: single characters, typed on the serial line after three Ctrl-A or sent by dom0, each of which prints something. The letters are Xen's. `d`, `q`
/// and `t` print what Xen prints and a little more. A key runs out of interrupts, with interrupts on and on behalf of nobody, on the way out to a guest.
/// </summary>
internal static class DebugKeys
{
    /// <summary>What a key does, in the words that `h` prints; null if there is no such key.</summary>
    internal static string? Describe(byte key) => (char)key switch
    {
        '*' => "print all diagnostics",
        '+' => "increase log level threshold",
        '-' => "decrease log level threshold",
        '0' => "dump Dom0 registers",
        'A' => "toggle alternative key handling",
        'G' => "toggle host/guest log level adjustment",
        'H' => "dump heap info",
        'M' => "dump MSI state",
        'N' => "trigger an NMI",
        'Q' => "dump PCI devices",
        'R' => "reboot machine",
        'a' => "dump timer queues",
        'c' => "dump ACPI Cx structures",
        'd' => "dump registers, and the domains",
        'e' => "dump evtchn info",
        'g' => "print grant table usage",
        'h' => "show this message",
        'i' => "dump interrupt bindings",
        'm' => "memory info",
        'n' => "NMI statistics",
        'q' => "dump domain (and guest debug) info, and the run queues",
        'r' => "dump run queues",
        's' => "dump softtsc stats",
        't' => "display multi-cpu clock info, and the timer queues",
        'u' => "dump NUMA info",
        'w' => "synchronously dump console ring buffer (dmesg)",
        'z' => "dump IOAPIC info",
        _ => null,
    };

    /// <summary>True for a key that only prints: `*` runs them all.</summary>
    internal static bool IsDiagnostic(byte key) => Describe(key) is not null && (char)key is not ('*' or '+' or '-' or 'A' or 'G' or 'N' or 'R' or 'h' or 'w');

    /// <summary>Runs a key: what Xen's `xl debug-keys` asks for, or what was typed. False if there is no such key; nothing is printed then.</summary>
    internal static bool Press(Host host, byte key)
    {
        if (Describe(key) is null)
            return false;
        ConsoleLog log = host.Log;
        switch ((char)key)
        {
            case '*':
                All(host);
                break;
            case '+' or '-':
                LogLevelKeys.Adjust(log, host.KeyState, key);
                break;
            case '0':
                RegisterDump.PrintDom0(host);
                break;
            case 'A':
                host.KeyState.IsAlternative = !host.KeyState.IsAlternative;
                log.Always($"'A' pressed -> using {(host.KeyState.IsAlternative ? "alternative" : "normal")} key handling");
                break;
            case 'G':
                host.KeyState.AdjustsGuest = !host.KeyState.AdjustsGuest;
                log.Always($"'G' pressed -> {(host.KeyState.AdjustsGuest ? "guest" : "standard")} log level adjustments enabled");
                break;
            case 'H':
                MemoryDump.PrintHeap(host);
                break;
            case 'M':
                InterruptDump.PrintMessages(host);
                break;
            case 'N':
                NmiDump.Trigger(host);
                break;
            case 'Q':
                host.Pci.Dump(log);
                break;
            case 'R':
                log.Always($"'R' pressed -> rebooting machine");
                log.SendAll();
                MachineControl.Reboot(log.Restart);
                break;
            case 'a':
                TimerDump.PrintQueues(host);
                break;
            case 'c':
                TimerDump.PrintIdle(host);
                break;
            case 'd':
                RegisterDump.PrintCpus(host);
                DomainDump.PrintList(host);
                break;
            case 'e':
                EventDump.Print(host);
                break;
            case 'g':
                GrantDump.Print(host);
                break;
            case 'h':
                Help(log);
                break;
            case 'i':
                InterruptDump.Print(host);
                break;
            case 'm':
                MemoryDump.Print(host);
                break;
            case 'n':
                NmiDump.Print(host);
                break;
            case 'q':
                DomainDump.Print(host);
                RunQueueDump.Print(host);
                break;
            case 'r':
                RunQueueDump.Print(host);
                break;
            case 's':
                TscDump.Print(host);
                break;
            case 't':
                TimerDump.PrintClocks(host);
                TimerDump.PrintQueues(host);
                break;
            case 'u':
                NumaReport.Print(log, host);
                break;
            case 'w':
                RingDump.Print(log);
                break;
            case 'z':
                InterruptDump.PrintIoApics(host);
                break;
        }
        return true;
    }

    private static void Help(ConsoleLog log)
    {
        log.Always($"'h' pressed -> showing installed handlers");
        for (byte key = 0x20; key < 0x7f; key++)
        {
            if (Describe(key) is string what)
                log.Always($" key '{(char)key}' (ascii '{key:x2}') => {what}");
        }
    }

    private static void All(Host host)
    {
        host.Log.Always($"'*' pressed -> firing all diagnostic keyhandlers");
        for (byte key = 0x20; key < 0x7f; key++)
        {
            if (!IsDiagnostic(key))
                continue;
            host.Log.Always($"[{(char)key}: {Describe(key) ?? ""}]");
            Press(host, key);
        }
    }
}

/// <summary>What keys have switched.</summary>
internal sealed class DebugKeyState
{
    /// <summary>Key A: in Xen some keys then print with other locking. There is one way here, so only the answer changes.</summary>
    internal bool IsAlternative { get; set; }

    /// <summary>Key d's call to other CPUs.</summary>
    internal RegisterDump.Call RegisterCall { get; } = new();

    /// <summary>Key 0's.</summary>
    internal RegisterDump.VcpuCall VcpuCall { get; } = new();

    /// <summary>Key G: + and - change what is printed about guests.</summary>
    internal bool AdjustsGuest { get; set; }
}
