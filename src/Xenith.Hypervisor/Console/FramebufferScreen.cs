using System;
using Xenith.Hypervisor.Boot;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>The linear framebuffer that the boot loader has set up: light grey letters on black, in any format of 8, 16, 24 or 32 bits for each pixel.</summary>
internal sealed class FramebufferScreen : Screen
{
    private const int MostBytesOfPixel = 4;

    // Share of the full brightness that letters have, in eighths.
    private const uint Brightness = 6;

    private readonly MmioRegion _memory;
    private readonly uint _pitch;
    private readonly int _bytesOfPixel;
    private readonly uint _ink;

    internal FramebufferScreen(MmioRegion memory, in BootFramebuffer framebuffer, Table<byte> cells)
        : base(cells, ColumnsOf(in framebuffer), RowsOf(in framebuffer))
    {
        _memory = memory;
        _pitch = framebuffer.Pitch;
        _bytesOfPixel = BytesOfPixel(in framebuffer);
        // In a palette, 7 is the light grey that the firmware's first sixteen colours begin with.
        _ink = framebuffer.Kind == FramebufferKind.Rgb
            ? Shade(framebuffer.Red) | Shade(framebuffer.Green) | Shade(framebuffer.Blue)
            : 7;
    }

    internal static int ColumnsOf(in BootFramebuffer framebuffer) => (int)Math.Min(framebuffer.Width, 8192) / ScreenFont.Width;

    internal static int RowsOf(in BootFramebuffer framebuffer) => (int)Math.Min(framebuffer.Height, 8192) / ScreenFont.Height;

    /// <summary>Bytes of video memory that the screen takes.</summary>
    internal static ulong BytesOf(in BootFramebuffer framebuffer) => (ulong)framebuffer.Pitch * framebuffer.Height;

    /// <summary>
    /// True for a framebuffer that can be written in units of 32 bits, in a format that is known: its numbers come from a boot loader, and nothing else vouches for them.
    /// </summary>
    internal static bool IsUsable(in BootFramebuffer framebuffer) =>
        framebuffer.IsPresent && framebuffer.Kind is FramebufferKind.Rgb or FramebufferKind.Palette
        && framebuffer.BitsPerPixel is 8 or 15 or 16 or 24 or 32
        && (framebuffer.Kind == FramebufferKind.Rgb) == (framebuffer.BitsPerPixel != 8)
        && framebuffer.Address % 4 == 0 && framebuffer.Pitch % 4 == 0
        && ColumnsOf(in framebuffer) is > 0 and <= 1024 && RowsOf(in framebuffer) is > 0 and <= 512
        && framebuffer.Pitch >= (ulong)framebuffer.Width * (ulong)BytesOfPixel(in framebuffer)
        && BytesOf(in framebuffer) <= 1UL << 28
        && FieldFits(framebuffer.Red) && FieldFits(framebuffer.Green) && FieldFits(framebuffer.Blue);

    /// <inheritdoc/>
    protected override void Draw(int column, int row, byte character)
    {
        Span<byte> pixels = stackalloc byte[ScreenFont.Width * MostBytesOfPixel];
        for (int line = 0; line < ScreenFont.Height; line++)
        {
            byte bits = ScreenFont.Row(character, line);
            for (int x = 0; x < ScreenFont.Width; x++)
            {
                uint color = (bits & 0x80 >> x) != 0 ? _ink : 0;
                for (int i = 0; i < _bytesOfPixel; i++)
                    pixels[x * _bytesOfPixel + i] = (byte)(color >> i * 8 & 0xff);
            }
            uint at = (uint)(row * ScreenFont.Height + line) * _pitch + (uint)(column * ScreenFont.Width * _bytesOfPixel);
            for (int i = 0; i < ScreenFont.Width * _bytesOfPixel; i += 4)
                _memory.Write32(at + (uint)i, pixels[i] | (uint)pixels[i + 1] << 8 | (uint)pixels[i + 2] << 16 | (uint)pixels[i + 3] << 24);
        }
    }

    private static int BytesOfPixel(in BootFramebuffer framebuffer) => (framebuffer.BitsPerPixel + 7) / 8;

    private static bool FieldFits(ColorField field) => field.Bits <= 8 && field.Position + field.Bits <= 32;

    private static uint Shade(ColorField field) => ((1u << field.Bits) - 1) * Brightness / 8 << field.Position;
}
