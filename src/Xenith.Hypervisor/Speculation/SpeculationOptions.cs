using System;
using Xenith.Hypervisor.Boot;

namespace Xenith.Hypervisor.Speculation;

/// <summary>A switch of the command line: left to what the CPU needs, or decided by the user.</summary>
internal enum Choice : byte
{
    Default,
    On,
    Off,
}

/// <summary>
/// The options spec-ctrl and xpti in Xen's syntax (Xen's command-line document). Items that are known and change nothing here (they are about hardware-virtualised guests, or about
/// what compilers of C can do) are accepted.
/// </summary>
internal struct SpeculationOptions
{
    /// <summary>IA32_SPEC_CTRL inside the hypervisor; IBPB at a switch between vCPUs; speculative store bypass disabled.</summary>
    internal Choice Ibrs, Ibpb, Ssbd;

    /// <summary>On the way in from and out to PV guests: the return stack, VERW, IA32_SPEC_CTRL.</summary>
    internal Choice Returns, Buffers, SpecCtrl;

    /// <summary>xpti for dom0 and for other domains.</summary>
    internal Choice XptiDom0, XptiDomU;

    /// <summary>Items without effect.</summary>
    private static ReadOnlySpan<byte> WithoutEffect =>
        "hvm stibp psfd bti-thunk eager-fpu l1d-flush branch-harden srb-lock unpriv-mmio gds-mit div-scrub lock-harden bhb-seq bhi-dis-s ibpb-entry bhb-entry ibpb-alt "u8;

    /// <summary>spec-ctrl=LIST. False if an item is none; those before it count.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> value, ref SpeculationOptions options)
    {
        bool valid = true;
        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
            valid &= TryItem(item, ref options);
        return valid;
    }

    /// <summary>xpti=BOOL, default, or a list of dom0=BOOL and domu=BOOL.</summary>
    internal static bool TryParseXpti(ReadOnlySpan<byte> value, ref SpeculationOptions options)
    {
        bool valid = true;
        if (value.IsEmpty)
            options.XptiDom0 = options.XptiDomU = Choice.On;
        while (OptionValues.TryTakeItem(ref value, (byte)',', out ReadOnlySpan<byte> item))
        {
            if (OptionValues.TryBoolean(item, out bool on))
                options.XptiDom0 = options.XptiDomU = Chosen(on);
            else if (item.SequenceEqual("default"u8))
                options.XptiDom0 = options.XptiDomU = Choice.Default;
            else if (TrySwitch(item, "dom0"u8, out on))
                options.XptiDom0 = Chosen(on);
            else if (TrySwitch(item, "domu"u8, out on))
                options.XptiDomU = Chosen(on);
            else
                valid = false;
        }
        return valid;
    }

    private static bool TryItem(ReadOnlySpan<byte> item, ref SpeculationOptions options)
    {
        if (OptionValues.TryBoolean(item, out bool on))
        {
            // "no" switches everything off, "yes" leaves the defaults.
            if (!on)
                options = new SpeculationOptions
                {
                    Ibrs = Choice.Off, Ibpb = Choice.Off, Ssbd = Choice.Off, Returns = Choice.Off, Buffers = Choice.Off, SpecCtrl = Choice.Off,
                    XptiDom0 = options.XptiDom0 == Choice.Default ? Choice.Off : options.XptiDom0,
                    XptiDomU = options.XptiDomU == Choice.Default ? Choice.Off : options.XptiDomU,
                };
            return true;
        }
        if (TrySwitch(item, "xen"u8, out on))
        {
            if (!on)
                options.Ibrs = options.Ibpb = options.Ssbd = Choice.Off;
            return true;
        }
        if (TrySwitch(item, "pv"u8, out on))
        {
            options.Returns = options.Buffers = options.SpecCtrl = Chosen(on);
            return true;
        }
        return TryOwn(item, "ibrs"u8, ref options.Ibrs) || TryOwn(item, "ibpb"u8, ref options.Ibpb) || TryOwn(item, "ssbd"u8, ref options.Ssbd)
            || TryForGuests(item, "rsb"u8, ref options.Returns) || TryForGuests(item, "md-clear"u8, ref options.Buffers) || TryForGuests(item, "verw"u8, ref options.Buffers)
            || TryForGuests(item, "msr-sc"u8, ref options.SpecCtrl) || IsWithoutEffect(item);
    }

    private static bool TryOwn(ReadOnlySpan<byte> item, ReadOnlySpan<byte> name, ref Choice choice)
    {
        if (!TrySwitch(item, name, out bool on))
            return false;
        choice = Chosen(on);
        return true;
    }

    /// <summary>NAME=BOOL, or NAME=pv, NAME=hvm: only for that kind of guest.</summary>
    private static bool TryForGuests(ReadOnlySpan<byte> item, ReadOnlySpan<byte> name, ref Choice choice)
    {
        if (TryOwn(item, name, ref choice))
            return true;
        if (!item.StartsWith(name) || item.Length <= name.Length || item[name.Length] != (byte)'=')
            return false;
        ReadOnlySpan<byte> kind = item[(name.Length + 1)..];
        if (kind.SequenceEqual("pv"u8))
            choice = Choice.On;
        else if (kind.SequenceEqual("hvm"u8))
            choice = Choice.Off;
        else
            return false;
        return true;
    }

    private static bool IsWithoutEffect(ReadOnlySpan<byte> item)
    {
        if (item.StartsWith("no-"u8))
            item = item[3..];
        int equals = item.IndexOf((byte)'=');
        ReadOnlySpan<byte> name = equals < 0 ? item : item[..equals];
        ReadOnlySpan<byte> rest = WithoutEffect;
        while (OptionValues.TryTakeItem(ref rest, (byte)' ', out ReadOnlySpan<byte> known))
        {
            if (!name.IsEmpty && known.SequenceEqual(name))
                return true;
        }
        return false;
    }

    /// <summary>NAME, no-NAME, NAME=BOOL.</summary>
    private static bool TrySwitch(ReadOnlySpan<byte> item, ReadOnlySpan<byte> name, out bool on)
    {
        on = true;
        if (item.SequenceEqual(name))
            return true;
        if (item.StartsWith("no-"u8) && item[3..].SequenceEqual(name))
        {
            on = false;
            return true;
        }
        return item.StartsWith(name) && item.Length > name.Length && item[name.Length] == (byte)'=' && OptionValues.TryBoolean(item[(name.Length + 1)..], out on);
    }

    private static Choice Chosen(bool on) => on ? Choice.On : Choice.Off;
}
