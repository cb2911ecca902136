// Runtime calls that the native compiler demands by name. Boxing traps: code for the metal does not box.

using Internal.Runtime;

namespace System.Runtime;

internal static unsafe class RuntimeExports
{
    [RuntimeExport("RhBox")]
    internal static object RhBox(MethodTable* type, ref byte value) => throw null!;

    [RuntimeExport("RhUnbox2")]
    internal static ref byte RhUnbox2(MethodTable* type, object value) => throw null!;

    [RuntimeExport("RhUnboxNullable")]
    internal static void RhUnboxNullable(ref byte destination, MethodTable* type, object value) => throw null!;

    [RuntimeExport("RhUnboxTypeTest")]
    internal static void RhUnboxTypeTest(MethodTable* type, MethodTable* boxedType) => throw null!;

    [RuntimeExport("RhNewArray")]
    internal static object RhNewArray(MethodTable* type, nint length) => BootHeap.NewArray(type, length);

    [RuntimeExport("RhNewObject")]
    internal static object RhNewObject(MethodTable* type) => BootHeap.NewObject(type);
}
