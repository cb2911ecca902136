// Casts and 'is' between classes, and stores to arrays of references, by the names that compiled code calls. There is no variance:
// an array of a derived class cannot stand for an array of its base.

using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Internal.Runtime;
using Internal.Runtime.CompilerHelpers;

namespace System.Runtime;

internal static unsafe class TypeCast
{
    [RuntimeExport("RhTypeCast_IsInstanceOfClass")]
    internal static object? IsInstanceOfClass(MethodTable* type, object? value) =>
        value is null || IsDerived(value.MethodTable, type) ? value : null;

    [RuntimeExport("RhTypeCast_IsInstanceOfAny")]
    internal static object? IsInstanceOfAny(MethodTable* type, object? value) => IsInstanceOfClass(type, value);

    // Interfaces are constraints of generic code only; nothing asks an object for one.
    [RuntimeExport("RhTypeCast_IsInstanceOfInterface")]
    internal static object? IsInstanceOfInterface(MethodTable* type, object? value) => throw null!;

    [RuntimeExport("RhTypeCast_IsInstanceOfException")]
    internal static bool IsInstanceOfException(MethodTable* type, object? value) => throw null!;

    [RuntimeExport("RhTypeCast_CheckCastClass")]
    internal static object? CheckCastClass(MethodTable* type, object? value)
    {
        if (value is not null && !IsDerived(value.MethodTable, type))
        {
            ThrowHelpers.ThrowInvalidCastException();
        }

        return value;
    }

    [RuntimeExport("RhTypeCast_CheckCastClassSpecial")]
    internal static object? CheckCastClassSpecial(MethodTable* type, object? value) => CheckCastClass(type, value);

    [RuntimeExport("RhTypeCast_CheckCastAny")]
    internal static object? CheckCastAny(MethodTable* type, object? value) => CheckCastClass(type, value);

    [RuntimeExport("RhTypeCast_CheckCastInterface")]
    internal static object? CheckCastInterface(MethodTable* type, object? value) => throw null!;

    [RuntimeExport("RhpStelemRef")]
    internal static void StelemRef(object?[] array, nint index, object? value)
    {
        if ((nuint)index >= (nuint)array.Length)
        {
            ThrowHelpers.ThrowIndexOutOfRangeException();
        }

        if (value is not null && !IsDerived(value.MethodTable, array.MethodTable->Related))
        {
            ThrowHelpers.ThrowInvalidCastException();
        }

        Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(array), index) = value;
    }

    [RuntimeExport("RhpLdelemaRef")]
    internal static ref object? LdelemaRef(object?[] array, nint index, MethodTable* elementType)
    {
        if ((nuint)index >= (nuint)array.Length)
        {
            ThrowHelpers.ThrowIndexOutOfRangeException();
        }

        if (array.MethodTable->Related != elementType)
        {
            ThrowHelpers.ThrowInvalidCastException();
        }

        return ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(array), index);
    }

    private static bool IsDerived(MethodTable* type, MethodTable* baseType)
    {
        while (type is not null)
        {
            if (type == baseType)
            {
                return true;
            }

            type = type->Related;
        }

        return false;
    }
}
