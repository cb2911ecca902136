// The integer types. The compiler knows their arithmetic; what stands here is only their limits and equality, which generic
// code reaches through IEquatable<T> and IComparable<T> as constraints.

namespace System;

public readonly struct Boolean : IEquatable<bool>
{
    private readonly bool _value;

    public bool Equals(bool other) => _value == other;

    public override bool Equals(object? other) => other is bool value && _value == value;

    public override int GetHashCode() => _value ? 1 : 0;
}

public readonly struct Char : IEquatable<char>, IComparable<char>
{
    private readonly char _value;

    public const char MinValue = '\0';
    public const char MaxValue = '\uffff';

    public bool Equals(char other) => _value == other;

    public int CompareTo(char other) => _value < other ? -1 : _value > other ? 1 : 0;

    public override bool Equals(object? other) => other is char value && _value == value;

    public override int GetHashCode() => unchecked((int)_value);
}

public readonly struct SByte : IEquatable<sbyte>, IComparable<sbyte>
{
    private readonly sbyte _value;

    public const sbyte MinValue = -128;
    public const sbyte MaxValue = 127;

    public bool Equals(sbyte other) => _value == other;

    public int CompareTo(sbyte other) => _value < other ? -1 : _value > other ? 1 : 0;

    public override bool Equals(object? other) => other is sbyte value && _value == value;

    public override int GetHashCode() => unchecked((int)_value);
}

public readonly struct Byte : IEquatable<byte>, IComparable<byte>
{
    private readonly byte _value;

    public const byte MinValue = 0;
    public const byte MaxValue = 255;

    public bool Equals(byte other) => _value == other;

    public int CompareTo(byte other) => _value < other ? -1 : _value > other ? 1 : 0;

    public override bool Equals(object? other) => other is byte value && _value == value;

    public override int GetHashCode() => unchecked((int)_value);
}

public readonly struct Int16 : IEquatable<short>, IComparable<short>
{
    private readonly short _value;

    public const short MinValue = -32768;
    public const short MaxValue = 32767;

    public bool Equals(short other) => _value == other;

    public int CompareTo(short other) => _value < other ? -1 : _value > other ? 1 : 0;

    public override bool Equals(object? other) => other is short value && _value == value;

    public override int GetHashCode() => unchecked((int)_value);
}

public readonly struct UInt16 : IEquatable<ushort>, IComparable<ushort>
{
    private readonly ushort _value;

    public const ushort MinValue = 0;
    public const ushort MaxValue = 65535;

    public bool Equals(ushort other) => _value == other;

    public int CompareTo(ushort other) => _value < other ? -1 : _value > other ? 1 : 0;

    public override bool Equals(object? other) => other is ushort value && _value == value;

    public override int GetHashCode() => unchecked((int)_value);
}

public readonly struct Int32 : IEquatable<int>, IComparable<int>
{
    private readonly int _value;

    public const int MinValue = -2147483648;
    public const int MaxValue = 2147483647;

    public bool Equals(int other) => _value == other;

    public int CompareTo(int other) => _value < other ? -1 : _value > other ? 1 : 0;

    public override bool Equals(object? other) => other is int value && _value == value;

    public override int GetHashCode() => unchecked((int)_value);
}

public readonly struct UInt32 : IEquatable<uint>, IComparable<uint>
{
    private readonly uint _value;

    public const uint MinValue = 0;
    public const uint MaxValue = 0xffff_ffff;

    public bool Equals(uint other) => _value == other;

    public int CompareTo(uint other) => _value < other ? -1 : _value > other ? 1 : 0;

    public override bool Equals(object? other) => other is uint value && _value == value;

    public override int GetHashCode() => unchecked((int)_value);
}

public readonly struct Int64 : IEquatable<long>, IComparable<long>
{
    private readonly long _value;

    public const long MinValue = -9223372036854775808;
    public const long MaxValue = 9223372036854775807;

    public bool Equals(long other) => _value == other;

    public int CompareTo(long other) => _value < other ? -1 : _value > other ? 1 : 0;

    public override bool Equals(object? other) => other is long value && _value == value;

    public override int GetHashCode() => unchecked((int)_value);
}

public readonly struct UInt64 : IEquatable<ulong>, IComparable<ulong>
{
    private readonly ulong _value;

    public const ulong MinValue = 0;
    public const ulong MaxValue = 0xffff_ffff_ffff_ffff;

    public bool Equals(ulong other) => _value == other;

    public int CompareTo(ulong other) => _value < other ? -1 : _value > other ? 1 : 0;

    public override bool Equals(object? other) => other is ulong value && _value == value;

    public override int GetHashCode() => unchecked((int)_value);
}
