using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>Room for one line.</summary>
[InlineArray(Capacity)]
internal struct LineBuffer
{
    internal const int Capacity = 256;
    private byte _first;
}

/// <summary>
/// What the compiler builds from `$"..."` in a call of the log: text in a buffer on the stack, no allocation. Formats are `x` (hexadecimal) and `xN`
/// (with at least N digits, zero-padded), or `X` for capital digits; `dN` the same in decimal; `{value,N}` pads with blanks. A line that is too long is cut.
/// </summary>
[InterpolatedStringHandler]
public ref struct LogText
{
    private LineBuffer _buffer;
    private int _length;

    /// <summary>Called by the compiler.</summary>
    public LogText(int literalLength, int formattedCount)
    {
        _ = literalLength;
        _ = formattedCount;
        _length = 0;
    }

    /// <summary>Bytes written so far.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Text => ((ReadOnlySpan<byte>)_buffer)[.._length];

    /// <summary>Adds the constant text of the format; ASCII only.</summary>
    public void AppendLiteral(string text)
    {
        for (int i = 0; i < text.Length; i++)
            Put((byte)(text[i] & 0x7f));
    }

    public void AppendFormatted(string text) => AppendLiteral(text);

    public void AppendFormatted(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
            Put(text[i]);
    }

    public void AppendFormatted(char c) => Put((byte)(c & 0x7f));

    public void AppendFormatted(bool value) => AppendLiteral(value ? "yes" : "no");

    public void AppendFormatted(ulong value) => Decimal(value, 0);

    public void AppendFormatted(uint value) => Decimal(value, 0);

    public void AppendFormatted(ushort value) => Decimal(value, 0);

    public void AppendFormatted(byte value) => Decimal(value, 0);

    public void AppendFormatted(int value) => AppendFormatted((long)value);

    public void AppendFormatted(long value)
    {
        if (value >= 0)
        {
            Decimal((ulong)value, 0);
            return;
        }
        Put((byte)'-');
        Decimal(unchecked(0UL - (ulong)value), 0);
    }

    public void AppendFormatted(ulong value, int alignment) => Decimal(value, alignment);

    public void AppendFormatted(uint value, int alignment) => Decimal(value, alignment);

    public void AppendFormatted(int value, int alignment) => Decimal((ulong)(uint)Math.Max(value, 0), alignment);

    public void AppendFormatted(ulong value, string format)
    {
        int digits = 0;
        for (int i = 1; i < format.Length; i++)
            digits = digits * 10 + (format[i] - '0');
        if (format[0] == 'd')
            Decimal(value, digits, (byte)'0');
        else
            Hexadecimal(value, digits, format[0] == 'X');
    }

    public void AppendFormatted(ulong value, int alignment, string format)
    {
        int digits = 1;
        while (digits < 16 && value >> (digits * 4) != 0)
            digits++;
        for (int i = digits; i < alignment; i++)
            Put((byte)' ');
        AppendFormatted(value, format);
    }

    public void AppendFormatted(uint value, int alignment, string format) => AppendFormatted((ulong)value, alignment, format);

    public void AppendFormatted(uint value, string format) => AppendFormatted((ulong)value, format);

    public void AppendFormatted(ushort value, string format) => AppendFormatted((ulong)value, format);

    public void AppendFormatted(byte value, string format) => AppendFormatted((ulong)value, format);

    public void AppendFormatted(int value, string format) => AppendFormatted((ulong)unchecked((uint)value), format);

    public void AppendFormatted(Mfn value) => Hexadecimal(value.Value, 0, false);

    private void Put(byte value)
    {
        if (_length < LineBuffer.Capacity)
            _buffer[_length++] = value;
    }

    private void Decimal(ulong value, int width, byte fill = (byte)' ')
    {
        ulong rest = value;
        int digits = 1;
        while (rest >= 10)
        {
            rest /= 10;
            digits++;
        }
        for (int i = digits; i < width; i++)
            Put(fill);
        int end = Math.Min(_length + digits, LineBuffer.Capacity);
        int at = _length + digits;
        for (int i = 0; i < digits; i++)
        {
            at--;
            if (at < LineBuffer.Capacity)
                _buffer[at] = (byte)('0' + (int)(value % 10));
            value /= 10;
        }
        _length = end;
    }

    private void Hexadecimal(ulong value, int minimumDigits, bool isCapital)
    {
        int digits = 1;
        while (digits < 16 && value >> (digits * 4) != 0)
            digits++;
        digits = Math.Max(digits, Math.Min(minimumDigits, 16));
        for (int i = digits - 1; i >= 0; i--)
        {
            int digit = (int)(value >> (i * 4) & 15);
            Put((byte)(digit < 10 ? '0' + digit : (isCapital ? 'A' : 'a') + digit - 10));
        }
    }
}
