// Helper classes that the native compiler demands by name, beside ThrowHelpers.

using System;
using System.Runtime;

namespace Internal.Runtime.CompilerHelpers;

/// <summary>typeof() and its like at run time: not supported.</summary>
internal static class LdTokenHelpers
{
    private static RuntimeTypeHandle GetRuntimeTypeHandle(nint type) => throw null!;

    private static RuntimeMethodHandle GetRuntimeMethodHandle(nint method) => throw null!;

    private static RuntimeFieldHandle GetRuntimeFieldHandle(nint field) => throw null!;

    private static Type GetRuntimeType(nint type) => throw null!;
}

internal static class StartupCodeHelpers
{
    // Entry and exit of methods that unmanaged code calls. Only a start-up method of the compiler, which nothing calls, refers to them.
    [RuntimeExport("RhpReversePInvoke")]
    private static void ReversePInvoke(nint frame)
    {
    }

    [RuntimeExport("RhpReversePInvokeReturn")]
    private static void ReversePInvokeReturn(nint frame)
    {
    }

    /// <summary>The stack protector found its cookie overwritten.</summary>
    [RuntimeExport("RhpFallbackFailFast")]
    private static void FailFast() => throw null!;
}
