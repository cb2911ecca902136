namespace Xenith.Machine;

// Three kinds of frame number that C would pass around as the same `unsigned long`. Mixing them up is a compile error here.

/// <summary>Machine frame number: a 4 KiB page of real memory, in units of pages.</summary>
public readonly struct Mfn
{
    /// <summary>The page index; the machine address is this times 4096.</summary>
    public readonly ulong Value;

    /// <summary>Wraps a page index.</summary>
    public Mfn(ulong value) => Value = value;

    /// <summary>Xen's INVALID_MFN: all ones.</summary>
    public static Mfn Invalid => new(ulong.MaxValue);

    /// <summary>True for <see cref="Invalid"/>.</summary>
    public bool IsInvalid => Value == ulong.MaxValue;

    /// <summary>The frame that holds a machine address.</summary>
    public static Mfn FromAddress(ulong machineAddress) => new(machineAddress >> 12);

    /// <summary>Machine address of the frame's first byte.</summary>
    public ulong Address => unchecked(Value << 12);

    /// <summary>The frame <paramref name="count"/> pages further on.</summary>
    public Mfn Plus(ulong count) => new(unchecked(Value + count));

    public static bool operator ==(Mfn a, Mfn b) => a.Value == b.Value;

    public static bool operator !=(Mfn a, Mfn b) => a.Value != b.Value;

    public override bool Equals(object? other) => other is Mfn m && m.Value == Value;

    public override int GetHashCode() => unchecked((int)Value);
}

/// <summary>Guest frame number: what the guest itself takes for a machine frame (an MFN for PV, a PFN for translated guests).</summary>
public readonly struct Gfn
{
    /// <summary>The page index.</summary>
    public readonly ulong Value;

    /// <summary>Wraps a page index.</summary>
    public Gfn(ulong value) => Value = value;

    /// <summary>Xen's INVALID_GFN: all ones.</summary>
    public static Gfn Invalid => new(ulong.MaxValue);
}

/// <summary>Pseudo-physical frame number: the index of a page in a PV guest's own dense numbering.</summary>
public readonly struct Pfn
{
    /// <summary>The page index.</summary>
    public readonly ulong Value;

    /// <summary>Wraps a page index.</summary>
    public Pfn(ulong value) => Value = value;
}
