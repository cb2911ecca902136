// CPUs, their interrupt controllers, clocks and watchdogs, and what of the chip set is used.

using System;

namespace Xenith.Hypervisor.Boot;

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

/// <summary>nmi: what happens at an NMI that reports a parity or I/O error.</summary>
internal enum NmiOption : byte
{
    /// <summary>dom0 is told.</summary>
    Dom0,
    Ignore,

    /// <summary>The host panics.</summary>
    Fatal,
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

internal partial struct HypervisorOptions
{
    /// <summary>maxcpus; the largest number if nothing was said. nosmp makes it 1.</summary>
    internal uint MaximumCpus;

    /// <summary>smt: all threads of a core are started, not only the first.</summary>
    internal SwitchOption Smt;

    /// <summary>x2apic: the local APICs may be used in that mode.</summary>
    internal bool X2Apic;

    /// <summary>x2apic_phys or x2apic-mode=physical: single CPUs are addressed, not clusters.</summary>
    internal SwitchOption X2ApicPhysical;

    /// <summary>tdt: the local APIC timer may be used in TSC-deadline mode.</summary>
    internal bool TscDeadline;

    /// <summary>smap.</summary>
    internal ProtectionOption Smap;

    /// <summary>smep.</summary>
    internal ProtectionOption Smep;

    /// <summary>global-pages: translations of the hypervisor and of the guests' user mode outlive a load of CR3.</summary>
    internal SwitchOption GlobalPages;

    /// <summary>clocksource.</summary>
    internal ClockSourceOption ClockSource;

    /// <summary>hpet: the HPET may be used.</summary>
    internal bool Hpet;

    /// <summary>ro-hpet: dom0 may read the HPET's registers and not write them.</summary>
    internal bool ReadOnlyHpet;

    /// <summary>watchdog.</summary>
    internal WatchdogOption Watchdog;

    /// <summary>watchdog_timeout in seconds; 0 turns the watchdog off.</summary>
    internal uint WatchdogTimeout;

    /// <summary>nmi.</summary>
    internal NmiOption Nmi;

    /// <summary>noirqbalance: interrupts stay on the CPU that they were first given.</summary>
    internal bool NoIrqBalance;

    /// <summary>irq-max-guests: domains that can share an interrupt.</summary>
    internal uint MostGuestsOfInterrupt;

    /// <summary>irq_ratelimit: interrupts of one source in 10 ms from which on it is held back; 0 for no limit.</summary>
    internal uint InterruptRateLimit;

    /// <summary>msi: message-signalled interrupts may be used.</summary>
    internal bool Msi;

    /// <summary>mmcfg: memory-mapped PCI configuration space may be used.</summary>
    internal bool Mmcfg;

    /// <summary>iommu; only remembered.</summary>
    internal IommuOption Iommu;

    /// <summary>cpuidle: deeper sleep than HLT may be used.</summary>
    internal SwitchOption CpuIdle;

    private void SetProcessorDefaults()
    {
        MaximumCpus = uint.MaxValue;
        X2Apic = true;
        TscDeadline = true;
        Hpet = true;
        Msi = true;
        MostGuestsOfInterrupt = 32;
        InterruptRateLimit = 10_000;
        Mmcfg = true;
        ReadOnlyHpet = true;
        WatchdogTimeout = 5;
    }

    private bool ApplyProcessors(Option option, ref bool valid)
    {
        bool isText = OptionValues.TryText(option, out ReadOnlySpan<byte> value);
        if (option.Is("maxcpus"u8))
            valid = TryMaximumCpus(option);
        else if (option.Is("nosmp"u8))
            valid = TryNoSmp(option);
        else if (option.Is("x2apic-mode"u8))
            valid = isText && TryX2ApicMode(value);
        else if (option.Is("smap"u8))
            valid = isText && TryProtection(value, ref Smap);
        else if (option.Is("smep"u8))
            valid = isText && TryProtection(value, ref Smep);
        else if (option.Is("clocksource"u8))
            valid = isText && TryClockSource(value);
        else if (option.Is("hpet"u8))
            valid = isText && TryHpet(value);
        else if (option.Is("watchdog"u8))
            valid = isText && TryWatchdog(value);
        else if (option.Is("nmi"u8))
            valid = isText && TryNmi(value);
        else if (option.Is("mmcfg"u8))
            valid = isText && TryMmcfg(value);
        else if (option.Is("iommu"u8))
            valid = isText && TryIommu(value);
        else
            return OptionValues.Switch(option, "smt"u8, ref Smt, ref valid)
                || OptionValues.Flag(option, "x2apic"u8, ref X2Apic, ref valid)
                || OptionValues.Switch(option, "global-pages"u8, ref GlobalPages, ref valid)
                || OptionValues.Switch(option, "x2apic_phys"u8, ref X2ApicPhysical, ref valid)
                || OptionValues.Flag(option, "tdt"u8, ref TscDeadline, ref valid)
                || OptionValues.Number(option, "watchdog_timeout"u8, ref WatchdogTimeout, ref valid)
                || OptionValues.Number(option, "irq-max-guests"u8, ref MostGuestsOfInterrupt, ref valid)
                || OptionValues.Number(option, "irq_ratelimit"u8, ref InterruptRateLimit, ref valid)
                || OptionValues.Flag(option, "noirqbalance"u8, ref NoIrqBalance, ref valid)
                || OptionValues.Flag(option, "msi"u8, ref Msi, ref valid)
                || OptionValues.Flag(option, "ro-hpet"u8, ref ReadOnlyHpet, ref valid)
                || OptionValues.Switch(option, "cpuidle"u8, ref CpuIdle, ref valid);
        return true;
    }

    // 0 means no limit, as if nothing had been said.
    private bool TryMaximumCpus(Option option)
    {
        uint count = 0;
        if (!OptionValues.TryNumber(option, ref count))
            return false;
        MaximumCpus = count == 0 ? uint.MaxValue : count;
        return true;
    }

    private bool TryNoSmp(Option option)
    {
        bool valid = OptionValues.TryBoolean(option, out bool value);
        MaximumCpus = valid && value ? 1 : MaximumCpus;
        return valid;
    }

    private bool TryX2ApicMode(ReadOnlySpan<byte> value)
    {
        bool isPhysical = value.SequenceEqual("physical"u8) || value.SequenceEqual("mixed"u8);
        bool valid = isPhysical || value.SequenceEqual("cluster"u8);
        if (valid)
            X2ApicPhysical = isPhysical ? SwitchOption.On : SwitchOption.Off;
        return valid;
    }

    private bool TryClockSource(ReadOnlySpan<byte> value)
    {
        int number = value.SequenceEqual("auto"u8) ? (int)ClockSourceOption.Automatic
            : value.SequenceEqual("pit"u8) ? (int)ClockSourceOption.Pit
            : value.SequenceEqual("hpet"u8) ? (int)ClockSourceOption.Hpet
            : value.SequenceEqual("acpi"u8) ? (int)ClockSourceOption.Acpi
            : value.SequenceEqual("tsc"u8) ? (int)ClockSourceOption.Tsc
            : -1;
        ClockSource = number >= 0 ? (ClockSourceOption)number : ClockSource;
        return number >= 0;
    }

    // broadcast and legacy-replacement concern uses of the HPET that do not exist here: there is no broadcast, and no tick from it.
    private bool TryHpet(ReadOnlySpan<byte> value)
    {
        bool use = value.IsEmpty || Hpet;
        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            if (OptionValues.TryBoolean(item, out bool on))
                use = on;
            else if (!OptionValues.TryBooleanItem(item, "broadcast"u8, out _) && !OptionValues.TryBooleanItem(item, "legacy-replacement"u8, out _))
                return false;
        }
        Hpet = use;
        return true;
    }

    private bool TryMmcfg(ReadOnlySpan<byte> value)
    {
        bool use = value.IsEmpty || Mmcfg;
        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            if (OptionValues.TryBoolean(item, out bool on))
                use = on;
            else if (!OptionValues.TryBooleanItem(item, "amd-fam10"u8, out _) && !OptionValues.TryBooleanItem(item, "amd_fam10"u8, out _))
                return false;
        }
        Mmcfg = use;
        return true;
    }

    private bool TryNmi(ReadOnlySpan<byte> value)
    {
        int number = value.SequenceEqual("dom0"u8) ? (int)NmiOption.Dom0
            : value.SequenceEqual("ignore"u8) ? (int)NmiOption.Ignore
            : value.SequenceEqual("fatal"u8) ? (int)NmiOption.Fatal
            : -1;
        Nmi = number >= 0 ? (NmiOption)number : Nmi;
        return number >= 0;
    }

    private static bool TryProtection(ReadOnlySpan<byte> value, ref ProtectionOption protection)
    {
        bool on = true;
        bool guestsOnly = value.SequenceEqual("hvm"u8);
        if (!guestsOnly && !value.IsEmpty && !OptionValues.TryBoolean(value, out on))
            return false;
        protection = guestsOnly ? ProtectionOption.GuestsOnly : on ? ProtectionOption.On : ProtectionOption.Off;
        return true;
    }

    private bool TryWatchdog(ReadOnlySpan<byte> value)
    {
        bool on = true;
        bool forced = value.SequenceEqual("force"u8);
        if (!forced && !value.IsEmpty && !OptionValues.TryBoolean(value, out on))
            return false;
        Watchdog = forced ? WatchdogOption.Forced : on ? WatchdogOption.On : WatchdogOption.Off;
        return true;
    }

    // Only whether it is wanted is kept; the details are for the code that drives one.
    private bool TryIommu(ReadOnlySpan<byte> value)
    {
        IommuOption wanted = value.IsEmpty ? IommuOption.On : Iommu;
        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            if (OptionValues.TryBoolean(item, out bool on))
                wanted = on ? IommuOption.On : IommuOption.Off;
            else if (OptionValues.TryBooleanItem(item, "force"u8, out bool forced) || OptionValues.TryBooleanItem(item, "required"u8, out forced))
                wanted = forced ? IommuOption.Forced : wanted;
            else if (item.SequenceEqual("quarantine=scratch-page"u8) || OptionShape.IsBooleanOf(IommuDetails, item))
                wanted = wanted == IommuOption.NotGiven ? IommuOption.On : wanted;
            else
                return false;
        }
        Iommu = wanted;
        return true;
    }

    private static ReadOnlySpan<byte> IommuDetails =>
        "verbose debug quarantine sharept superpages intremap intpost crash-disable snoop qinval igfx amd-iommu-perdev-intremap dom0-passthrough dom0-strict"u8;
}
