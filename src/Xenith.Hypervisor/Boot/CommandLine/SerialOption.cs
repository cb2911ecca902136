// com1 and com2: `baud[/clock][,DPS[,io-base[,irq]]]`, then `name=value` items in any order; for instance `com1=115200,8n1,0x2f8,3`.
// An empty item leaves its value as it is.

using System;

namespace Xenith.Hypervisor.Boot;

internal enum SerialParity : byte
{
    None,
    Odd,
    Even,
    Mark,
    Space,
}

/// <summary>How a serial port is to be used.</summary>
internal struct SerialOption
{
    /// <summary>Whether the option was given at all.</summary>
    internal bool IsSet;

    /// <summary>Bits per second; 0 to keep what the firmware has set ("auto").</summary>
    internal uint Baud;

    /// <summary>The port's clock in Hz, sixteen times its highest rate.</summary>
    internal uint ClockHertz;

    internal byte DataBits;
    internal SerialParity Parity;
    internal byte StopBits;

    /// <summary>First I/O port.</summary>
    internal uint IoBase;

    /// <summary>Registers are two to this power ports apart.</summary>
    internal uint RegisterShift;

    /// <summary>Interrupt, 0 to poll.</summary>
    internal uint Irq;

    /// <summary>The port is on PCI and to be searched for.</summary>
    internal bool IsPci;

    /// <summary>The first port of a PC, at 115200 8n1.</summary>
    internal static SerialOption Com1 => new()
    {
        Baud = 115200,
        ClockHertz = 1_843_200,
        DataBits = 8,
        StopBits = 1,
        IoBase = 0x3f8,
        Irq = 4,
    };

    /// <summary>The second port of a PC.</summary>
    internal static SerialOption Com2 => Com1 with { IoBase = 0x2f8, Irq = 3 };

    /// <summary>Reads the option's value.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> value, ref SerialOption option)
    {
        SerialOption parsed = option;
        parsed.IsSet = true;
        for (int position = 0; OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item); position++)
        {
            int equals = item.IndexOf((byte)'=');
            bool valid = item.IsEmpty
                || (equals >= 0 ? parsed.TryNamed(item.Slice(0, equals), item.Slice(equals + 1)) : parsed.TryPositional(position, item));
            if (!valid)
            {
                return false;
            }
        }

        option = parsed;
        return true;
    }

    private bool TryPositional(int position, ReadOnlySpan<byte> item) => position switch
    {
        0 => TryBaud(item),
        1 => item.Length == 3 && TryDataBits(item.Slice(0, 1)) && TryParity(item.Slice(1, 1)) && TryStopBits(item.Slice(2, 1)),
        2 => TryPlace(item),
        3 => TryIrq(item),
        _ => IsPci,
    };

    private bool TryNamed(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        name.SequenceEqual("baud"u8) ? TryBaud(value)
        : name.SequenceEqual("clock-hz"u8) ? OptionValues.TryInteger(value, out uint hertz) && TryClock(hertz)
        : name.SequenceEqual("data-bits"u8) ? TryDataBits(value)
        : name.SequenceEqual("parity"u8) ? TryParity(value)
        : name.SequenceEqual("stop-bits"u8) ? TryStopBits(value)
        : name.SequenceEqual("io-base"u8) ? OptionValues.TryInteger(value, out IoBase)
        : name.SequenceEqual("irq"u8) ? TryIrq(value)
        : name.SequenceEqual("reg-shift"u8) ? OptionValues.TryInteger(value, out RegisterShift) && RegisterShift <= 4
        : name.SequenceEqual("reg-width"u8) ? value.SequenceEqual("1"u8)
        : name.SequenceEqual("dev"u8) && TryPlace(value);

    private bool TryBaud(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("auto"u8))
        {
            Baud = 0;
            return true;
        }

        int slash = text.IndexOf((byte)'/');
        if (slash < 0)
        {
            return OptionValues.TryInteger(text, out Baud);
        }

        return OptionValues.TryInteger(text.Slice(0, slash), out Baud)
            && OptionValues.TryInteger(text.Slice(slash + 1), out uint highest) && TryClock(highest);
    }

    // Xen takes both forms as the highest rate, which the divisor 1 gives.
    private bool TryClock(uint highestBaud)
    {
        ClockHertz = unchecked(highestBaud << 4);
        return highestBaud is > 0 and <= uint.MaxValue >> 4;
    }

    private bool TryDataBits(ReadOnlySpan<byte> text)
    {
        bool valid = OptionValues.TryInteger(text, out uint bits) && bits is >= 5 and <= 8;
        DataBits = valid ? (byte)bits : DataBits;
        return valid;
    }

    private bool TryStopBits(ReadOnlySpan<byte> text)
    {
        bool valid = OptionValues.TryInteger(text, out uint bits) && bits is 1 or 2;
        StopBits = valid ? (byte)bits : StopBits;
        return valid;
    }

    private bool TryParity(ReadOnlySpan<byte> text)
    {
        int parity = text.Length == 1 ? "noems"u8.IndexOf(text[0]) : -1;
        Parity = parity >= 0 ? (SerialParity)parity : Parity;
        return parity >= 0;
    }

    private bool TryPlace(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("pci"u8) || text.SequenceEqual("amt"u8))
        {
            IsPci = true;
            return true;
        }

        return OptionValues.TryInteger(text, out IoBase);
    }

    private bool TryIrq(ReadOnlySpan<byte> text) => text.SequenceEqual("msi"u8) ? IsPci : OptionValues.TryInteger(text, out Irq);
}
