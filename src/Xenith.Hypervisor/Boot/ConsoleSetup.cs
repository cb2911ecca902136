using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>The console in the course of booting: lines that print from the first word on, then interrupts and a larger ring, at last dom0 at the keyboard.</summary>
internal static class ConsoleSetup
{
    private const ulong LargestRing = 1UL << 30;

    /// <summary>Opens what `console` names.</summary>
    internal static ConsoleLog Open(in HypervisorOptions options)
    {
        ConsoleOption console = options.Console;
        ConsoleLog log = new(console.Com1 ? new SerialPort(in options.Com1, console.Com1Half) : new SerialPort())
        {
            Second = console.Com2 ? new SerialPort(in options.Com2, console.Com2Half) : new SerialPort(),
            Timestamps = options.Timestamps,
            GuestsToRing = options.GuestsToRing,
        };
        log.Host.Set(options.LogLevel);
        log.Guest.Set(options.GuestLogLevel);
        log.Restart.Apply(in options);
        return log;
    }

    /// <summary>Once there are memory and interrupt controllers: the ring gets its size, and serial lines interrupt.</summary>
    internal static void Finish(Host host, in HypervisorOptions options)
    {
        GrowRing(host, options.ConsoleRingSize);
        host.ConsoleInput.SwitchLetter = options.SwitchCharacter;
        bool polls = !Connect(host, host.Log.Serial, options.SyncConsole);
        polls |= !Connect(host, host.Log.Second, options.SyncConsole);
        if (polls)
            Pcpu.Current.Timers.Set(new ConsolePolling(host), host.Time.Now);
    }

    /// <summary>The last lines before dom0 runs.</summary>
    internal static void GiveToDom0(Host host, in HypervisorOptions options)
    {
        PrintLevels(host.Log);
        host.ConsoleInput.Switch(host.Log, options.KeepInput);
        host.Log.TellsReaders = true;
    }

    /// <summary>What `loglvl` and `guest_loglvl` have come to.</summary>
    private static void PrintLevels(ConsoleLog log)
    {
        Print(log, "Std.", log.Host);
        Print(log, "Guest", log.Guest);
    }

    private static void Print(ConsoleLog log, string which, LogThreshold levels)
    {
        if (levels.Always == levels.Limited)
            log.Always($"{which} Loglevel: {LogThreshold.Words(levels.Always)}");
        else
            log.Always($"{which} Loglevel: {LogThreshold.Words(levels.Always)} (Rate-limited: {LogThreshold.Words(levels.Limited)})");
    }

    /// <summary>
    /// The size that was asked for, or 512 bytes for each CPU, doubled for each level that is always printed; down to a power of two, and not below the size
    /// that the ring has from the start.
    /// </summary>
    private static void GrowRing(Host host, ulong wanted)
    {
        if (wanted == 0)
            wanted = (ulong)host.Platform.CpuCount << 9 + host.Log.Host.Always;
        ulong size = ConsoleRing.InitialSize;
        int order = 2;
        while (size * 2 <= wanted && size * 2 <= LargestRing && order < PageAllocator.MaxOrder)
        {
            size *= 2;
            order++;
        }
        while (size > ConsoleRing.InitialSize)
        {
            if (host.Memory.Allocator.TryAllocate(order, AllocationFlags.Unscrubbed, out Mfn first))
            {
                host.Log.GrowRing(Table<byte>.Over(first.Address, size));
                break;
            }
            size /= 2;
            order--;
        }
        host.Log.Always($"Allocated console ring of {size >> 10} KiB.");
    }

    /// <summary>Connects a port's interrupt. False if the port is there and has none: then it is to be polled.</summary>
    private static bool Connect(Host host, SerialPort port, bool synchronous)
    {
        if (!port.IsPresent)
            return true;
        if (port.Irq == 0 || !host.Interrupts.TryRouteConsole(port.Irq))
            return false;
        port.ConnectInterrupt(synchronous);
        return true;
    }
}
