using System.Numerics;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>What integer instructions compute, with the flags (SDM vol. 1, appendix A), for operands of 1, 2, 4 or 8 bytes.</summary>
internal static class Arithmetic
{
    internal const ulong ParityFlag = 1 << 2, AdjustFlag = 1 << 4, ZeroFlag = 1 << 6, SignFlag = 1 << 7, OverflowFlag = 1 << 11;
    internal const ulong StatusFlags = Rflags.Carry | ParityFlag | AdjustFlag | ZeroFlag | SignFlag | OverflowFlag;

    /// <summary>a + b + carry.</summary>
    internal static ulong Add(ulong a, ulong b, ulong carry, int size, ref ulong flags)
    {
        ulong mask = GuestRegisters.Mask(size), sign = SignBit(size);
        a &= mask;
        b &= mask;
        ulong result = unchecked(a + b + carry) & mask;
        flags = Common(flags, result, size);
        if (result < a || (carry != 0 && result == a))
            flags |= Rflags.Carry;
        if (((a ^ b ^ result) & 16) != 0)
            flags |= AdjustFlag;
        if ((~(a ^ b) & (a ^ result) & sign) != 0)
            flags |= OverflowFlag;
        return result;
    }

    /// <summary>a - b - borrow.</summary>
    internal static ulong Subtract(ulong a, ulong b, ulong borrow, int size, ref ulong flags)
    {
        ulong mask = GuestRegisters.Mask(size), sign = SignBit(size);
        a &= mask;
        b &= mask;
        ulong result = unchecked(a - b - borrow) & mask;
        flags = Common(flags, result, size);
        if (a < b || (borrow != 0 && a == b))
            flags |= Rflags.Carry;
        if (((a ^ b ^ result) & 16) != 0)
            flags |= AdjustFlag;
        if (((a ^ b) & (a ^ result) & sign) != 0)
            flags |= OverflowFlag;
        return result;
    }

    /// <summary>The result of AND, OR or XOR: carry and overflow are cleared.</summary>
    internal static ulong Logic(ulong result, int size, ref ulong flags)
    {
        result &= GuestRegisters.Mask(size);
        flags = Common(flags, result, size);
        return result;
    }

    private static ulong SignBit(int size) => 1UL << (size * 8 - 1);

    private static ulong Common(ulong flags, ulong result, int size)
    {
        flags &= ~StatusFlags;
        if (result == 0)
            flags |= ZeroFlag;
        if ((result & SignBit(size)) != 0)
            flags |= SignFlag;
        if ((BitOperations.PopCount((uint)(result & 0xff)) & 1) == 0)
            flags |= ParityFlag;
        return flags;
    }
}
