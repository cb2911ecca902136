using CsCheck;
using Xenith.Hypervisor.Boot;
using Xunit;

namespace Xenith.Tests.Boot;

/// <summary>The x86 filter against a packer's side written byte by byte.</summary>
public class BranchFilterTests
{
    [Fact]
    public void UndoesWhatThePackerDid()
    {
        // Mostly bytes that matter to the filter.
        Gen<byte> telling = Gen.OneOf<byte>(0xe8, 0xe9, 0x00, 0xff, 0xfe, 0x01);
        Gen<byte> value = Gen.Frequency((6, telling), (1, Gen.Byte));
        Gen.Select(value.Array[0, 200], Gen.OneOf(Gen.Const(0u), Gen.UInt)).Sample(
            (code, start) =>
            {
                byte[] packed = [.. code];
                if (!TryApply(packed, start))
                {
                    return;
                }

                BranchFilter.Undo(packed, start);
                Assert.Equal(code, packed);
            },
            iter: 50000);
    }

    [Fact]
    public void FindsBranchesAmongZeros()
    {
        byte[] code = new byte[5000];
        for (int at = 0; at < code.Length - 5; at += 37)
        {
            code[at] = 0xe8;
            code[at + 1] = (byte)at;
        }

        byte[] packed = [.. code];
        Assert.True(TryApply(packed, 0));
        Assert.NotEqual(code, packed);
        BranchFilter.Undo(packed, 0);
        Assert.Equal(code, packed);
    }

    // e8, then a byte that makes the operand's turn lead back to itself: implementations with a loop never return.
    [Fact]
    public void EndsWhereTheOldLoopDoesNot()
    {
        byte[] code = new byte[40];
        for (uint start = 0; start < 0x0200_0000; start += 0x00ff_ffff)
        {
            code.AsSpan().Clear();
            code[8] = 0xe8;
            code[9] = 0xe8;
            BranchFilter.Undo(code, start - 14);
        }
    }

    // False for the inputs whose turns never end.
    private static bool TryApply(byte[] code, uint start)
    {
        uint history = 0;
        int last = -5;
        for (int at = 0; at + 5 <= code.Length;)
        {
            if ((code[at] & 0xfe) != 0xe8)
            {
                at++;
                continue;
            }

            for (int step = 0; step < at - last && history != 0; step++)
            {
                history = (history & 0x77) << 1;
            }

            last = at;
            byte top = code[at + 4];
            bool allowed = ((history >> 1) & 7) is 0 or 1 or 2 or 4 && history >> 1 < 0x10;
            if (top is 0x00 or 0xff && allowed)
            {
                uint source = BitConverter.ToUInt32(code, at + 1);
                uint target;
                for (int turn = 0; ; turn++)
                {
                    target = unchecked(source + start + (uint)at + 5);
                    int shift = (history >> 1) switch { 1 => 8, 2 => 16, 4 => 24, _ => -1 };
                    if (shift < 0 || (byte)(target >> (24 - shift)) is not (0x00 or 0xff))
                    {
                        break;
                    }

                    if (turn > 1)
                    {
                        return false;
                    }

                    source = target ^ (uint)((1UL << (32 - shift)) - 1);
                }

                BitConverter.TryWriteBytes(code.AsSpan(at + 1), target);
                code[at + 4] = (target & 0x0100_0000) != 0 ? (byte)0xff : (byte)0x00;
                history = 0;
                at += 5;
            }
            else
            {
                history |= top is 0x00 or 0xff ? 0x11u : 0x01u;
                at++;
            }
        }

        return true;
    }
}
