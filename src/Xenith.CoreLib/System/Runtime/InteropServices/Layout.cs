// How fields lie in memory: what makes a C# struct the ABI's or the processor's.

namespace System.Runtime.InteropServices;

public enum LayoutKind
{
    Sequential = 0,
    Explicit = 2,
    Auto = 3,
}

public enum CharSet
{
    None = 1,
    Ansi = 2,
    Unicode = 3,
    Auto = 4,
}

public sealed class StructLayoutAttribute(LayoutKind layoutKind) : Attribute
{
    public LayoutKind Value { get; } = layoutKind;

    public int Pack;
    public int Size;
    public CharSet CharSet;
}

public sealed class FieldOffsetAttribute(int offset) : Attribute
{
    public int Value { get; } = offset;
}

/// <summary>A modreq of 'in' parameters of virtual methods.</summary>
public sealed class InAttribute : Attribute;

public sealed class OutAttribute : Attribute;

public enum UnmanagedType
{
}
