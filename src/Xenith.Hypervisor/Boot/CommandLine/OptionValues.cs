// Values of options: booleans, integers, sizes and lists, as Xen reads them.

using System;

namespace Xenith.Hypervisor.Boot;

internal static class OptionValues
{
    /// <summary>yes, on, true, enable, 1, or no, off, false, disable, 0.</summary>
    internal static bool TryBoolean(ReadOnlySpan<byte> text, out bool value)
    {
        value = text.SequenceEqual("yes"u8) || text.SequenceEqual("on"u8) || text.SequenceEqual("true"u8)
            || text.SequenceEqual("enable"u8) || text.SequenceEqual("1"u8);
        return value || text.SequenceEqual("no"u8) || text.SequenceEqual("off"u8) || text.SequenceEqual("false"u8)
            || text.SequenceEqual("disable"u8) || text.SequenceEqual("0"u8);
    }

    /// <summary>
    /// The value of a boolean option: its name alone switches it on, "no-" before the name turns the meaning of what follows round.
    /// </summary>
    internal static bool TryBoolean(Option option, out bool value)
    {
        value = true;
        if (!option.Value.IsEmpty && !TryBoolean(option.Value, out value))
        {
            return false;
        }

        value ^= option.IsNegated;
        return true;
    }

    /// <summary>The value of an option that is more than a boolean: "no-name" alone means "no", and takes no value of its own.</summary>
    internal static bool TryText(Option option, out ReadOnlySpan<byte> text)
    {
        text = option.IsNegated ? "no"u8 : option.Value;
        return !option.IsNegated || option.Value.IsEmpty;
    }

    /// <summary>An item of a list that is a boolean by itself: `name`, `no-name` or `name=yes`. False if it is something else.</summary>
    internal static bool TryBooleanItem(ReadOnlySpan<byte> item, ReadOnlySpan<byte> name, out bool value)
    {
        Option option = new(item);
        value = false;
        return option.Is(name) && (option.Value.IsEmpty == !option.HasValue) && TryBoolean(option, out value);
    }

    /// <summary>Reads a boolean option into its field if it has this name.</summary>
    internal static bool Flag(Option option, ReadOnlySpan<byte> name, ref bool field, ref bool valid)
    {
        if (!option.Is(name))
            return false;
        valid = TryBoolean(option, out bool value);
        field = valid ? value : field;
        return true;
    }

    /// <summary>The same for a boolean that may be left to the hypervisor.</summary>
    internal static bool Switch(Option option, ReadOnlySpan<byte> name, ref SwitchOption field, ref bool valid)
    {
        if (!option.Is(name))
            return false;
        valid = TryBoolean(option, out bool value);
        field = !valid ? field : value ? SwitchOption.On : SwitchOption.Off;
        return true;
    }

    /// <summary>Reads an integer option into its field if it has this name.</summary>
    internal static bool Number(Option option, ReadOnlySpan<byte> name, ref uint field, ref bool valid)
    {
        if (!option.Is(name))
            return false;
        valid = TryNumber(option, ref field);
        return true;
    }

    /// <summary>The value of an option that is an integer; it keeps its value if the text is none.</summary>
    internal static bool TryNumber(Option option, ref uint field)
    {
        if (option.IsNegated || !TryInteger(option.Value, out uint value))
            return false;
        field = value;
        return true;
    }

    /// <summary>The value of an option that is a size; it keeps its value if the text is none.</summary>
    internal static bool TrySize(Option option, ref ulong field)
    {
        if (option.IsNegated || !TrySize(option.Value, out ulong value))
            return false;
        field = value;
        return true;
    }

    /// <summary>Takes an unsigned integer off the front of a text: decimal, 0x hexadecimal or 0 octal. False without a digit, or above 64 bits.</summary>
    internal static bool TryTakeInteger(ref ReadOnlySpan<byte> text, out ulong value)
    {
        uint radix = 10;
        if (text.Length > 2 && text[0] == (byte)'0' && (text[1] | 0x20) == (byte)'x' && Digit(text[2]) < 16)
        {
            radix = 16;
            text = text.Slice(2);
        }
        else if (text.Length > 1 && text[0] == (byte)'0')
        {
            radix = 8;
        }

        value = 0;
        int digits = 0;
        while (digits < text.Length && Digit(text[digits]) is var digit && digit < radix)
        {
            if (value > (ulong.MaxValue - digit) / radix)
            {
                return false;
            }

            value = (value * radix) + digit;
            digits++;
        }

        text = text.Slice(digits);
        return digits > 0;
    }

    /// <summary>A whole text that is an integer of at most 32 bits.</summary>
    internal static bool TryInteger(ReadOnlySpan<byte> text, out uint value)
    {
        bool valid = TryTakeInteger(ref text, out ulong number) && text.IsEmpty && number <= uint.MaxValue;
        value = valid ? (uint)number : 0;
        return valid;
    }

    /// <summary>Takes a size off the front of a text: an integer and one of B K M G T in either case; without one it counts KiB.</summary>
    internal static bool TryTakeSize(ref ReadOnlySpan<byte> text, out ulong bytes)
    {
        if (!TryTakeInteger(ref text, out bytes))
        {
            return false;
        }

        int shift = 10;
        if (!text.IsEmpty)
        {
            int unit = (text[0] | 0x20) switch { 'b' => 0, 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => -1 };
            if (unit >= 0)
            {
                shift = unit;
                text = text.Slice(1);
            }
        }

        bool fits = bytes <= ulong.MaxValue >> shift;
        bytes = unchecked(bytes << shift);
        return fits;
    }

    /// <summary>A whole text that is a size.</summary>
    internal static bool TrySize(ReadOnlySpan<byte> text, out ulong bytes) => TryTakeSize(ref text, out bytes) && text.IsEmpty;

    /// <summary>Takes the first item off a list; false if the list is at its end. An empty item is an item.</summary>
    internal static bool TryTakeItem(ref ReadOnlySpan<byte> list, byte separator, out ReadOnlySpan<byte> item)
    {
        if (list.IsEmpty)
        {
            item = default;
            return false;
        }

        int end = list.IndexOf(separator);
        item = end < 0 ? list : list.Slice(0, end);
        list = end < 0 ? default : list.Slice(end + 1);
        return true;
    }

    // The value of a digit, or more than any radix has.
    private static uint Digit(byte character) => character switch
    {
        >= (byte)'0' and <= (byte)'9' => character - (uint)'0',
        >= (byte)'a' and <= (byte)'f' => character - (uint)'a' + 10,
        >= (byte)'A' and <= (byte)'F' => character - (uint)'A' + 10,
        _ => uint.MaxValue,
    };
}
