// Arrays, as the compiler of native code lays them out: method table, 32-bit length, padding, elements from byte 16 on. They are made
// at boot only (Internal.Runtime.BootHeap) or preinitialised in the image.

using System.Collections;
using System.Runtime.CompilerServices;

namespace System;

public abstract class Array : IEnumerable
{
    private readonly int _numComponents;

    private protected Array()
    {
    }

    public int Length
    {
        [Intrinsic]
        get => (int)Unsafe.As<RawArrayData>(this).Length;
    }

    // The language wants arrays to have it for foreach; it compiles foreach over an array to an index loop and never calls it.
    IEnumerator IEnumerable.GetEnumerator() => throw null!;
}

/// <summary>The type behind T[]: the compiler takes its methods and interfaces for every array.</summary>
internal class Array<T> : Array
{
}

/// <summary>The fields of any array, to be reached by Unsafe.As.</summary>
internal sealed class RawArrayData
{
    public uint Length;
    public uint Padding;
    public byte Data;
}
