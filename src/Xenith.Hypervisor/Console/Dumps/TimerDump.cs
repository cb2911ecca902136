using Xenith.Hypervisor.Time;

namespace Xenith.Hypervisor.Console;

/// <summary>Keys a, t and c: timers, clocks and idling.</summary>
internal static class TimerDump
{
    /// <summary>What each CPU's timer will fire for, and in how many microseconds.</summary>
    internal static void PrintQueues(Host host)
    {
        host.Log.Always($"Dumping timer queues:");
        for (uint id = 0; id < host.Pcpus.End; id++)
        {
            if (host.Pcpus.Find(id) is not Pcpu cpu)
                continue;
            host.Log.Always($"CPU{id:d2}:");
            cpu.Timers.Dump(host.Log, host.Time.Now);
        }
    }

    internal static void PrintClocks(Host host)
    {
        SystemTime time = host.Time;
        ulong now = time.Now;
        host.Log.Always($"System time {now} ns, TSC {time.TscHertz / 1000} kHz (mul {time.PvclockMultiplier:x8}, shift {(int)time.PvclockShift})");
        host.Log.Always($"Wall clock at system time 0: {time.WallClockSeconds}.{(ulong)time.WallClockNanoseconds:d9} s");
    }

    /// <summary>The one state that idle CPUs are put in.</summary>
    internal static void PrintIdle(Host host)
    {
        host.Log.Always($"'c' pressed -> printing ACPI Cx structures");
        host.Log.Always($"max state: C1");
        for (uint id = 0; id < host.Pcpus.End; id++)
        {
            if (host.Pcpus.Find(id) is not Pcpu cpu)
                continue;
            host.Log.Always($"==cpu{id}==");
            host.Log.Always($"    C1:\ttype[C1] latency[  0] usage[{cpu.IdlePeriods,8}] method[ HALT]");
        }
    }
}
