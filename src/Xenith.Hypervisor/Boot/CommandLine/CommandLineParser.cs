// Reads the command line into options. Nothing in it can stop the boot: what is not known or makes no sense is shown to the caller, who
// has a log, and the option keeps its value. The parser stops at each such place and goes on when asked:
//
//     CommandLineParser parser = new(text);
//     while (parser.MoveNext())
//         log.Warning(...parser.Problem, parser.Option...);
//     options = parser.Options;

using System;

namespace Xenith.Hypervisor.Boot;

internal enum OptionProblem
{
    None,

    /// <summary>No option of Xen has this name.</summary>
    Unknown,

    /// <summary>Real Xen has the option; here it has no effect.</summary>
    WithoutEffect,

    /// <summary>The value makes no sense for the option.</summary>
    BadValue,
}

/// <summary>Reads a command line; see the head of the file.</summary>
internal ref struct CommandLineParser(ReadOnlySpan<byte> commandLine)
{
    private OptionEnumerator _rest = new(commandLine);
    private HypervisorOptions _options = HypervisorOptions.Default;

    /// <summary>What has been read so far; complete when <see cref="MoveNext"/> has answered false.</summary>
    internal readonly HypervisorOptions Options => _options;

    /// <summary>What is wrong with <see cref="Option"/>.</summary>
    internal OptionProblem Problem { get; private set; }

    /// <summary>The option at which the parser stopped.</summary>
    internal readonly Option Option => _rest.Current;

    // Options of real Xen that change nothing here: what they would switch does not exist, is always on, or is found out.
    private static ReadOnlySpan<byte> WithoutEffect =>
        "placeholder no-real-mode edd edid vga com2 acpi apic apic_verbosity x2apic x2apic_phys sync_console console_timestamps "u8
        + "console_to_ring conswitch crashkernel cpufreq cpuid cpuidle cpuinfo max_cstate mwait-idle dom0 dom0-iommu dom0_nodes "u8
        + "dom0_vcpus_pin hap ept gnttab gnttab_max_frames gnttab_max_maptrack_frames hpet kexec lapic mce nmi numa pci pcid psr pv "u8
        + "pv-l1tf reboot sched-gran tbuf_size tsc tsc_max ucode vpid vpmu xsave bootscrub cet mmcfg msi pku rdrand "u8
        + "serial_tx_buffer sched_credit_tslice_ms sched_ratelimit_us softtsc suspend viridian-version wallclock"u8;

    /// <summary>Goes on to the next option with a problem; false at the end of the command line.</summary>
    internal bool MoveNext()
    {
        while (_rest.MoveNext())
        {
            Problem = Apply(_rest.Current);
            if (Problem != OptionProblem.None)
            {
                return true;
            }
        }

        Problem = OptionProblem.None;
        return false;
    }

    private static bool IsWithoutEffect(Option option)
    {
        foreach (Option known in new OptionEnumerator(WithoutEffect))
        {
            if (known.Text.SequenceEqual(option.Name) || known.Text.SequenceEqual(option.WrittenName))
            {
                return true;
            }
        }

        return false;
    }

    private OptionProblem Apply(Option option)
    {
        if (TryApplySwitch(option, out bool valid) || TryApplyValue(option, out valid))
        {
            return valid ? OptionProblem.None : OptionProblem.BadValue;
        }

        return IsWithoutEffect(option) ? OptionProblem.WithoutEffect : OptionProblem.Unknown;
    }

    // The booleans. The answer says whether the name is one of them.
    private bool TryApplySwitch(Option option, out bool valid)
    {
        valid = false;
        if (option.Is("noreboot"u8))
        {
            valid = OptionValues.TryBoolean(option, out bool value);
            _options.NoReboot = valid ? value : _options.NoReboot;
            return true;
        }

        if (option.Is("nosmp"u8))
        {
            valid = OptionValues.TryBoolean(option, out bool value);
            _options.MaximumCpus = valid && value ? 1 : _options.MaximumCpus;
            return true;
        }

        return false;
    }

    // The others. "no-name" without a value is the value "no"; most do not understand it, but that is theirs to say.
    private bool TryApplyValue(Option option, out bool valid)
    {
        bool isText = OptionValues.TryText(option, out ReadOnlySpan<byte> value);
        bool known = true;
        valid = false;
        if (option.Is("dom0_mem"u8))
        {
            valid = isText && Dom0MemoryOption.TryParse(value, ref _options.Dom0Memory);
        }
        else if (option.Is("dom0_max_vcpus"u8))
        {
            valid = isText && TryVcpus(value);
        }
        else if (option.Is("console"u8))
        {
            valid = isText && TryConsole(value);
        }
        else if (option.Is("com1"u8))
        {
            valid = isText && SerialOption.TryParse(value, ref _options.Com1);
        }
        else if (option.Is("loglvl"u8))
        {
            valid = isText && LogLevelOption.TryParse(value, ref _options.LogLevel);
        }
        else if (option.Is("guest_loglvl"u8))
        {
            valid = isText && LogLevelOption.TryParse(value, ref _options.GuestLogLevel);
        }
        else if (option.Is("sched"u8))
        {
            valid = isText && TryScheduler(value);
        }
        else if (option.Is("smap"u8))
        {
            valid = isText && TryProtection(value, ref _options.Smap);
        }
        else if (option.Is("smep"u8))
        {
            valid = isText && TryProtection(value, ref _options.Smep);
        }
        else if (option.Is("conring_size"u8))
        {
            valid = OptionValues.TrySize(value, out ulong bytes) && isText;
            _options.ConsoleRingSize = valid ? bytes : _options.ConsoleRingSize;
        }
        else if (option.Is("clocksource"u8))
        {
            valid = isText && TryClockSource(value);
        }
        else if (option.Is("maxcpus"u8))
        {
            // 0 means no limit, as if nothing had been said.
            valid = OptionValues.TryInteger(value, out uint count) && isText;
            _options.MaximumCpus = !valid ? _options.MaximumCpus : count == 0 ? uint.MaxValue : count;
        }
        else if (option.Is("watchdog"u8))
        {
            valid = isText && TryWatchdog(value);
        }
        else if (option.Is("watchdog_timeout"u8))
        {
            valid = OptionValues.TryInteger(value, out uint seconds) && isText;
            _options.WatchdogTimeout = valid ? seconds : _options.WatchdogTimeout;
        }
        else if (option.Is("spec-ctrl"u8))
        {
            valid = isText && Speculation.SpeculationOptions.TryParse(value, ref _options.Speculation);
        }
        else if (option.Is("xpti"u8))
        {
            valid = isText && Speculation.SpeculationOptions.TryParseXpti(value, ref _options.Speculation);
        }
        else if (option.Is("iommu"u8))
        {
            valid = isText && TryIommu(value);
        }
        else
        {
            known = false;
        }

        return known;
    }

    // N, MIN-MAX, MIN- or -MAX.
    private bool TryVcpus(ReadOnlySpan<byte> value)
    {
        int dash = value.IndexOf((byte)'-');
        uint minimum = 1;
        uint maximum = uint.MaxValue;
        bool valid;
        if (dash < 0)
        {
            valid = OptionValues.TryInteger(value, out minimum);
            maximum = minimum;
        }
        else
        {
            ReadOnlySpan<byte> low = value.Slice(0, dash);
            ReadOnlySpan<byte> high = value.Slice(dash + 1);
            valid = (low.IsEmpty || OptionValues.TryInteger(low, out minimum)) && (high.IsEmpty || OptionValues.TryInteger(high, out maximum))
                && !(low.IsEmpty && high.IsEmpty);
        }

        valid = valid && minimum <= maximum && maximum > 0;
        _options.Dom0MinimumVcpus = valid ? minimum : _options.Dom0MinimumVcpus;
        _options.Dom0MaximumVcpus = valid ? maximum : _options.Dom0MaximumVcpus;
        return valid;
    }

    // A list; a letter behind a serial port (com1H, com1L) shares the port with a debugger, which does not exist here.
    private bool TryConsole(ReadOnlySpan<byte> value)
    {
        ConsoleOption console = default;
        bool any = false;
        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            bool isVga = item.SequenceEqual("vga"u8);
            bool isCom1 = item.SequenceEqual("com1"u8) || item.SequenceEqual("com1H"u8) || item.SequenceEqual("com1L"u8);
            bool isCom2 = item.SequenceEqual("com2"u8) || item.SequenceEqual("com2H"u8) || item.SequenceEqual("com2L"u8);
            if (!isVga && !isCom1 && !isCom2 && !item.SequenceEqual("none"u8))
            {
                return false;
            }

            any = true;
            console.Vga |= isVga;
            console.Com1 |= isCom1;
            console.Com2 |= isCom2;
        }

        if (any)
        {
            _options.Console = console;
        }

        return any;
    }

    private bool TryScheduler(ReadOnlySpan<byte> value)
    {
        int number = value.SequenceEqual("credit"u8) ? (int)SchedulerOption.Credit
            : value.SequenceEqual("credit2"u8) ? (int)SchedulerOption.Credit2
            : value.SequenceEqual("rtds"u8) ? (int)SchedulerOption.Rtds
            : value.SequenceEqual("arinc653"u8) ? (int)SchedulerOption.Arinc653
            : value.SequenceEqual("null"u8) ? (int)SchedulerOption.Null
            : -1;
        _options.Scheduler = number >= 0 ? (SchedulerOption)number : _options.Scheduler;
        return number >= 0;
    }

    private bool TryClockSource(ReadOnlySpan<byte> value)
    {
        int number = value.SequenceEqual("auto"u8) ? (int)ClockSourceOption.Automatic
            : value.SequenceEqual("pit"u8) ? (int)ClockSourceOption.Pit
            : value.SequenceEqual("hpet"u8) ? (int)ClockSourceOption.Hpet
            : value.SequenceEqual("acpi"u8) ? (int)ClockSourceOption.Acpi
            : value.SequenceEqual("tsc"u8) ? (int)ClockSourceOption.Tsc
            : -1;
        _options.ClockSource = number >= 0 ? (ClockSourceOption)number : _options.ClockSource;
        return number >= 0;
    }

    private static bool TryProtection(ReadOnlySpan<byte> value, ref ProtectionOption protection)
    {
        if (value.SequenceEqual("hvm"u8))
        {
            protection = ProtectionOption.GuestsOnly;
            return true;
        }

        bool on = true;
        if (!value.IsEmpty && !OptionValues.TryBoolean(value, out on))
        {
            return false;
        }

        protection = on ? ProtectionOption.On : ProtectionOption.Off;
        return true;
    }

    private bool TryWatchdog(ReadOnlySpan<byte> value)
    {
        if (value.SequenceEqual("force"u8))
        {
            _options.Watchdog = WatchdogOption.Forced;
            return true;
        }

        bool on = true;
        if (!value.IsEmpty && !OptionValues.TryBoolean(value, out on))
        {
            return false;
        }

        _options.Watchdog = on ? WatchdogOption.On : WatchdogOption.Off;
        return true;
    }

    // A list whose items are left to the IOMMU's own code; only whether it is wanted is kept.
    private bool TryIommu(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            _options.Iommu = IommuOption.On;
        }

        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            bool isSwitch = OptionValues.TryBoolean(item, out bool on);
            if (item.SequenceEqual("force"u8) || item.SequenceEqual("required"u8))
            {
                _options.Iommu = IommuOption.Forced;
            }
            else if (isSwitch)
            {
                _options.Iommu = on ? IommuOption.On : IommuOption.Off;
            }
            else if (_options.Iommu == IommuOption.NotGiven)
            {
                _options.Iommu = IommuOption.On;
            }
        }

        return true;
    }
}
