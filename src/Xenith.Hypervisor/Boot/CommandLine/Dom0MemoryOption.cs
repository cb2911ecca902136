// dom0_mem: how much memory dom0 gets. Three amounts, each a size, a share of what is free, or both together, or that much less than all:
// `dom0_mem=512M`, `dom0_mem=min:256M,max:50%`, `dom0_mem=1G+10%`, `dom0_mem=-128M`.

using System;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>An amount of memory that depends on how much there is.</summary>
internal struct MemoryAmount
{
    internal bool IsSet;

    /// <summary>The amount is what remains when this much is taken away.</summary>
    internal bool IsRest;

    internal ulong Bytes;

    /// <summary>Hundredths of the free memory, below 100.</summary>
    internal uint Percent;

    /// <summary>Takes an amount off the front of a text.</summary>
    internal static bool TryTake(ref ReadOnlySpan<byte> text, out MemoryAmount amount)
    {
        amount = new MemoryAmount { IsSet = true };
        if (!text.IsEmpty && text[0] == (byte)'-')
        {
            amount.IsRest = true;
            text = text.Slice(1);
        }

        if (!TryTakePart(ref text, ref amount, out bool isPercent))
        {
            return false;
        }

        if (text.IsEmpty || text[0] != (byte)'+')
        {
            return true;
        }

        // A share may follow a size; nothing follows a share.
        text = text.Slice(1);
        return !isPercent && TryTakePart(ref text, ref amount, out isPercent) && isPercent;
    }

    /// <summary>The amount in pages, given the free pages; never more than these.</summary>
    internal readonly ulong Pages(ulong free)
    {
        ulong share = (free / 100 * Percent) + (free % 100 * Percent / 100);
        ulong pages = Math.Min((Bytes / AddressSpace.PageSize) + share, free);
        return IsRest ? free - pages : pages;
    }

    private static bool TryTakePart(ref ReadOnlySpan<byte> text, ref MemoryAmount amount, out bool isPercent)
    {
        ReadOnlySpan<byte> number = text;
        isPercent = OptionValues.TryTakeInteger(ref number, out ulong value) && !number.IsEmpty && number[0] == (byte)'%';
        if (!isPercent)
        {
            return OptionValues.TryTakeSize(ref text, out amount.Bytes);
        }

        if (value >= 100)
        {
            return false;
        }

        amount.Percent = (uint)value;
        text = number.Slice(1);
        return true;
    }
}

/// <summary>The three amounts of dom0_mem.</summary>
internal struct Dom0MemoryOption
{
    // What stays with the hypervisor if nothing is said: a sixteenth, at most 128 MiB.
    private const ulong MostReserved = (128UL << 20) / AddressSpace.PageSize;

    internal MemoryAmount Size;
    internal MemoryAmount Minimum;
    internal MemoryAmount Maximum;

    /// <summary>Reads the option's value; amounts that were given before stay unless they are given again.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> value, ref Dom0MemoryOption option)
    {
        Dom0MemoryOption parsed = option;
        if (value.IsEmpty)
        {
            return false;
        }

        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            bool isMinimum = item.StartsWith("min:"u8);
            bool isMaximum = item.StartsWith("max:"u8);
            ReadOnlySpan<byte> text = isMinimum || isMaximum ? item.Slice(4) : item;
            if (!MemoryAmount.TryTake(ref text, out MemoryAmount amount) || !text.IsEmpty)
            {
                return false;
            }

            if (isMinimum)
            {
                parsed.Minimum = amount;
            }
            else if (isMaximum)
            {
                parsed.Maximum = amount;
            }
            else
            {
                parsed.Size = amount;
            }
        }

        option = parsed;
        return true;
    }

    /// <summary>Pages that dom0 gets at start, given the free pages.</summary>
    internal readonly ulong InitialPages(ulong free)
    {
        ulong pages = Size.Pages(free);
        if (!Size.IsSet || pages == 0)
        {
            pages = free - Math.Min(free / 16, MostReserved);
        }

        pages = Math.Max(pages, Minimum.Pages(free));
        return Maximum.IsSet ? Math.Min(pages, Maximum.Pages(free)) : pages;
    }

    /// <summary>Pages that dom0 may ever have; the largest number if nothing was said.</summary>
    internal readonly ulong MaximumPages(ulong free) => Maximum.IsSet ? Maximum.Pages(free) : ulong.MaxValue;
}
