using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Where the memory operand of a guest's 64-bit instruction lies (SDM vol. 1, 3.7.5). Only FS and GS have a base in 64-bit mode.</summary>
internal static class EffectiveAddress
{
    /// <summary>Address of the operand that ModRM names.</summary>
    internal static ulong OfOperand(ref GuestFrame frame, in Instruction instruction)
    {
        ulong address = unchecked((ulong)instruction.Displacement);
        if (instruction.Base == Instruction.InstructionPointer)
            address = unchecked(address + frame.Rip + instruction.Length);
        else if (instruction.Base != Instruction.NoRegister)
            address = unchecked(address + GuestRegisters.Of(ref frame, instruction.Base));
        if (instruction.Index != Instruction.NoRegister)
            address = unchecked(address + GuestRegisters.Of(ref frame, instruction.Index) * instruction.Scale);
        return WithSegment(in instruction, address);
    }

    /// <summary>Adds the segment's base to an offset, which is cut to the address size first.</summary>
    internal static ulong WithSegment(in Instruction instruction, ulong offset)
    {
        offset &= GuestRegisters.Mask(instruction.AddressSize);
        return instruction.Segment switch
        {
            SegmentRegister.Fs => unchecked(offset + Segments.FsBase),
            SegmentRegister.Gs => unchecked(offset + Segments.GsBase),
            _ => offset,
        };
    }
}
