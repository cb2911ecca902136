// Emulated read-modify-write instructions against the CPU itself: memory, registers and flags must come out equal.

using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class MemoryUpdateTests
{
    private const ulong Defined = Arithmetic.StatusFlags;
    private const ulong CarryOnly = Rflags.Carry, AllButAdjust = Arithmetic.StatusFlags & ~Arithmetic.AdjustFlag;

    /// <summary>Opcode bytes, the flags that it defines. ModRM names [RDI] and a register or digit.</summary>
    public static TheoryData<byte[], ulong> Instructions()
    {
        TheoryData<byte[], ulong> data = [];
        for (int operation = 0; operation < 7; operation++)
        {
            ulong flags = operation is 1 or 4 or 6 ? AllButAdjust : Defined;
            data.Add([(byte)(operation << 3)], flags);
            data.Add([(byte)(operation << 3 | 1)], flags);
        }
        foreach (byte opcode in (byte[])[0x86, 0x87, 0x88, 0x89])
            data.Add([opcode], Defined);
        foreach (byte opcode in (byte[])[0xb0, 0xb1, 0xc0, 0xc1, 0xc3])
            data.Add([0x0f, opcode], Defined);
        foreach (byte opcode in (byte[])[0xab, 0xb3, 0xbb])
            data.Add([0x0f, opcode], CarryOnly);
        return data;
    }

    [Theory]
    [MemberData(nameof(Instructions))]
    public void Register_forms_do_what_the_CPU_does(byte[] opcode, ulong flags)
    {
        Assert.SkipUnless(NativeInstruction.IsSupported, "needs an x86-64 Linux");
        Random random = new(opcode[^1]);
        bool isBit = flags == CarryOnly;
        foreach (byte[] prefix in (byte[][])[[], [0x66], [0x48], [0x40]])
        {
            if (opcode is [0x0f, 0xc3] && prefix is [0x66])
                continue;
            for (int register = 0; register < 8; register++)
            {
                bool isByte = (opcode[^1] & 1) == 0 && !isBit && opcode is not [0x0f, 0xc3];
                // RSP, RBP, RSI and RDI are not set by the harness; as byte registers without REX, 4 to 7 are AH, CH, DH, BH.
                if (register >= 4 && (!isByte || prefix is [0x48] or [0x40]))
                    continue;
                byte[] instruction = [.. prefix, .. opcode, (byte)(register << 3 | 7)];
                for (int i = 0; i < 40; i++)
                    Compare(instruction, random, flags, isBit);
            }
        }
    }

    [Theory]
    [InlineData(0x80, 1, 7)]
    [InlineData(0x81, 4, 7)]
    [InlineData(0x83, 1, 7)]
    public void Immediate_forms_do_what_the_CPU_does(int opcode, int immediateBytes, int digits)
    {
        Assert.SkipUnless(NativeInstruction.IsSupported, "needs an x86-64 Linux");
        Random random = new(opcode);
        byte[] immediate = new byte[immediateBytes];
        foreach (byte[] prefix in (byte[][])[[], [0x48]])
        {
            for (int digit = 0; digit < digits; digit++)
            {
                for (int i = 0; i < 40; i++)
                {
                    random.NextBytes(immediate);
                    Compare([.. prefix, (byte)opcode, (byte)(digit << 3 | 7), .. immediate], random, digit is 1 or 4 or 6 ? AllButAdjust : Defined, false);
                }
            }
        }
    }

    [Theory]
    [InlineData(new byte[] { 0xf6, 0x17 })]             // NOT
    [InlineData(new byte[] { 0x48, 0xf7, 0x17 })]
    [InlineData(new byte[] { 0xf6, 0x1f })]             // NEG
    [InlineData(new byte[] { 0x48, 0xf7, 0x1f })]
    [InlineData(new byte[] { 0xfe, 0x07 })]             // INC
    [InlineData(new byte[] { 0x48, 0xff, 0x07 })]
    [InlineData(new byte[] { 0x66, 0xff, 0x0f })]       // DEC
    [InlineData(new byte[] { 0xff, 0x0f })]
    [InlineData(new byte[] { 0x0f, 0xc7, 0x0f })]       // CMPXCHG8B
    [InlineData(new byte[] { 0xc7, 0x07, 1, 2, 3, 0x84 })]
    [InlineData(new byte[] { 0x48, 0xc7, 0x07, 1, 2, 3, 0x84 })]
    [InlineData(new byte[] { 0xc6, 0x07, 0x99 })]
    public void Other_forms_do_what_the_CPU_does(byte[] instruction)
    {
        Assert.SkipUnless(NativeInstruction.IsSupported, "needs an x86-64 Linux");
        Random random = new(instruction[^1]);
        for (int i = 0; i < 100; i++)
            Compare(instruction, random, Defined, false);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Bit_instructions_with_an_immediate_do_what_the_CPU_does(int digit)
    {
        Assert.SkipUnless(NativeInstruction.IsSupported, "needs an x86-64 Linux");
        Random random = new(digit);
        for (int bit = 0; bit < 256; bit += 3)
            Compare([0x48, 0x0f, 0xba, (byte)(digit << 3 | 7), (byte)bit], random, CarryOnly, false);
    }

    [Fact]
    public void A_bit_offset_in_a_register_moves_the_operand()
    {
        GuestFrame frame = new() { Rdi = 0x1000, Rax = unchecked((ulong)-1L), Rcx = 200 };
        Assert.True(Understand([0x48, 0x0f, 0xab, 0x07], ref frame, out MemoryUpdate update));
        Assert.Equal(0xff8UL, update.Address);
        Assert.True(Understand([0x0f, 0xb3, 0x0f], ref frame, out update));
        Assert.Equal(0x1000UL + 24, update.Address);
    }

    [Theory]
    [InlineData(new byte[] { 0x38, 0x07 })]             // CMP only reads
    [InlineData(new byte[] { 0x80, 0x3f, 0x01 })]
    [InlineData(new byte[] { 0x8a, 0x07 })]             // MOV from memory
    [InlineData(new byte[] { 0x48, 0x0f, 0xc7, 0x0f })] // CMPXCHG16B
    [InlineData(new byte[] { 0x48, 0x89, 0xc7 })]       // a register operand
    [InlineData(new byte[] { 0xff, 0x37 })]             // PUSH
    public void Anything_else_is_not_understood(byte[] instruction)
    {
        GuestFrame frame = default;
        Assert.False(Understand(instruction, ref frame, out _));
    }

    private static bool Understand(byte[] code, ref GuestFrame frame, out MemoryUpdate update)
    {
        Assert.Equal(DecodeResult.Done, InstructionDecoder.Decode(code, 64, out Instruction instruction));
        return MemoryUpdate.TryUnderstand(ref frame, in instruction, out update);
    }

    private static void Compare(byte[] code, Random random, ulong definedFlags, bool isBit)
    {
        NativeState state = new()
        {
            Rax = (ulong)random.NextInt64(long.MinValue, long.MaxValue),
            Rcx = (ulong)random.NextInt64(long.MinValue, long.MaxValue),
            Rdx = (ulong)random.NextInt64(long.MinValue, long.MaxValue),
            Rbx = (ulong)random.NextInt64(long.MinValue, long.MaxValue),
            Memory = random.Next(4) switch
            {
                0 => 0,
                1 => ulong.MaxValue >> random.Next(64),
                2 => 1UL << random.Next(64),
                _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
            },
            Rflags = Rflags.Interrupt | Rflags.AlwaysOne | ((ulong)random.Next(0x1000) & Arithmetic.StatusFlags),
        };
        if (random.Next(2) == 0)
        {
            // Comparisons that succeed.
            state.Rax = code is [0x0f, 0xc7, ..] ? state.Memory & 0xffff_ffff : state.Memory;
            state.Rdx = state.Memory >> 32;
        }
        if (isBit)
            (state.Rax, state.Rcx, state.Rdx, state.Rbx) = (state.Rax & 15, state.Rcx & 15, state.Rdx & 15, state.Rbx & 15);

        const ulong address = 0x7000;
        GuestFrame frame = new() { Rax = state.Rax, Rcx = state.Rcx, Rdx = state.Rdx, Rbx = state.Rbx, Rdi = address, Rflags = state.Rflags };
        Assert.Equal(DecodeResult.Done, InstructionDecoder.Decode(code, 64, out Instruction instruction));
        Assert.True(MemoryUpdate.TryUnderstand(ref frame, in instruction, out MemoryUpdate update), Convert.ToHexString(code));
        Assert.Equal(address, update.Address);
        ulong mask = GuestRegisters.Mask(update.Size);
        ulong old = state.Memory & mask, flags = frame.Rflags;
        bool changed = update.Apply(ref frame, old, out ulong result, ref flags);
        ulong memory = changed ? (state.Memory & ~mask) | result : state.Memory;
        update.Complete(ref frame, in instruction, old, changed);

        NativeState before = state;
        NativeInstruction.Run(code, ref state);
        string what = $"{Convert.ToHexString(code)} on {before.Memory:x} with rax {before.Rax:x} rcx {before.Rcx:x} rdx {before.Rdx:x} rbx {before.Rbx:x} flags {before.Rflags:x}";
        Assert.True((state.Memory, 0UL, 0UL) == (memory, state.Before, state.After), $"{what}: memory {memory:x}, not {state.Memory:x}");
        Assert.True((state.Rax, state.Rcx, state.Rdx, state.Rbx) == (frame.Rax, frame.Rcx, frame.Rdx, frame.Rbx), $"{what}: rax {frame.Rax:x} rcx {frame.Rcx:x}");
        Assert.True((state.Rflags & definedFlags) == (flags & definedFlags), $"{what}: flags {flags:x}, not {state.Rflags:x}");
    }
}
