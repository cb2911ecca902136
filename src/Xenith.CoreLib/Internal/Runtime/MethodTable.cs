// The head of a type's descriptor in the image, as the native compiler writes it (ILCompiler 10.0.12).

namespace Internal.Runtime;

public unsafe struct MethodTable
{
    /// <summary>Low half: the size of an array's element.</summary>
    private readonly uint _flags;

    /// <summary>Bytes of an instance, eight of header before the object included.</summary>
    internal readonly uint BaseSize;

    /// <summary>The base type, or the element type of an array.</summary>
    internal readonly MethodTable* Related;

    private readonly ushort _vtableSlots;
    private readonly ushort _interfaces;
    private readonly uint _hashCode;

    internal readonly ushort ComponentSize => (ushort)_flags;
}
