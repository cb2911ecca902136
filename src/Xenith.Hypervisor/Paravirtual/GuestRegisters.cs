using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>General registers of a frame by the numbers that instructions use (SDM vol. 2, table 3-1).</summary>
internal static class GuestRegisters
{
    /// <summary>The 64-bit register of a number 0 to 15.</summary>
    internal static ref ulong Of(ref GuestFrame frame, int number)
    {
        switch (number & 15)
        {
            case 0:
                return ref frame.Rax;
            case 1:
                return ref frame.Rcx;
            case 2:
                return ref frame.Rdx;
            case 3:
                return ref frame.Rbx;
            case 4:
                return ref frame.Rsp;
            case 5:
                return ref frame.Rbp;
            case 6:
                return ref frame.Rsi;
            case 7:
                return ref frame.Rdi;
            case 8:
                return ref frame.R8;
            case 9:
                return ref frame.R9;
            case 10:
                return ref frame.R10;
            case 11:
                return ref frame.R11;
            case 12:
                return ref frame.R12;
            case 13:
                return ref frame.R13;
            case 14:
                return ref frame.R14;
            default:
                return ref frame.R15;
        }
    }

    /// <summary>Reads an operand of 1, 2, 4 or 8 bytes. Without REX the byte registers 4 to 7 are AH, CH, DH, BH.</summary>
    internal static ulong Read(ref GuestFrame frame, int number, int size, bool hasRex)
    {
        if (size == 1 && !hasRex && number is >= 4 and < 8)
            return Of(ref frame, number - 4) >> 8 & 0xff;
        return Of(ref frame, number) & Mask(size);
    }

    /// <summary>Writes an operand: 4 bytes clear the upper half, 1 and 2 bytes leave the rest alone.</summary>
    internal static void Write(ref GuestFrame frame, int number, int size, bool hasRex, ulong value)
    {
        if (size == 1 && !hasRex && number is >= 4 and < 8)
        {
            ref ulong high = ref Of(ref frame, number - 4);
            high = (high & ~0xff00UL) | (value & 0xff) << 8;
            return;
        }
        ref ulong register = ref Of(ref frame, number);
        register = size switch
        {
            1 => (register & ~0xffUL) | (value & 0xff),
            2 => (register & ~0xffffUL) | (value & 0xffff),
            4 => value & 0xffff_ffff,
            _ => value,
        };
    }

    /// <summary>The bits of an operand of so many bytes.</summary>
    internal static ulong Mask(int size) => size switch { 1 => 0xff, 2 => 0xffff, 4 => 0xffff_ffff, _ => ulong.MaxValue };
}
