// loglvl and guest_loglvl: `level[/rate-limited level]`, levels none, error, warning, info, debug and all. Messages up to the first level
// are always printed, those up to the second a few per second.

using System;

namespace Xenith.Hypervisor.Boot;

/// <summary>Which messages are printed. Levels: 0 none, 1 errors, 2 warnings, 3 information, 4 all.</summary>
internal struct LogLevelOption
{
    /// <summary>Messages up to this level are always printed.</summary>
    internal byte Always;

    /// <summary>Messages up to this level are printed, but not too many; never below <see cref="Always"/>.</summary>
    internal byte Limited;

    /// <summary>Reads the option's value.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> value, ref LogLevelOption option)
    {
        if (!OptionValues.TryTakeItem(ref value, (byte)'/', out ReadOnlySpan<byte> first) || !TryLevel(first, out byte always))
        {
            return false;
        }

        byte limited = always;
        if (!value.IsEmpty && !TryLevel(value, out limited))
        {
            return false;
        }

        option.Always = always;
        option.Limited = Math.Max(always, limited);
        return true;
    }

    private static bool TryLevel(ReadOnlySpan<byte> text, out byte level)
    {
        level = text.SequenceEqual("none"u8) ? (byte)0
            : text.SequenceEqual("error"u8) ? (byte)1
            : text.SequenceEqual("warning"u8) ? (byte)2
            : text.SequenceEqual("info"u8) ? (byte)3
            : text.SequenceEqual("debug"u8) || text.SequenceEqual("all"u8) ? (byte)4
            : byte.MaxValue;
        return level != byte.MaxValue;
    }
}
