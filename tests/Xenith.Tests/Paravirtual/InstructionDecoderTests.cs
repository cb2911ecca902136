// Our decoder against Iced's, on random bytes and on bytes made to look like instructions. Whatever Iced takes for an instruction in one of the encodings that ours knows must come out with the
// same length and the same operands.

using Iced.Intel;
using Xenith.Hypervisor.Paravirtual;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class InstructionDecoderTests
{
    private const int Samples = 150_000;

    [Theory]
    [InlineData(64)]
    [InlineData(32)]
    [InlineData(16)]
    public void Random_bytes_decode_as_Iced_decodes_them(int bits)
    {
        Random random = new(bits);
        byte[] code = new byte[InstructionDecoder.MaxLength];
        int compared = 0;
        for (int i = 0; i < Samples; i++)
        {
            random.NextBytes(code);
            compared += Compare(code, bits) ? 1 : 0;
        }
        Assert.True(compared > Samples / 2, $"only {compared} of {Samples} were comparable");
    }

    /// <summary>A few prefixes, then each opcode of each map with every ModRM and SIB form.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(32)]
    [InlineData(16)]
    public void Every_opcode_with_every_addressing_form_decodes_as_Iced_decodes_it(int bits)
    {
        byte[][] prefixes = [[], [0x66], [0x67], [0xf0], [0xf3], [0x64], [0x66, 0x67], [0x48], [0x4f], [0x66, 0x41], [0x45, 0x66], [0x65, 0x67, 0x4a], [0x2e], [0x64, 0x3e]];
        byte[][] maps = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];
        Random random = new(bits + 1);
        byte[] code = new byte[InstructionDecoder.MaxLength];
        int compared = 0;
        foreach (byte[] prefix in prefixes)
        {
            foreach (byte[] map in maps)
            {
                for (int opcode = 0; opcode < 256; opcode++)
                {
                    for (int modRm = 0; modRm < 256; modRm += map.Length > 1 ? 37 : 1)
                    {
                        random.NextBytes(code);
                        prefix.CopyTo(code, 0);
                        map.CopyTo(code, prefix.Length);
                        code[prefix.Length + map.Length] = (byte)opcode;
                        code[prefix.Length + map.Length + 1] = (byte)modRm;
                        compared += Compare(code, bits) ? 1 : 0;
                    }
                }
            }
        }
        Assert.True(compared > 500_000, $"only {compared} were comparable");
    }

    [Fact]
    public void Bytes_that_end_too_soon_are_truncated_and_never_read_beyond()
    {
        byte[] code = [0x66, 0x48, 0x81, 0x84, 0xcb, 1, 2, 3, 4, 5, 6, 7, 8];
        for (int length = 0; length < code.Length; length++)
            Assert.Equal(DecodeResult.Truncated, InstructionDecoder.Decode(code.AsSpan(0, length), 64, out _));
        Assert.Equal(DecodeResult.Done, InstructionDecoder.Decode(code, 64, out Xenith.Hypervisor.Paravirtual.Instruction instruction));
        Assert.Equal(code.Length, instruction.Length);
    }

    [Fact]
    public void Sixteen_bytes_are_no_instruction()
    {
        byte[] code = [0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90];
        Assert.Equal(DecodeResult.Invalid, InstructionDecoder.Decode(code, 64, out _));
        Assert.Equal(DecodeResult.Done, InstructionDecoder.Decode(code.AsSpan(1), 64, out _));
    }

    private static bool Compare(byte[] code, int bits)
    {
        Decoder reference = Decoder.Create(bits, new ByteArrayCodeReader(code), 0, DecoderOptions.None);
        Iced.Intel.Instruction expected = reference.Decode();
        if (expected.IsInvalid || !IsKnownEncoding(in expected))
            return false;
        DecodeResult result = InstructionDecoder.Decode(code, bits, out Xenith.Hypervisor.Paravirtual.Instruction actual);
        string? wrong = result != DecodeResult.Done ? result.ToString()
            : expected.Length != actual.Length ? $"length {actual.Length}"
            : expected.HasLockPrefix != actual.HasLock && IsLockable(in expected) ? "lock"
            : MemoryDifference(in expected, in actual) ?? ImmediateDifference(in actual, reference.GetConstantOffsets(in expected), code);
        Assert.True(wrong is null, wrong is null ? null : $"{Convert.ToHexString(code)} in {bits} bits: {expected} ({expected.Code}): {wrong}");
        return true;
    }

    private static bool IsKnownEncoding(in Iced.Intel.Instruction instruction) =>
        instruction.Encoding == EncodingKind.Legacy
        // EXTRQ and INSERTQ have two immediates. SALC is undocumented. XLAT has a memory operand without ModRM.
        && instruction.Mnemonic is not (Mnemonic.Extrq or Mnemonic.Insertq)
        && instruction.Code is not (Code.Salc or Code.Xlat_m8);

    private static bool IsLockable(in Iced.Intel.Instruction instruction) => instruction.OpCount > 0 && instruction.Op0Kind == OpKind.Memory;

    private static string? MemoryDifference(in Iced.Intel.Instruction expected, in Xenith.Hypervisor.Paravirtual.Instruction actual)
    {
        bool hasMemory = false;
        for (int i = 0; i < expected.OpCount; i++)
            hasMemory |= expected.GetOpKind(i) == OpKind.Memory;
        if (!hasMemory)
            return null;
        if (expected.HasSegmentPrefix && expected.SegmentPrefix is Register.FS or Register.GS
            && actual.Segment != (expected.SegmentPrefix == Register.FS ? SegmentRegister.Fs : SegmentRegister.Gs))
            return $"segment {actual.Segment}";
        if (actual.Map == OpcodeMap.Primary && actual.Opcode is >= 0xa0 and <= 0xa3)
            return expected.MemoryDisplacement64 == unchecked((ulong)actual.Immediate) ? null : $"address {actual.Immediate:x}";
        if (!actual.HasMemoryOperand)
            return "no memory operand";
        if (Number(expected.MemoryBase) != actual.Base)
            return $"base {actual.Base}";
        if (Number(expected.MemoryIndex) != actual.Index)
            return $"index {actual.Index}";
        if (actual.Index != Xenith.Hypervisor.Paravirtual.Instruction.NoRegister && expected.MemoryIndexScale != actual.Scale)
            return $"scale {actual.Scale}";
        ulong displacement = unchecked((ulong)actual.Displacement);
        if (expected.MemoryBase is Register.RIP or Register.EIP)
            displacement = unchecked(displacement + actual.Length);
        ulong mask = actual.AddressSize switch { 2 => 0xffff, 4 => 0xffff_ffff, _ => ulong.MaxValue };
        return (expected.MemoryDisplacement64 & mask) == (displacement & mask) ? null : $"displacement {actual.Displacement:x}";
    }

    private static string? ImmediateDifference(in Xenith.Hypervisor.Paravirtual.Instruction actual, ConstantOffsets offsets, byte[] code)
    {
        if (!offsets.HasImmediate || (actual.Map == OpcodeMap.Primary && actual.Opcode is 0x9a or 0xea))
            return null;
        ulong mask = offsets.ImmediateSize >= 8 ? ulong.MaxValue : (1UL << (offsets.ImmediateSize * 8)) - 1;
        ulong raw = 0;
        for (int i = offsets.ImmediateSize - 1; i >= 0; i--)
            raw = raw << 8 | code[offsets.ImmediateOffset + i];
        return (unchecked((ulong)actual.Immediate) & mask) == raw ? null : $"immediate {actual.Immediate:x}";
    }

    private static byte Number(Register register) => register switch
    {
        Register.None => Xenith.Hypervisor.Paravirtual.Instruction.NoRegister,
        Register.RIP or Register.EIP => Xenith.Hypervisor.Paravirtual.Instruction.InstructionPointer,
        >= Register.AX and <= Register.R15W => (byte)(register - Register.AX),
        >= Register.EAX and <= Register.R15D => (byte)(register - Register.EAX),
        >= Register.RAX and <= Register.R15 => (byte)(register - Register.RAX),
        _ => 0xfe,
    };
}
