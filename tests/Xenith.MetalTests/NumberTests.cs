using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Xenith.MetalTests;

internal static class NumberTests
{
    internal static void Run()
    {
        Bits();
        Arithmetic();
    }

    // The values pass through a method that is not inlined, so that code runs and not the compiler's constant folding.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static T Opaque<T>(T value)
        where T : struct => value;

    private static void Bits()
    {
        for (int i = 0; i < 64; i++)
        {
            ulong bit = Opaque(1UL << i);
            Check.That(BitOperations.LeadingZeroCount(bit) == 63 - i);
            Check.That(BitOperations.TrailingZeroCount(bit) == i);
            Check.That(BitOperations.Log2(bit) == i && BitOperations.IsPow2(bit));
            Check.That(BitOperations.PopCount(bit - 1) == i);
            Check.That(BitOperations.RoundUpToPowerOf2(bit) == bit);
            Check.That(BitOperations.RotateLeft(bit, 3) == 1UL << ((i + 3) & 63));
            Check.That(BitOperations.RotateRight(bit, 3) == 1UL << ((i - 3) & 63));
        }

        Check.That(BitOperations.LeadingZeroCount(Opaque(0UL)) == 64 && BitOperations.LeadingZeroCount(Opaque(0U)) == 32);
        Check.That(BitOperations.TrailingZeroCount(Opaque(0UL)) == 64 && BitOperations.TrailingZeroCount(Opaque(0U)) == 32);
        Check.That(BitOperations.LeadingZeroCount(Opaque(0x8000U)) == 16 && BitOperations.TrailingZeroCount(Opaque(0x8000U)) == 15);
        Check.That(BitOperations.PopCount(Opaque(ulong.MaxValue)) == 64 && BitOperations.PopCount(Opaque(0xf0f0U)) == 8);
        Check.That(!BitOperations.IsPow2(Opaque(0UL)) && BitOperations.RoundUpToPowerOf2(Opaque(5UL)) == 8);
        Check.That(BitOperations.RoundUpToPowerOf2(Opaque(ulong.MaxValue)) == 0 && BitOperations.RoundUpToPowerOf2(Opaque(3U)) == 4);
    }

    private static void Arithmetic()
    {
        ulong high = Math.BigMul(Opaque(ulong.MaxValue), Opaque(ulong.MaxValue), out ulong low);
        Check.That(high == ulong.MaxValue - 1 && low == 1);
        high = Math.BigMul(Opaque(0x1234_5678_9abc_def0UL), Opaque(0x0fed_cba9_8765_4321UL), out low);
        Check.That(high == 0x0121_fa00_ad77_d742 && low == 0x2236_d88f_e561_8cf0);
        (ulong quotient, ulong remainder) = X86Base.X64.DivRem(Opaque(5UL), Opaque(1UL), Opaque(16UL));
        Check.That(quotient == 0x1000_0000_0000_0000 && remainder == 5);
        Check.That(Math.Min(Opaque(3UL), 4) == 3 && Math.Max(Opaque(-3), 4) == 4 && Math.Abs(Opaque(-3L)) == 3);
        Check.That(Math.Clamp(Opaque(9), 1, 5) == 5 && Math.DivRem(Opaque(17U), 5).Remainder == 2);
        Check.That(checked((byte)Opaque(200)) == 200 && checked(Opaque(uint.MaxValue - 1) + 1) == uint.MaxValue);
    }
}
