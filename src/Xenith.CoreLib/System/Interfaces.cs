// Interfaces serve as constraints on struct type parameters, where calls through them are direct. There is no interface dispatch.

namespace System;

/// <summary>What 'using' calls. For a ref struct it needs only the method, not the interface.</summary>
public interface IDisposable
{
    void Dispose();
}

public interface IEquatable<T>
    where T : allows ref struct
{
    bool Equals(T? other);
}

public interface IComparable<in T>
    where T : allows ref struct
{
    int CompareTo(T? other);
}
