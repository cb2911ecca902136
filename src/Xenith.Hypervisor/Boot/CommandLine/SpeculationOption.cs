// spec-ctrl: a list of booleans, some of them for PV and hardware-virtualised guests apart (`rsb=no-pv`). "no" turns everything off, also what xpti, pv-l1tf
// and tsx decide unless they were given before; "no-xen" turns off what protects the hypervisor and leaves what guests are given.

using System;

namespace Xenith.Hypervisor.Boot;

/// <summary>What was said about single mitigations.</summary>
internal struct SpeculationOption
{
    /// <summary>spec-ctrl=no: none of them.</summary>
    internal bool AllOff;

    /// <summary>spec-ctrl=no-xen: none that protects the hypervisor itself.</summary>
    internal bool XenOff;

    /// <summary>MSR_SPEC_CTRL is switched on entry and exit.</summary>
    internal GuestSwitches SpecCtrlMsr;

    /// <summary>The return stack buffer is overwritten on entry.</summary>
    internal GuestSwitches Rsb;

    /// <summary>Buffers are overwritten with VERW on the way out.</summary>
    internal GuestSwitches Verw;

    /// <summary>An indirect branch prediction barrier on entry.</summary>
    internal GuestSwitches IbpbEntry;

    /// <summary>The branch history is overwritten on entry.</summary>
    internal GuestSwitches BhbEntry;

    internal SwitchOption Ibrs, Stibp, Ssbd, Psfd, BhiDisS, Ibpb, EagerFpu, L1dFlush, BranchHarden, SrbLock, UnprivMmio, GdsMit, DivScrub, LockHarden,
        BpSpecReduce;

    /// <summary>Reads the option's value.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> value, ref HypervisorOptions options)
    {
        HypervisorOptions parsed = options;
        if (value.IsEmpty)
            return false;
        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            if (!parsed.Speculation.TryItem(item, ref parsed.Xpti, ref parsed.PvL1tf, ref parsed.Tsx))
                return false;
        }
        options = parsed;
        return true;
    }

    private bool TryItem(ReadOnlySpan<byte> item, ref DomainSwitches xpti, ref DomainSwitches l1tf, ref SwitchOption tsx)
    {
        if (OptionValues.TryBoolean(item, out bool on))
        {
            if (on)
                return false;
            AllOff = true;
            xpti.Dom0 = OffUnlessGiven(xpti.Dom0);
            xpti.DomU = OffUnlessGiven(xpti.DomU);
            l1tf.Dom0 = OffUnlessGiven(l1tf.Dom0);
            l1tf.DomU = OffUnlessGiven(l1tf.DomU);
            tsx = tsx == SwitchOption.NotGiven ? SwitchOption.On : tsx;
            return true;
        }
        if (OptionValues.TryBooleanItem(item, "xen"u8, out on))
        {
            XenOff = !on;
            return !on;
        }
        if (OptionValues.TryBooleanItem(item, "pv"u8, out on))
        {
            SetPv(on ? SwitchOption.On : SwitchOption.Off);
            return true;
        }
        if (OptionValues.TryBooleanItem(item, "hvm"u8, out on))
        {
            SetHvm(on ? SwitchOption.On : SwitchOption.Off);
            return true;
        }
        return TryGuests(item, "msr-sc"u8, ref SpecCtrlMsr) || TryGuests(item, "rsb"u8, ref Rsb) || TryGuests(item, "verw"u8, ref Verw)
            || TryGuests(item, "md-clear"u8, ref Verw) || TryGuests(item, "ibpb-entry"u8, ref IbpbEntry) || TryGuests(item, "bhb-entry"u8, ref BhbEntry)
            || TrySwitch(item, "ibrs"u8, ref Ibrs) || TrySwitch(item, "stibp"u8, ref Stibp) || TrySwitch(item, "ssbd"u8, ref Ssbd)
            || TrySwitch(item, "psfd"u8, ref Psfd) || TrySwitch(item, "bhi-dis-s"u8, ref BhiDisS) || TrySwitch(item, "ibpb"u8, ref Ibpb)
            || TrySwitch(item, "eager-fpu"u8, ref EagerFpu) || TrySwitch(item, "l1d-flush"u8, ref L1dFlush)
            || TrySwitch(item, "branch-harden"u8, ref BranchHarden) || TrySwitch(item, "srb-lock"u8, ref SrbLock)
            || TrySwitch(item, "unpriv-mmio"u8, ref UnprivMmio) || TrySwitch(item, "gds-mit"u8, ref GdsMit)
            || TrySwitch(item, "div-scrub"u8, ref DivScrub) || TrySwitch(item, "lock-harden"u8, ref LockHarden)
            || TrySwitch(item, "bp-spec-reduce"u8, ref BpSpecReduce) || IsChoice(item);
    }

    // Which of several instruction sequences is used: there is only one here.
    private static bool IsChoice(ReadOnlySpan<byte> item) =>
        item.SequenceEqual("bti-thunk=retpoline"u8) || item.SequenceEqual("bti-thunk=lfence"u8) || item.SequenceEqual("bti-thunk=jmp"u8)
        || item.SequenceEqual("bhb-seq=short"u8) || item.SequenceEqual("bhb-seq=tsx"u8) || item.SequenceEqual("bhb-seq=long"u8);

    private static SwitchOption OffUnlessGiven(SwitchOption option) => option == SwitchOption.NotGiven ? SwitchOption.Off : option;

    private static bool TrySwitch(ReadOnlySpan<byte> item, ReadOnlySpan<byte> name, ref SwitchOption field)
    {
        if (!OptionValues.TryBooleanItem(item, name, out bool on))
            return false;
        field = on ? SwitchOption.On : SwitchOption.Off;
        return true;
    }

    // `rsb`, `no-rsb`, `rsb=yes`, and `rsb=pv`, `rsb=no-hvm`, `rsb=pv=yes`.
    private static bool TryGuests(ReadOnlySpan<byte> item, ReadOnlySpan<byte> name, ref GuestSwitches field)
    {
        if (OptionValues.TryBooleanItem(item, name, out bool on))
        {
            field.SetBoth(on);
            return true;
        }
        if (item.Length <= name.Length || !item.StartsWith(name) || item[name.Length] != (byte)'=')
            return false;
        item = item.Slice(name.Length + 1);
        return TrySwitch(item, "pv"u8, ref field.Pv) || TrySwitch(item, "hvm"u8, ref field.Hvm);
    }

    private void SetPv(SwitchOption value)
    {
        SpecCtrlMsr.Pv = value;
        Rsb.Pv = value;
        Verw.Pv = value;
        IbpbEntry.Pv = value;
        BhbEntry.Pv = value;
    }

    private void SetHvm(SwitchOption value)
    {
        SpecCtrlMsr.Hvm = value;
        Rsb.Hvm = value;
        Verw.Hvm = value;
        IbpbEntry.Hvm = value;
        BhbEntry.Hvm = value;
    }
}
