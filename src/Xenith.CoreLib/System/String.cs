// Strings are literals: frozen objects in the image, two bytes a character. There is no way to make one at run time.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Internal.Runtime.CompilerHelpers;

namespace System;

public sealed class String : IEquatable<string>
{
    private readonly int _stringLength;
    private readonly char _firstChar;

    // Nothing calls it; it keeps 'new string(..)' from compiling to an unbound call.
    private String()
    {
    }

    public int Length
    {
        [Intrinsic]
        get => _stringLength;
    }

    public char this[int index]
    {
        [Intrinsic]
        get
        {
            if ((uint)index >= (uint)_stringLength)
            {
                ThrowHelpers.ThrowIndexOutOfRangeException();
            }

            return Unsafe.Add(ref Unsafe.AsRef(in _firstChar), index);
        }
    }

    public static string Empty => "";

    public ref readonly char GetPinnableReference() => ref _firstChar;

    public static implicit operator ReadOnlySpan<char>(string? value) => MemoryExtensions.AsSpan(value);

    internal ReadOnlySpan<char> Characters => new(ref Unsafe.AsRef(in _firstChar), _stringLength);

    public bool Equals(string? other) => Equals(this, other);

    public static bool Equals(string? a, string? b)
    {
        if ((object?)a == (object?)b)
        {
            return true;
        }

        return a is not null && b is not null && MemoryExtensions.SequenceEqual((ReadOnlySpan<char>)a, b);
    }

    public static bool IsNullOrEmpty([NotNullWhen(false)] string? value) => value is null || value.Length == 0;

    public static bool operator ==(string? a, string? b) => Equals(a, b);

    public static bool operator !=(string? a, string? b) => !Equals(a, b);

    public override bool Equals(object? other) => other is string text && Equals(this, text);

    public override int GetHashCode() => _stringLength;

    public override string ToString() => this;
}
