using System.Text;
using Xenith.Hypervisor.Console;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>Reads the hypervisor's letters off a picture of a screen of 1024 by 768 pixels: a cell whose pixels are not exactly a letter's reads as a NUL.</summary>
internal static class ScreenPicture
{
    private const int Width = 1024, Height = 768;

    public const int Columns = Width / ScreenFont.Width, Rows = Height / ScreenFont.Height;

    private const byte Ink = 255 * 6 / 8;

    private static readonly Dictionary<string, char> Letters =
        Enumerable.Range(0x20, 0x5f).ToDictionary(letter => Shape((x, y) => (ScreenFont.Row((byte)letter, y) & 0x80 >> x) != 0), letter => (char)letter);

    /// <summary>The rows of letters, without the blanks at their ends.</summary>
    /// <param name="picture">A PPM file (P6), as QEMU writes it.</param>
    public static IReadOnlyList<string> Read(byte[] picture)
    {
        var header = Encoding.ASCII.GetBytes($"P6\n{Width} {Height}\n255\n");
        if (!picture.AsSpan().StartsWith(header) || picture.Length != header.Length + Width * Height * 3)
            throw new CheckException($"the picture is none of {Width} by {Height} pixels: {Encoding.ASCII.GetString(picture, 0, Math.Min(20, picture.Length))}");
        return [.. Enumerable.Range(0, Rows).Select(row => new string([.. Enumerable.Range(0, Columns).Select(column => Letter(column, row))]).TrimEnd(' '))];

        char Letter(int column, int row) => Letters.GetValueOrDefault(Shape((x, y) =>
        {
            var at = header.Length + ((row * ScreenFont.Height + y) * Width + column * ScreenFont.Width + x) * 3;
            return (picture[at], picture[at + 1], picture[at + 2]) switch
            {
                (0, 0, 0) => false,
                (Ink, Ink, Ink) => true,
                _ => null,
            };
        }));
    }

    private static string Shape(Func<int, int, bool?> isInk) =>
        string.Concat(Enumerable.Range(0, ScreenFont.Height).SelectMany(y => Enumerable.Range(0, ScreenFont.Width).Select(x => isInk(x, y) switch { true => '#', false => '.', null => '?' })));
}
