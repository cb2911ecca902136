// Where messages go, which of them, and what happens after the last one.

using System;

namespace Xenith.Hypervisor.Boot;

/// <summary>How a serial line is shared with another program, by the top bit of each byte.</summary>
internal enum SerialHalf : byte
{
    Whole,

    /// <summary>`com1H`: our bytes have the top bit set, both ways.</summary>
    High,

    /// <summary>`com1L`: our bytes have it clear.</summary>
    Low,
}

/// <summary>Where the hypervisor's own messages go.</summary>
internal struct ConsoleOption
{
    internal bool Vga;
    internal bool Com1;
    internal bool Com2;
    internal SerialHalf Com1Half, Com2Half;
}

/// <summary>console_timestamps: what stands between "(XEN) " and the text.</summary>
internal enum TimestampOption : byte
{
    None,

    /// <summary>[YYYY-MM-DD HH:MM:SS]</summary>
    Date,

    /// <summary>[YYYY-MM-DD HH:MM:SS.mmm]</summary>
    DateMilliseconds,

    /// <summary>[SSSSS.uuuuuu] since boot.</summary>
    Boot,

    /// <summary>[XXXXXXXXXXXXXXXX], the TSC.</summary>
    Raw,
}

/// <summary>reboot: the way to restart the machine that is tried first.</summary>
internal enum RebootOption : byte
{
    Automatic,
    Triple,
    Keyboard,
    Acpi,
    Pci,
    Power,
    Efi,

    /// <summary>After a panic the machine stays as it is.</summary>
    None,
}

internal partial struct HypervisorOptions
{
    /// <summary>console.</summary>
    internal ConsoleOption Console;

    /// <summary>com1.</summary>
    internal SerialOption Com1;

    /// <summary>com2.</summary>
    internal SerialOption Com2;

    /// <summary>vga.</summary>
    internal VgaOption Vga;

    /// <summary>loglvl.</summary>
    internal LogLevelOption LogLevel;

    /// <summary>guest_loglvl.</summary>
    internal LogLevelOption GuestLogLevel;

    /// <summary>console_timestamps.</summary>
    internal TimestampOption Timestamps;

    /// <summary>conring_size in bytes; 0 if nothing was said.</summary>
    internal ulong ConsoleRingSize;

    /// <summary>console_to_ring: guests' console output goes into the ring too.</summary>
    internal bool GuestsToRing;

    /// <summary>sync_console: every byte is sent before the writer goes on.</summary>
    internal bool SyncConsole;

    /// <summary>conswitch: Ctrl and this letter, three times, switches the input; 0 for never.</summary>
    internal byte SwitchCharacter;

    /// <summary>conswitch=?x: input stays with the hypervisor when dom0 starts.</summary>
    internal bool KeepInput;

    /// <summary>noreboot: stop after a crash instead of restarting the machine.</summary>
    internal bool NoReboot;

    /// <summary>reboot.</summary>
    internal RebootOption Reboot;

    /// <summary>reboot=warm: tell the firmware to skip its memory test.</summary>
    internal bool WarmReboot;

    private void SetConsoleDefaults()
    {
        Console = new ConsoleOption { Vga = true, Com1 = true };
        Com1 = SerialOption.Com1;
        Com2 = SerialOption.Com2;
        LogLevel = new LogLevelOption { Always = 2, Limited = 2 };
        GuestLogLevel = new LogLevelOption { Always = 0, Limited = 2 };
        SwitchCharacter = (byte)'a';
    }

    private bool ApplyConsole(Option option, ref bool valid)
    {
        bool isText = OptionValues.TryText(option, out ReadOnlySpan<byte> value);
        if (option.Is("console"u8))
            valid = isText && TryConsole(value);
        else if (option.Is("com1"u8))
            valid = isText && SerialOption.TryParse(value, ref Com1);
        else if (option.Is("com2"u8))
            valid = isText && SerialOption.TryParse(value, ref Com2);
        else if (option.Is("vga"u8))
            valid = isText && VgaOption.TryParse(value, ref Vga);
        else if (option.Is("loglvl"u8))
            valid = isText && LogLevelOption.TryParse(value, ref LogLevel);
        else if (option.Is("guest_loglvl"u8))
            valid = isText && LogLevelOption.TryParse(value, ref GuestLogLevel);
        else if (option.Is("console_timestamps"u8))
            valid = isText && TryTimestamps(value);
        else if (option.Is("conring_size"u8))
            valid = OptionValues.TrySize(option, ref ConsoleRingSize);
        else if (option.Is("conswitch"u8))
            valid = isText && TrySwitch(value);
        else if (option.Is("reboot"u8))
            valid = isText && TryReboot(value);
        else
            return OptionValues.Flag(option, "console_to_ring"u8, ref GuestsToRing, ref valid)
                || OptionValues.Flag(option, "sync_console"u8, ref SyncConsole, ref valid)
                || OptionValues.Flag(option, "noreboot"u8, ref NoReboot, ref valid);
        return true;
    }

    private bool TryConsole(ReadOnlySpan<byte> value)
    {
        ConsoleOption console = default;
        bool any = false;
        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            any = true;
            if (item.SequenceEqual("vga"u8))
                console.Vga = true;
            else if (TrySerial(item, "com1"u8, ref console.Com1Half))
                console.Com1 = true;
            else if (TrySerial(item, "com2"u8, ref console.Com2Half))
                console.Com2 = true;
            else if (!item.SequenceEqual("none"u8))
                return false;
        }
        if (any)
            Console = console;
        return any;
    }

    private static bool TrySerial(ReadOnlySpan<byte> item, ReadOnlySpan<byte> name, ref SerialHalf half)
    {
        if (!item.StartsWith(name))
            return false;
        ReadOnlySpan<byte> suffix = item.Slice(name.Length);
        if (suffix.SequenceEqual("H"u8))
            half = SerialHalf.High;
        else if (suffix.SequenceEqual("L"u8))
            half = SerialHalf.Low;
        else if (!suffix.IsEmpty)
            return false;
        return true;
    }

    // The option was a boolean once: its name alone, or "yes", means the date.
    private bool TryTimestamps(ReadOnlySpan<byte> value)
    {
        int number = value.IsEmpty || value.SequenceEqual("date"u8) ? (int)TimestampOption.Date
            : value.SequenceEqual("datems"u8) ? (int)TimestampOption.DateMilliseconds
            : value.SequenceEqual("boot"u8) ? (int)TimestampOption.Boot
            : value.SequenceEqual("raw"u8) ? (int)TimestampOption.Raw
            : value.SequenceEqual("none"u8) ? (int)TimestampOption.None
            : OptionValues.TryBoolean(value, out bool on) ? (int)(on ? TimestampOption.Date : TimestampOption.None)
            : -1;
        Timestamps = number >= 0 ? (TimestampOption)number : Timestamps;
        return number >= 0;
    }

    // A letter, and perhaps an x. What is no letter switches nothing (`conswitch=.`); then the input is dom0's for good.
    private bool TrySwitch(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty || value.Length > 2)
            return false;
        byte letter = (byte)(value[0] | 0x20);
        SwitchCharacter = letter is >= (byte)'a' and <= (byte)'z' ? letter : (byte)0;
        KeepInput = value.Length == 2 && value[1] == (byte)'x';
        return true;
    }

    // Only the first letter of each word counts, as in Xen.
    private bool TryReboot(ReadOnlySpan<byte> value)
    {
        bool any = false;
        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            any = true;
            switch (item.IsEmpty ? (byte)0 : item[0])
            {
                case (byte)'n':
                    NoReboot = true;
                    Reboot = RebootOption.None;
                    break;
                case (byte)'w':
                    WarmReboot = true;
                    break;
                case (byte)'c':
                    WarmReboot = false;
                    break;
                case (byte)'a':
                    Reboot = RebootOption.Acpi;
                    break;
                case (byte)'e':
                    Reboot = RebootOption.Efi;
                    break;
                case (byte)'k':
                    Reboot = RebootOption.Keyboard;
                    break;
                case (byte)'p':
                    Reboot = RebootOption.Pci;
                    break;
                case (byte)'P':
                    Reboot = RebootOption.Power;
                    break;
                case (byte)'t':
                    Reboot = RebootOption.Triple;
                    break;
                default:
                    return false;
            }
        }
        return any;
    }
}
