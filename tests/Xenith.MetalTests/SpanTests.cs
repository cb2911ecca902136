using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Xenith.MetalTests;

internal static class SpanTests
{
    private static ReadOnlySpan<uint> Table => [10, 20, 30, 40];

    [InlineArray(8)]
    private struct Eight
    {
        private ushort _first;
    }

    internal static void Run()
    {
        Copies();
        Searches();
        Endianness();
        InlineArrays();
    }

    private static void Copies()
    {
        Span<byte> buffer = stackalloc byte[300];
        for (int i = 0; i < buffer.Length; i++)
        {
            buffer[i] = (byte)i;
        }

        Span<byte> work = stackalloc byte[80];

        // Overlapping copies in both directions, at lengths around the step of eight bytes.
        for (int length = 0; length < 40; length++)
        {
            for (int shift = -9; shift <= 9; shift++)
            {
                buffer.Slice(0, 80).CopyTo(work);
                work.Slice(20, length).CopyTo(work.Slice(20 + shift));
                bool same = true;
                for (int i = 0; i < 80; i++)
                {
                    int from = i - 20 - shift;
                    same &= work[i] == (from >= 0 && from < length ? 20 + from : i);
                }

                Check.That(same);
            }
        }

        buffer.Clear();
        Check.That(buffer.IndexOf((byte)0) == 0 && buffer[299] == 0 && buffer[8] == 0);
        buffer.Slice(1, 13).Fill(7);
        Check.That(buffer[0] == 0 && buffer[1] == 7 && buffer[13] == 7 && buffer[14] == 0);
        Check.That(!buffer.TryCopyTo(buffer.Slice(1)) && buffer.Slice(1).TryCopyTo(buffer));
        Check.That(buffer[^300] == 7 && buffer[..3].Length == 3 && buffer[290..].Length == 10);

        int sum = 0;
        foreach (uint value in Table)
        {
            sum += (int)value;
        }

        Check.That(sum == 100 && Table.Length == 4 && Table[3] == 40);
    }

    private static void Searches()
    {
        ReadOnlySpan<byte> text = "dom0_mem=512M com1=115200"u8;
        Check.That(text.StartsWith("dom0_mem="u8) && !text.StartsWith("com1"u8) && text.EndsWith("200"u8));
        Check.That(text.IndexOf((byte)'=') == 8 && text.LastIndexOf((byte)'=') == 18 && text.IndexOf("com1"u8) == 14);
        Check.That(text.IndexOf("com2"u8) == -1 && text.IndexOf((byte)'?') == -1 && text.Contains((byte)'M'));
        Check.That(text.Slice(9, 4).SequenceEqual("512M"u8) && !text.SequenceEqual("dom0"u8));
        Check.That("abc" == "abc" && "abc".Length == 3 && "abc"[2] == 'c' && "abc".AsSpan(1).SequenceEqual("bc"));
        Check.That(Name("credit2") == 2 && Name("null") == 3 && Name("") == 0);
    }

    private static int Name(string text) => text switch { "credit" => 1, "credit2" => 2, "null" => 3, _ => 0 };

    private static void Endianness()
    {
        ReadOnlySpan<byte> bytes = [1, 2, 3, 4, 5, 6, 7, 0x88, 9];
        Check.That(BinaryPrimitives.ReadUInt16LittleEndian(bytes) == 0x0201);
        Check.That(BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]) == 0x05040302);
        Check.That(BinaryPrimitives.ReadUInt64LittleEndian(bytes) == 0x8807060504030201);
        Check.That(BinaryPrimitives.ReadInt64LittleEndian(bytes) < 0);
        Check.That(BinaryPrimitives.ReadUInt32BigEndian(bytes) == 0x01020304);
        Check.That(!BinaryPrimitives.TryReadUInt32LittleEndian(bytes[6..], out uint none) && none == 0);
        Span<byte> target = stackalloc byte[9];
        BinaryPrimitives.WriteUInt64LittleEndian(target[1..], 0x1122334455667788);
        Check.That(target[0] == 0 && target[1] == 0x88 && target[8] == 0x11);
        Check.That(!BinaryPrimitives.TryWriteUInt64LittleEndian(target[2..], 1));
        Check.That(BinaryPrimitives.ReverseEndianness(0x1122334455667788UL) == 0x8877665544332211);
        Check.That(BinaryPrimitives.ReverseEndianness((ushort)0x1122) == 0x2211);
    }

    private static void InlineArrays()
    {
        Eight eight = default;
        for (int i = 0; i < 8; i++)
        {
            eight[i] = (ushort)(i * i);
        }

        Span<ushort> span = eight;
        Check.That(span.Length == 8 && span[7] == 49 && eight[3] == 9);
        ReadOnlySpan<int> literal = [Identity(1), Identity(2), Identity(3)];
        Check.That(literal[0] + literal[2] == 4);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Identity(int value) => value;
}
