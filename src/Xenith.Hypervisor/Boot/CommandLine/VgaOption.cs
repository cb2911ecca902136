// vga: `ask | current | text-80xROWS | gfx-WxHxD | mode-N`, and `keep`. The mode is the boot loader's business here: the hypervisor runs no video BIOS, it
// writes to the screen that it finds. So all forms are checked, and only `keep` is acted on.

using System;

namespace Xenith.Hypervisor.Boot;

/// <summary>What was asked about the screen.</summary>
internal struct VgaOption
{
    /// <summary>The hypervisor goes on writing after dom0 has started.</summary>
    internal bool Keep;

    /// <summary>A mode was asked for that the hypervisor does not set.</summary>
    internal bool AsksForMode;

    /// <summary>Reads the option's value.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> value, ref VgaOption option)
    {
        VgaOption parsed = option;
        if (value.IsEmpty)
            return false;
        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            if (item.SequenceEqual("keep"u8))
                parsed.Keep = true;
            else if (item.SequenceEqual("ask"u8) || IsTextMode(item) || IsGraphicsMode(item) || IsNumberedMode(item))
                parsed.AsksForMode = true;
            else if (!item.SequenceEqual("current"u8))
                return false;
        }
        option = parsed;
        return true;
    }

    // 25 rows are what a PC starts with.
    private static bool IsTextMode(ReadOnlySpan<byte> item) =>
        item.StartsWith("text-80x"u8) && OptionValues.TryInteger(item.Slice(8), out uint rows) && rows is 25 or 28 or 30 or 34 or 43 or 50 or 60 or 80;

    private static bool IsGraphicsMode(ReadOnlySpan<byte> item)
    {
        if (!item.StartsWith("gfx-"u8))
            return false;
        item = item.Slice(4);
        for (int i = 0; i < 3; i++)
        {
            if (!OptionValues.TryTakeItem(ref item, (byte)'x', out ReadOnlySpan<byte> part) || !OptionValues.TryInteger(part, out uint number) || number == 0)
                return false;
        }
        return item.IsEmpty;
    }

    private static bool IsNumberedMode(ReadOnlySpan<byte> item)
    {
        if (!item.StartsWith("mode-"u8) || item.Length == 5)
            return false;
        for (int i = 5; i < item.Length; i++)
        {
            if (item[i] is not ((>= (byte)'0' and <= (byte)'9') or (>= (byte)'a' and <= (byte)'f') or (>= (byte)'A' and <= (byte)'F') or (byte)'x'))
                return false;
        }
        return true;
    }
}
