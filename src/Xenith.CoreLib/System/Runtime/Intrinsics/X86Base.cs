// Instructions of the base architecture that the native compiler knows by name. A call of the method inside itself is how its table
// of intrinsics is reached.

using System.Runtime.CompilerServices;

namespace System.Runtime.Intrinsics.X86;

[Intrinsic]
public abstract class X86Base
{
    internal X86Base()
    {
    }

    public static bool IsSupported
    {
        [Intrinsic]
        get => IsSupported;
    }

    /// <summary>PAUSE: the body of a spin loop.</summary>
    public static void Pause() => Pause();

    [Intrinsic]
    public abstract class X64
    {
        internal X64()
        {
        }

        public static bool IsSupported
        {
            [Intrinsic]
            get => IsSupported;
        }

        /// <summary>DIV: upper:lower by divisor; #DE when the quotient does not fit.</summary>
        public static (ulong Quotient, ulong Remainder) DivRem(ulong lower, ulong upper, ulong divisor) => DivRem(lower, upper, divisor);
    }
}
