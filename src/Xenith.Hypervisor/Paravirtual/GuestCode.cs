using System;
using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Room for the longest instruction, and one byte more: two words are read faster than 15 bytes.</summary>
[InlineArray(Size)]
internal struct CodeBytes
{
    internal const int Size = InstructionDecoder.MaxLength + 1;

    private byte _first;
}

/// <summary>Fetches and decodes the instruction at which a guest stopped. The bytes are read once; what another vCPU makes of them later does not matter.</summary>
internal static class GuestCode
{
    /// <summary>False if the bytes cannot be read or are not an instruction. <paramref name="bits"/> is the size of the code: 64, 32 or 16.</summary>
    internal static bool TryDecode(Vcpu vcpu, ref GuestFrame frame, out Instruction instruction, out int bits)
    {
        if (!GuestDescriptors.TryGetCodeSegment(vcpu, unchecked((ushort)frame.Cs), out bits, out ulong segmentBase))
        {
            instruction = default;
            return false;
        }
        ulong at = bits == 64 ? frame.Rip : unchecked(segmentBase + frame.Rip) & 0xffff_ffff;
        if ((at & (AddressSpace.PageSize - 1)) > AddressSpace.PageSize - CodeBytes.Size)
            return TryDecodeAtEnd(at, bits, out instruction);
        if (GuestMemory.TryRead(at, out CodeBytes code))
            return InstructionDecoder.Decode(code, bits, out instruction) == DecodeResult.Done;
        instruction = default;
        return false;
    }

    /// <summary>Near the end of a page: the next page is touched only if the instruction goes on there.</summary>
    private static bool TryDecodeAtEnd(ulong at, int bits, out Instruction instruction)
    {
        instruction = default;
        CodeBytes buffer = default;
        Span<byte> code = buffer[..InstructionDecoder.MaxLength];
        int first = Math.Min(InstructionDecoder.MaxLength, AddressSpace.PageSize - (int)(at & (AddressSpace.PageSize - 1)));
        if (!GuestMemory.TryRead(at, code[..first]))
            return false;
        DecodeResult result = InstructionDecoder.Decode(code[..first], bits, out instruction);
        if (result == DecodeResult.Truncated && first < code.Length)
        {
            if (!GuestMemory.TryRead(unchecked(at + (ulong)first), code[first..]))
                return false;
            result = InstructionDecoder.Decode(code, bits, out instruction);
        }
        return result == DecodeResult.Done;
    }
}
