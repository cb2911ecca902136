using Iced.Intel;
using Xenith.Build;
using Xunit;
using static Iced.Intel.AssemblerRegisters;

namespace Xenith.Cli.Tests;

/// <summary>The build's pins of hot machine code let through what is as short as it should be, and nothing else.</summary>
public sealed class HotCodeTests
{
    private static readonly HotFunction s_entry = HotCode.Pinned.Single(pin => pin.Function == "hot_page_table_entry");
    private static readonly HotFunction s_frame = HotCode.Pinned.Single(pin => pin.Function == "hot_frame_info");

    [Fact]
    public void One_load_passes() => Assert.Empty(Check(s_entry, code =>
    {
        code.and(esi, 511);
        code.mov(rax, __[rdi + rsi * 8]);
        code.ret();
    }));

    [Fact]
    public void A_second_load_fails() => Assert.Contains("2 loads", Assert.Single(Check(s_entry, code =>
    {
        code.and(esi, 511);
        code.mov(rdi, __[rdi]);
        code.mov(rax, __[rdi + rsi * 8]);
        code.ret();
    })), StringComparison.Ordinal);

    [Fact]
    public void A_bounds_check_where_there_was_none_fails() => Assert.Contains("1 branches", Assert.Single(Check(s_entry, code =>
    {
        Label outside = code.CreateLabel();
        code.cmp(esi, 511);
        code.ja(outside);
        code.mov(rax, __[rdi + rsi * 8]);
        code.ret();
        code.Label(ref outside);
        code.int3();
    })), StringComparison.Ordinal);

    [Fact]
    public void A_call_instead_of_the_code_fails() => Assert.Contains("ends in Call", Assert.Single(Check(s_entry, code =>
    {
        code.call(0x2000);
        code.ret();
    })), StringComparison.Ordinal);

    [Fact]
    public void A_frame_s_record_is_a_comparison_a_shift_and_an_addition()
    {
        Assert.Empty(Check(s_frame, code => Frame(code, code => code.shl(rsi, 5))));
        Assert.Contains("9 instructions", Assert.Single(Check(s_frame, code => Frame(code, code =>
        {
            code.imul(rsi, rsi, 40);
            code.nop();
            code.nop();
            code.nop();
        }))), StringComparison.Ordinal);
    }

    private static void Frame(Assembler code, Action<Assembler> scale)
    {
        Label outside = code.CreateLabel();
        code.cmp(rsi, __[rdi + 16]);
        code.jae(outside);
        scale(code);
        code.mov(rax, rsi);
        code.add(rax, __[rdi + 8]);
        code.ret();
        code.Label(ref outside);
        code.int3();
    }

    private static List<string> Check(HotFunction pin, Action<Assembler> write)
    {
        Assembler assembler = new(64);
        write(assembler);
        using MemoryStream stream = new();
        assembler.Assemble(new StreamCodeWriter(stream), 0x1000);
        Decoder decoder = Decoder.Create(64, stream.ToArray(), 0x1000);
        List<Instruction> instructions = [];
        while (decoder.IP < 0x1000 + (ulong)stream.Length)
            instructions.Add(decoder.Decode());
        return [.. HotCode.Check(pin, instructions)];
    }
}
