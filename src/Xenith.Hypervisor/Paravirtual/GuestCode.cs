using System;
using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Room for the longest instruction.</summary>
[InlineArray(InstructionDecoder.MaxLength)]
internal struct CodeBytes
{
    private byte _first;
}

/// <summary>Fetches and decodes the instruction at which a guest stopped. The bytes are read once; what another vCPU makes of them later does not matter.</summary>
internal static class GuestCode
{
    /// <summary>False if the bytes cannot be read or are not an instruction. <paramref name="bits"/> is the size of the code: 64, 32 or 16.</summary>
    internal static bool TryDecode(Vcpu vcpu, ref GuestFrame frame, out Instruction instruction, out int bits)
    {
        instruction = default;
        if (!GuestDescriptors.TryGetCodeSegment(vcpu, (ushort)(frame.Cs & 0xffff), out bits, out ulong segmentBase))
            return false;
        ulong at = bits == 64 ? frame.Rip : unchecked(segmentBase + frame.Rip) & 0xffff_ffff;

        // The next page is touched only if the instruction goes on there.
        CodeBytes buffer = default;
        Span<byte> code = buffer;
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
