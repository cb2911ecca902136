// How much memory there is, whose it is, and what is done to it while booting.

using System;
using System.Runtime.CompilerServices;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>A range of page numbers, both ends included.</summary>
internal struct PageRange
{
    internal ulong First, Last;
}

/// <summary>Room for ranges that badpage names.</summary>
[InlineArray(Capacity)]
internal struct PageRanges
{
    internal const int Capacity = 16;
    private PageRange _first;
}

/// <summary>bootscrub: when free memory is overwritten.</summary>
internal enum BootScrubOption : byte
{
    /// <summary>In idle time, and before a page is given out.</summary>
    Idle,

    /// <summary>All of it before dom0 starts.</summary>
    On,
    Off,
}

internal partial struct HypervisorOptions
{
    /// <summary>dom0_mem.</summary>
    internal Dom0MemoryOption Dom0Memory;

    /// <summary>mem: RAM from this address on is not used.</summary>
    internal ulong MemoryLimit;

    /// <summary>availmem: so many bytes of RAM are used, the lowest.</summary>
    internal ulong AvailableLimit;

    /// <summary>badpage: pages that are not used.</summary>
    internal PageRanges BadPages;
    internal int BadPageCount;

    /// <summary>bootscrub.</summary>
    internal BootScrubOption BootScrub;

    /// <summary>scrub-domheap: pages are overwritten when a domain gives them back.</summary>
    internal bool ScrubDomains;

    /// <summary>numa: nodes are told apart.</summary>
    internal bool Numa;

    /// <summary>numa=noacpi: nodes are told apart, but not as the firmware describes them.</summary>
    internal bool NumaWithoutAcpi;

    /// <summary>numa=fake=N: so many equal nodes are made up; 0 for none.</summary>
    internal uint FakeNodes;

    /// <summary>gnttab_max_frames: frames of a domain's grant table.</summary>
    internal uint GrantFrames;

    /// <summary>gnttab_max_maptrack_frames.</summary>
    internal uint MaptrackFrames;

    private void SetMemoryDefaults()
    {
        MemoryLimit = ulong.MaxValue;
        AvailableLimit = ulong.MaxValue;
        Numa = true;
        GrantFrames = 64;
        MaptrackFrames = 1024;
    }

    private bool ApplyMemory(Option option, ref bool valid)
    {
        bool isText = OptionValues.TryText(option, out ReadOnlySpan<byte> value);
        if (option.Is("dom0_mem"u8))
            valid = isText && Dom0MemoryOption.TryParse(value, ref Dom0Memory);
        else if (option.Is("mem"u8))
            valid = TryLimit(option, ref MemoryLimit);
        else if (option.Is("availmem"u8))
            valid = TryLimit(option, ref AvailableLimit);
        else if (option.Is("badpage"u8))
            valid = isText && TryBadPages(value);
        else if (option.Is("bootscrub"u8))
            valid = isText && TryBootScrub(value);
        else if (option.Is("numa"u8))
            valid = isText && TryNuma(value);
        else
            return OptionValues.Flag(option, "scrub-domheap"u8, ref ScrubDomains, ref valid)
                || OptionValues.Number(option, "gnttab_max_frames"u8, ref GrantFrames, ref valid)
                || OptionValues.Number(option, "gnttab_max_maptrack_frames"u8, ref MaptrackFrames, ref valid);
        return true;
    }

    // 0 means no limit.
    private static bool TryLimit(Option option, ref ulong limit)
    {
        ulong bytes = 0;
        if (!OptionValues.TrySize(option, ref bytes))
            return false;
        limit = bytes == 0 ? ulong.MaxValue : bytes;
        return true;
    }

    // Ranges that there is no room for make the option invalid: it would be worse to say nothing and use the pages.
    private bool TryBadPages(ReadOnlySpan<byte> value)
    {
        int count = BadPageCount;
        if (value.IsEmpty)
            return false;
        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            PageRange range = default;
            if (count == PageRanges.Capacity || !OptionValues.TryTakeInteger(ref item, out range.First))
                return false;
            range.Last = range.First;
            if (!item.IsEmpty)
            {
                if (item[0] != (byte)'-')
                    return false;
                item = item.Slice(1);
                if (!OptionValues.TryTakeInteger(ref item, out range.Last) || !item.IsEmpty)
                    return false;
            }
            if (range.Last < range.First || range.Last >= ulong.MaxValue / AddressSpace.PageSize)
                return false;
            BadPages[count] = range;
            count++;
        }
        BadPageCount = count;
        return true;
    }

    private bool TryBootScrub(ReadOnlySpan<byte> value)
    {
        bool on = true;
        bool idle = value.SequenceEqual("idle"u8);
        if (!idle && !value.IsEmpty && !OptionValues.TryBoolean(value, out on))
            return false;
        BootScrub = idle ? BootScrubOption.Idle : on ? BootScrubOption.On : BootScrubOption.Off;
        return true;
    }

    private bool TryNuma(ReadOnlySpan<byte> value)
    {
        bool on = true;
        uint fake = 0;
        bool withoutAcpi = value.SequenceEqual("noacpi"u8);
        if (value.StartsWith("fake="u8))
        {
            if (!OptionValues.TryInteger(value.Slice(5), out fake))
                return false;
        }
        else if (!withoutAcpi && !value.IsEmpty && !OptionValues.TryBoolean(value, out on))
            return false;
        Numa = on;
        NumaWithoutAcpi = withoutAcpi;
        FakeNodes = fake;
        return true;
    }
}
