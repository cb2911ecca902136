// Arrays of fixed length inside structures. C writes `unsigned long evtchn_mask[64]`; here that is a field of
// type Inline64<ulong>. An inline array has the size and alignment of its elements, is indexed with a bounds
// check, and converts to a Span when the code that holds it may take one.

using System.Runtime.CompilerServices;

namespace Xenith.Abi;

/// <summary>1 elements side by side.</summary>
[InlineArray(1)]
public struct Inline1<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>2 elements side by side.</summary>
[InlineArray(2)]
public struct Inline2<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>3 elements side by side.</summary>
[InlineArray(3)]
public struct Inline3<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>4 elements side by side.</summary>
[InlineArray(4)]
public struct Inline4<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>5 elements side by side.</summary>
[InlineArray(5)]
public struct Inline5<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>6 elements side by side.</summary>
[InlineArray(6)]
public struct Inline6<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>7 elements side by side.</summary>
[InlineArray(7)]
public struct Inline7<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>8 elements side by side.</summary>
[InlineArray(8)]
public struct Inline8<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>11 elements side by side.</summary>
[InlineArray(11)]
public struct Inline11<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>12 elements side by side.</summary>
[InlineArray(12)]
public struct Inline12<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>14 elements side by side.</summary>
[InlineArray(14)]
public struct Inline14<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>16 elements side by side.</summary>
[InlineArray(16)]
public struct Inline16<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>17 elements side by side.</summary>
[InlineArray(17)]
public struct Inline17<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>25 elements side by side.</summary>
[InlineArray(25)]
public struct Inline25<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>28 elements side by side.</summary>
[InlineArray(28)]
public struct Inline28<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>32 elements side by side.</summary>
[InlineArray(32)]
public struct Inline32<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>40 elements side by side.</summary>
[InlineArray(40)]
public struct Inline40<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>48 elements side by side.</summary>
[InlineArray(48)]
public struct Inline48<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>56 elements side by side.</summary>
[InlineArray(56)]
public struct Inline56<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>64 elements side by side.</summary>
[InlineArray(64)]
public struct Inline64<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>80 elements side by side.</summary>
[InlineArray(80)]
public struct Inline80<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>84 elements side by side.</summary>
[InlineArray(84)]
public struct Inline84<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>95 elements side by side.</summary>
[InlineArray(95)]
public struct Inline95<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>256 elements side by side.</summary>
[InlineArray(256)]
public struct Inline256<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>340 elements side by side.</summary>
[InlineArray(340)]
public struct Inline340<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>511 elements side by side.</summary>
[InlineArray(511)]
public struct Inline511<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>512 elements side by side.</summary>
[InlineArray(512)]
public struct Inline512<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>1024 elements side by side.</summary>
[InlineArray(1024)]
public struct Inline1024<T>
    where T : unmanaged
{
    private T _element;
}

/// <summary>2048 elements side by side.</summary>
[InlineArray(2048)]
public struct Inline2048<T>
    where T : unmanaged
{
    private T _element;
}
