// Primitive types that are not plain integers. Floating point is never used: the two types exist because the compilers demand them.

using System.Runtime.CompilerServices;

namespace System;

public readonly struct IntPtr : IEquatable<nint>
{
    private readonly nint _value;

    public static nint Zero => 0;

    public static int Size
    {
        [Intrinsic]
        get => 8;
    }

    public bool Equals(nint other) => _value == other;

    public override bool Equals(object? other) => other is nint value && _value == value;

    public override int GetHashCode() => unchecked((int)_value);
}

public readonly struct UIntPtr : IEquatable<nuint>
{
    private readonly nuint _value;

    public static nuint Zero => 0;

    public static int Size
    {
        [Intrinsic]
        get => 8;
    }

    public bool Equals(nuint other) => _value == other;

    public override bool Equals(object? other) => other is nuint value && _value == value;

    public override int GetHashCode() => unchecked((int)_value);
}

public readonly struct Single
{
}

public readonly struct Double
{
}
