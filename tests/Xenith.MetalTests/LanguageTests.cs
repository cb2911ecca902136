using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Xenith.MetalTests;

/// <summary>Features of the language that the rest of the tree relies on.</summary>
internal static class LanguageTests
{
    private static readonly string[] s_names = ["zero", "one", "two"];
    private static readonly int[] s_numbers = [1, 2, 3];
    private static Shape? s_shape;

    private abstract class Shape
    {
        internal abstract int Area { get; }

        internal virtual int Twice => Area * 2;
    }

    private sealed class Square(int side) : Shape
    {
        internal override int Area => side * side;
    }

    private sealed class Line : Shape
    {
        internal override int Area => 0;

        internal override int Twice => 1;
    }

    private interface IPort
    {
        static abstract int Read(int port);
    }

    private struct Doubling : IPort
    {
        public static int Read(int port) => port * 2;
    }

    private static int ReadFrom<T>(int port)
        where T : struct, IPort => T.Read(port);

    [StructLayout(LayoutKind.Explicit, Size = 24)]
    private struct Overlaid
    {
        [FieldOffset(0)]
        internal ulong Whole;

        [FieldOffset(4)]
        internal uint High;
    }

    private ref struct Depth
    {
        private readonly ref int _depth;

        internal Depth(ref int depth)
        {
            _depth = ref depth;
            _depth++;
        }

        public void Dispose() => _depth--;
    }

    [InterpolatedStringHandler]
    private ref struct Line80
    {
        private Buffer80 _buffer;
        private int _length;

        public Line80(int literalLength, int formattedCount)
        {
            _buffer = default;
            _length = 0;
        }

        [UnscopedRef]
        internal readonly ReadOnlySpan<byte> Text => ((ReadOnlySpan<byte>)_buffer)[.._length];

        public void AppendLiteral(string text)
        {
            foreach (char c in text.AsSpan())
            {
                _buffer[_length++] = (byte)c;
            }
        }

        public void AppendFormatted(int digit) => _buffer[_length++] = (byte)('0' + digit);
    }

    [InlineArray(80)]
    private struct Buffer80
    {
        private byte _first;
    }

    internal static void Run()
    {
        Shape square = new Square(3);
        Shape line = new Line();
        s_shape = square;
        Check.That(square.Area == 9 && square.Twice == 18 && line.Twice == 1);
        Check.That(s_shape is Square && line is not Square && s_shape == square && (Square)s_shape == square);
        Check.That(s_names[2] == "two" && s_numbers[1] == 2 && s_names.Length == 3);
        Check.That(ReadFrom<Doubling>(21) == 42);

        Overlaid overlaid = new() { Whole = 0x0123_4567_89ab_cdef };
        Check.That(overlaid.High == 0x0123_4567 && Unsafe.SizeOf<Overlaid>() == 24);

        int depth = 0;
        using (new Depth(ref depth))
        {
            Check.That(depth == 1);
        }

        Check.That(depth == 0);

        Line80 text = $"cpu {7} of {8}";
        Check.That(text.Text.SequenceEqual("cpu 7 of 8"u8));

        int? some = depth == 0 ? 5 : null;
        Check.That(some is 5 && some.HasValue && (some ?? 0) == 5);
        (int first, string second) = Pair();
        Check.That(first == 1 && second == "one");

        Shape[] shapes = [square, line];
        int sum = 0;
        foreach (Shape shape in shapes)
        {
            sum += shape.Twice;
        }

        Check.That(sum == 19);
        Big big = default;
        big[100] = 5;
        Check.That(Copy(big)[100] == 5 && Copy(big)[101] == 0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (int First, string Second) Pair() => (1, "one");

    /// <summary>More than a page, so that frames need the stack probe and copies need memmove.</summary>
    [InlineArray(1000)]
    private struct Big
    {
        private ulong _first;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Big Copy(Big big) => big;
}
