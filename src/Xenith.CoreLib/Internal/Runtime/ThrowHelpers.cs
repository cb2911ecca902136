// Where failed checks go. The compilers call these by name. 'throw' tells the native compiler that the method never returns, and
// compiles to RhpThrowEx, one undefined instruction: the #UD handler contains it like any other trap, and the backtrace names
// the check and the method that failed it.

using System.Diagnostics.CodeAnalysis;

namespace Internal.Runtime.CompilerHelpers;

internal static class ThrowHelpers
{
    [DoesNotReturn]
    internal static void ThrowIndexOutOfRangeException() => throw null!;

    [DoesNotReturn]
    internal static void ThrowNullReferenceException() => throw null!;

    [DoesNotReturn]
    internal static void ThrowDivideByZeroException() => throw null!;

    [DoesNotReturn]
    internal static void ThrowOverflowException() => throw null!;

    [DoesNotReturn]
    internal static void ThrowArgumentOutOfRangeException() => throw null!;

    [DoesNotReturn]
    internal static void ThrowArgumentException() => throw null!;

    [DoesNotReturn]
    internal static void ThrowInvalidOperationException() => throw null!;

    [DoesNotReturn]
    internal static void ThrowInvalidCastException() => throw null!;

    [DoesNotReturn]
    internal static void ThrowOutOfMemoryException() => throw null!;

    [DoesNotReturn]
    internal static void ThrowPlatformNotSupportedException() => throw null!;

    [DoesNotReturn]
    internal static void ThrowNotImplementedException() => throw null!;

    // The bodies of methods that the native compiler removed or could not compile.
    private static void ThrowFeatureBodyRemoved() => throw null!;

    private static void ThrowInstanceBodyRemoved() => throw null!;

    private static void ThrowUnavailableType() => throw null!;

    private static void ThrowBodyRemoved() => throw null!;

    private static void ThrowInvalidProgramException(int id) => throw null!;

    private static void ThrowInvalidProgramExceptionWithArgument(int id, string argument) => throw null!;
}
