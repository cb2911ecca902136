namespace Xenith.Machine;

/// <summary>A reference to an object; the metal's twin keeps its address.</summary>
internal readonly struct HeapReference<T>(T value) where T : class
{
    /// <summary>The object; null for a default value.</summary>
    internal T? Value => value;
}
