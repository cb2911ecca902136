// The options of the hypervisor's command line, with the values that hold if nothing is said: real Xen's, except for the scheduler.

namespace Xenith.Hypervisor.Boot;

/// <summary>Where the hypervisor's own messages go.</summary>
internal struct ConsoleOption
{
    internal bool Vga;
    internal bool Com1;
    internal bool Com2;
}

internal enum SchedulerOption : byte
{
    Credit,
    Credit2,
    Rtds,
    Arinc653,
    Null,
}

internal enum ClockSourceOption : byte
{
    Automatic,
    Pit,
    Hpet,
    Acpi,
    Tsc,
}

/// <summary>For whom a protection of the CPU is on.</summary>
internal enum ProtectionOption : byte
{
    On,
    Off,

    /// <summary>For hardware-virtualised guests only, not for the hypervisor itself.</summary>
    GuestsOnly,
}

internal enum WatchdogOption : byte
{
    Off,
    On,

    /// <summary>Also on machines where it is known not to be reliable.</summary>
    Forced,
}

/// <summary>What was asked about the IOMMU.</summary>
internal enum IommuOption : byte
{
    NotGiven,
    On,
    Off,

    /// <summary>Wanted, and boot shall not go on without it.</summary>
    Forced,
}

/// <summary>All options. <see cref="Default"/> is the state before the command line is read.</summary>
internal struct HypervisorOptions
{
    /// <summary>dom0_mem.</summary>
    internal Dom0MemoryOption Dom0Memory;

    /// <summary>dom0_max_vcpus: dom0 gets as many vCPUs as there are CPUs, but at least and at most so many.</summary>
    internal uint Dom0MinimumVcpus, Dom0MaximumVcpus;

    /// <summary>console.</summary>
    internal ConsoleOption Console;

    /// <summary>com1.</summary>
    internal SerialOption Com1;

    /// <summary>loglvl.</summary>
    internal LogLevelOption LogLevel;

    /// <summary>guest_loglvl.</summary>
    internal LogLevelOption GuestLogLevel;

    /// <summary>noreboot: stop after a crash instead of restarting the machine.</summary>
    internal bool NoReboot;

    /// <summary>sched.</summary>
    internal SchedulerOption Scheduler;

    /// <summary>smap.</summary>
    internal ProtectionOption Smap;

    /// <summary>smep.</summary>
    internal ProtectionOption Smep;

    /// <summary>conring_size in bytes.</summary>
    internal ulong ConsoleRingSize;

    /// <summary>clocksource.</summary>
    internal ClockSourceOption ClockSource;

    /// <summary>maxcpus; the largest number if nothing was said. nosmp makes it 1.</summary>
    internal uint MaximumCpus;

    /// <summary>watchdog.</summary>
    internal WatchdogOption Watchdog;

    /// <summary>watchdog_timeout in seconds.</summary>
    internal uint WatchdogTimeout;

    /// <summary>iommu; only remembered.</summary>
    internal IommuOption Iommu;

    /// <summary>spec-ctrl and xpti.</summary>
    internal Speculation.SpeculationOptions Speculation;

    /// <summary>What holds if nothing is said.</summary>
    internal static HypervisorOptions Default => new()
    {
        Dom0MinimumVcpus = 1,
        Dom0MaximumVcpus = uint.MaxValue,
        Console = new ConsoleOption { Vga = true, Com1 = true },
        Com1 = SerialOption.Com1,
        LogLevel = new LogLevelOption { Always = 2, Limited = 2 },
        GuestLogLevel = new LogLevelOption { Always = 0, Limited = 2 },
        ConsoleRingSize = 16 << 10,
        MaximumCpus = uint.MaxValue,
        WatchdogTimeout = 5,
    };
}
