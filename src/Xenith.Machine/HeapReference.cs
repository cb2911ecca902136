using System.Runtime.CompilerServices;

namespace Xenith.Machine;

/// <summary>
/// A reference to an object, kept as its address. Objects of the hypervisor are never moved and never collected, so this is as good as the reference itself; but storing it needs no
/// write barrier, which as a call costs a hot path four times what the store does.
/// </summary>
internal readonly struct HeapReference<T> where T : class
{
    private readonly nint _address;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal HeapReference(T value) => _address = Unsafe.As<T, nint>(ref value);

    /// <summary>The object; null for a default value.</summary>
    internal T? Value
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            nint address = _address;
            return Unsafe.As<nint, T?>(ref address);
        }
    }
}
