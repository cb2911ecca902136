// What is done against leaks between domains, and which features of the CPU are used or shown at all.

using System;

namespace Xenith.Hypervisor.Boot;

/// <summary>A switch for PV guests and one for hardware-virtualised ones.</summary>
internal struct GuestSwitches
{
    internal SwitchOption Pv, Hvm;

    internal void SetBoth(bool on)
    {
        Pv = on ? SwitchOption.On : SwitchOption.Off;
        Hvm = Pv;
    }
}

/// <summary>A switch for dom0 and one for all other domains.</summary>
internal struct DomainSwitches
{
    internal SwitchOption Dom0, DomU;

    internal void SetBoth(bool on)
    {
        Dom0 = on ? SwitchOption.On : SwitchOption.Off;
        DomU = Dom0;
    }
}

/// <summary>pcid: for which address spaces process-context identifiers are used.</summary>
internal enum PcidOption : byte
{
    /// <summary>Where page tables are isolated.</summary>
    Isolated,
    Never,
    Always,

    /// <summary>Where they are not isolated.</summary>
    NotIsolated,
}

internal partial struct HypervisorOptions
{
    /// <summary>spec-ctrl.</summary>
    internal SpeculationOption Speculation;

    /// <summary>xpti: the guest's page tables do not hold the hypervisor's memory while a 64-bit PV guest runs.</summary>
    internal DomainSwitches Xpti;

    /// <summary>pv-l1tf: a PV guest that writes a page-table entry by which the L1 cache leaks is dealt with.</summary>
    internal DomainSwitches PvL1tf;

    /// <summary>pcid.</summary>
    internal PcidOption Pcid;

    /// <summary>tsx: transactional memory is enabled.</summary>
    internal SwitchOption Tsx;

    /// <summary>xsave: XSAVE and XRSTOR may be used.</summary>
    internal bool Xsave;

    /// <summary>pku: protection keys may be used.</summary>
    internal bool Pku;

    private void SetSpeculationDefaults()
    {
        Xsave = true;
        Pku = true;
    }

    private bool ApplySpeculation(Option option, ref bool valid)
    {
        bool isText = OptionValues.TryText(option, out ReadOnlySpan<byte> value);
        if (option.Is("spec-ctrl"u8))
            valid = isText && SpeculationOption.TryParse(value, ref this);
        else if (option.Is("xpti"u8))
            valid = isText && TryDomains(value, ref Xpti);
        else if (option.Is("pv-l1tf"u8))
            valid = isText && TryDomains(value, ref PvL1tf);
        else if (option.Is("pcid"u8))
            valid = isText && TryPcid(value);
        else
            return OptionValues.Switch(option, "tsx"u8, ref Tsx, ref valid)
                || OptionValues.Flag(option, "xsave"u8, ref Xsave, ref valid)
                || OptionValues.Flag(option, "pku"u8, ref Pku, ref valid);
        return true;
    }

    private static bool TryDomains(ReadOnlySpan<byte> value, ref DomainSwitches switches)
    {
        DomainSwitches parsed = switches;
        if (value.IsEmpty)
            parsed.SetBoth(true);
        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            if (item.SequenceEqual("default"u8))
                parsed = default;
            else if (OptionValues.TryBoolean(item, out bool on))
                parsed.SetBoth(on);
            else if (OptionValues.TryBooleanItem(item, "dom0"u8, out on))
                parsed.Dom0 = on ? SwitchOption.On : SwitchOption.Off;
            else if (OptionValues.TryBooleanItem(item, "domu"u8, out on))
                parsed.DomU = on ? SwitchOption.On : SwitchOption.Off;
            else
                return false;
        }
        switches = parsed;
        return true;
    }

    private bool TryPcid(ReadOnlySpan<byte> value)
    {
        bool on = true;
        if (value.IsEmpty || OptionValues.TryBoolean(value, out on))
            Pcid = on ? PcidOption.Always : PcidOption.Never;
        else if (OptionValues.TryBooleanItem(value, "xpti"u8, out on))
            Pcid = on ? PcidOption.Isolated : PcidOption.NotIsolated;
        else
            return false;
        return true;
    }
}
