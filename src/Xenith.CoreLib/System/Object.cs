// The roots of the type system. An object is a pointer to its method table, then its fields; there is no header that anything
// here uses (no monitor, no hash code, no collector), so identity is the address and nothing else.

using System.Runtime.CompilerServices;
using Internal.Runtime;

namespace System;

public unsafe class Object
{
    internal MethodTable* MethodTable;

    public Object()
    {
    }

    public virtual bool Equals(object? other) => this == other;

    /// <summary>Zero: an address would change with the build. Override it where a hash is wanted.</summary>
    public virtual int GetHashCode() => 0;

    public virtual string? ToString() => "";

    public static bool ReferenceEquals(object? a, object? b) => a == b;

    [Intrinsic]
    internal Type GetType() => null!;

    // The compiler of native code asks for this slot in every vtable. It is never called.
    ~Object()
    {
    }
}

/// <summary>Base of all value types. Comparing boxed values is not supported: nothing here boxes.</summary>
public abstract class ValueType
{
}

/// <summary>Base of all enumerations. Names of members do not exist at run time.</summary>
public abstract class Enum : ValueType
{
    [Intrinsic]
    public bool HasFlag(Enum flag) => throw null!;
}

public struct Void
{
}

public abstract class Attribute
{
}
