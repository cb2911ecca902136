// Where the runtime really puts a field. Marshal.OffsetOf describes the marshalled form and refuses generic
// fields, so the answer comes from the code the runtime generates: address of the field minus address of the value.

using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Xenith.Tests.Abi;

internal static class Layout
{
    private static readonly MethodInfo SizeMethod = typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!;

    /// <summary>Size of the value type in memory, tail padding included.</summary>
    public static int SizeOf(Type type) => (int)SizeMethod.MakeGenericMethod(type).Invoke(null, null)!;

    /// <summary>Byte offset of an instance field from the start of its structure.</summary>
    public static int OffsetOf(FieldInfo field)
    {
        Type type = field.DeclaringType!;
        var method = new DynamicMethod("offset", typeof(int), Type.EmptyTypes, typeof(Layout).Module, skipVisibility: true);
        ILGenerator code = method.GetILGenerator();
        code.DeclareLocal(type);
        code.Emit(OpCodes.Ldloca_S, (byte)0);
        code.Emit(OpCodes.Ldflda, field);
        code.Emit(OpCodes.Conv_U);
        code.Emit(OpCodes.Ldloca_S, (byte)0);
        code.Emit(OpCodes.Conv_U);
        code.Emit(OpCodes.Sub);
        code.Emit(OpCodes.Conv_I4);
        code.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<int>>()();
    }
}
