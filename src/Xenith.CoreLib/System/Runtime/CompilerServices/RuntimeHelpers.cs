// Helpers that the C# compiler calls by name. All are intrinsics: the native compiler replaces each call.

namespace System.Runtime.CompilerServices;

public static class RuntimeHelpers
{
    public static int OffsetToStringData => 12;

    [Intrinsic]
    public static void InitializeArray(Array array, RuntimeFieldHandle data) => throw null!;

    [Intrinsic]
    public static ReadOnlySpan<T> CreateSpan<T>(RuntimeFieldHandle data) => throw null!;

    [Intrinsic]
    public static bool IsReferenceOrContainsReferences<T>()
        where T : allows ref struct => throw null!;

    [Intrinsic]
    internal static bool IsKnownConstant(int value) => false;

    [Intrinsic]
    internal static bool IsKnownConstant<T>(T value)
        where T : struct => false;
}
