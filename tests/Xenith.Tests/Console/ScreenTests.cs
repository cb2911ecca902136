// Screens on memory of the test: what the log looks like after scrolling, in text mode and in every format of pixels.

using System.Text;
using CsCheck;
using Xenith.Abi;
using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Console;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Machine;
using Xunit;

namespace Xenith.Tests.Console;

public sealed class ScreenTests : IDisposable
{
    private const ulong CellsAddress = 0x90_0000, VideoAddress = 0xe000_0000;
    private readonly Scene _scene = new();

    [Fact]
    public void Lines_scroll_and_long_ones_are_wrapped()
    {
        var screen = new Paper(Cells(10, 3), 10, 3);
        Put(screen, "one\ntwo\nthree\na longer line\n\ttab\rT\b\b");
        Assert.Equal(["ine", "        ta", "T"], screen.Shown());
        Put(screen, "\e[1;31mred\e[0m\n\e7done\e8!\x01\xff");
        Assert.Equal(["        ta", "red", "done!"], screen.Shown());
    }

    // Against a terminal that keeps all its lines.
    [Fact]
    public void Shows_the_last_lines_of_any_text_and_draws_only_what_changes()
    {
        Gen.Char["ab \n\r\tcd"].Array[0, 200].Sample(text =>
        {
            using var scene = new Scene();
            var screen = new Paper(Cells(7, 4), 7, 4);
            Put(screen, new string(text));
            List<char[]> lines = [Blank()];
            int column = 0;
            foreach (char c in text)
            {
                switch (c)
                {
                    case '\n':
                        lines.Add(Blank());
                        column = 0;
                        break;
                    case '\r':
                        column = 0;
                        break;
                    case '\t':
                        column = Math.Min((column / 8 + 1) * 8, 6);
                        break;
                    default:
                        if (column == 7)
                        {
                            lines.Add(Blank());
                            column = 0;
                        }
                        lines[^1][column++] = c;
                        break;
                }
            }
            while (lines.Count < 4)
                lines.Add(Blank());
            Assert.Equal(lines.TakeLast(4).Select(line => new string(line).TrimEnd()), screen.Shown());
        }, iter: 300);

        var quiet = new Paper(Cells(10, 3), 10, 3);
        Put(quiet, "same\nsame\nsame\n");
        int drawn = quiet.Draws;
        Put(quiet, "\n");
        Assert.True(quiet.Draws - drawn <= 4);

        static char[] Blank() => [.. Enumerable.Repeat(' ', 7)];
    }

    [Fact]
    public void Text_mode_has_a_character_and_a_colour_for_each_cell()
    {
        var video = new VideoMemory(0x3000);
        var screen = new TextScreen(Map(video, 3), Cells(80, 25), 80, 25);
        screen.Clear();
        Put(screen, "hello\nworld!");
        string[] lines = [.. Enumerable.Range(0, 25).Select(row => string.Concat(Enumerable.Range(0, 80).Select(column => (char)video.Bytes[(row * 80 + column) * 2])).TrimEnd())];
        Assert.Equal(["hello", "world!", ""], lines[..3]);
        Assert.All(Enumerable.Range(0, 80 * 25), cell => Assert.Equal(7, video.Bytes[cell * 2 + 1]));
    }

    [Theory]
    [InlineData(32, 16, 8, 8, 8, 0, 8)]
    [InlineData(24, 16, 8, 8, 8, 0, 8)]
    [InlineData(16, 11, 5, 5, 6, 0, 5)]
    [InlineData(15, 10, 5, 5, 5, 0, 5)]
    [InlineData(8, 0, 0, 0, 0, 0, 0)]
    public void Letters_are_drawn_in_any_format_of_pixels(byte bits, byte red, byte redBits, byte green, byte greenBits, byte blue, byte blueBits)
    {
        int bytes = (bits + 7) / 8;
        var framebuffer = new BootFramebuffer
        {
            Address = VideoAddress,
            Width = 100,
            Height = 40,
            Pitch = (uint)(100 * bytes + 3 & ~3),
            BitsPerPixel = bits,
            Kind = bits == 8 ? FramebufferKind.Palette : FramebufferKind.Rgb,
            Red = new ColorField { Position = red, Bits = redBits },
            Green = new ColorField { Position = green, Bits = greenBits },
            Blue = new ColorField { Position = blue, Bits = blueBits },
        };
        Assert.True(FramebufferScreen.IsUsable(in framebuffer));
        var video = new VideoMemory(0x5000);
        var screen = new FramebufferScreen(Map(video, 5), in framebuffer, Cells(12, 2));
        Assert.Equal((12, 2), (screen.Columns, screen.Rows));
        screen.Clear();
        Put(screen, "ab\ncd\nef~");
        Assert.Equal(["cd", "ef~"], Enumerable.Range(0, 2).Select(row => string.Concat(Enumerable.Range(0, 12).Select(column => Recognise(video, framebuffer, bytes, column, row))).TrimEnd()));
    }

    [Fact]
    public void Every_letter_looks_different()
    {
        var looks = Enumerable.Range(0x20, 0x5f).Select(c => string.Join(',', Enumerable.Range(0, 16).Select(row => ScreenFont.Row((byte)c, row)))).ToList();
        Assert.Equal(looks.Count, looks.Distinct().Count());
        Assert.All(looks, look => Assert.DoesNotContain(look.Split(','), row => (int.Parse(row) & 0x83) != 0));
        Assert.Equal(ScreenFont.Row((byte)'?', 4), ScreenFont.Row(200, 4));
    }

    [Fact]
    public void Absurd_framebuffers_are_refused()
    {
        BootFramebuffer good = new() { Address = VideoAddress, Width = 640, Height = 480, Pitch = 2560, BitsPerPixel = 32, Kind = FramebufferKind.Rgb };
        Assert.True(FramebufferScreen.IsUsable(in good));
        Gen.Select(Gen.UInt, Gen.UInt, Gen.UInt, Gen.Byte, Gen.Int[0, 3], Gen.ULong).Sample((width, height, pitch, bits, kind, address) =>
        {
            BootFramebuffer any = new() { Address = address, Width = width, Height = height, Pitch = pitch, BitsPerPixel = bits, Kind = (FramebufferKind)kind };
            if (FramebufferScreen.IsUsable(in any))
                Assert.True(any.Pitch * (ulong)any.Height <= 1 << 28 && any.Pitch >= (ulong)any.Width * (ulong)((bits + 7) / 8));
        }, iter: 5000);
        Assert.False(FramebufferScreen.IsUsable(good with { Pitch = 2000 }));
        Assert.False(FramebufferScreen.IsUsable(good with { Address = 0 }));
        Assert.False(FramebufferScreen.IsUsable(good with { Height = uint.MaxValue }));
        Assert.False(FramebufferScreen.IsUsable(good with { Red = new ColorField { Position = 30, Bits = 8 } }));
    }

    [Fact]
    public void Dom0_is_told_of_the_framebuffer()
    {
        BootFramebuffer framebuffer = new()
        {
            Address = 0x8_fd00_0000,
            Width = 1024,
            Height = 768,
            Pitch = 4096,
            BitsPerPixel = 32,
            Kind = FramebufferKind.Rgb,
            Red = new ColorField { Position = 16, Bits = 8 },
            Green = new ColorField { Position = 8, Bits = 8 },
            Blue = new ColorField { Position = 0, Bits = 8 },
        };
        Assert.True(ScreenSetup.TryDescribe(in framebuffer, null, false, out Dom0VgaConsoleInfo info));
        Assert.Equal(((byte)VgaConsoleType.VesaLfb, 1024, 768, 4096, 32), (info.VideoType, info.VesaLfbWidth, info.VesaLfbHeight, info.VesaLfbBytesPerLine, info.VesaLfbBitsPerPixel));
        Assert.Equal((0xfd00_0000u, 8u, 48u), (info.VesaLfbLfbBase, info.VesaLfbExtLfbBase, info.VesaLfbLfbSize));
        Assert.Equal((16, 8, 0, 8), (info.VesaLfbRedPos, info.VesaLfbGreenPos, info.VesaLfbBluePos, info.VesaLfbBlueSize));
        Assert.True(ScreenSetup.TryDescribe(in framebuffer, null, true, out info));
        Assert.Equal(((byte)VgaConsoleType.EfiLfb, 4096u * 768), (info.VideoType, info.VesaLfbLfbSize));
    }

    public void Dispose() => _scene.Dispose();

    private static Table<byte> Cells(int columns, int rows)
    {
        ulong size = Screen.MemoryFor(columns, rows);
        Table<byte> cells = Table<byte>.Over(CellsAddress, size);
        for (ulong i = 0; i < size; i++)
            cells[i] = (byte)' ';
        return cells;
    }

    private static void Put(Screen screen, string text)
    {
        foreach (byte value in Encoding.Latin1.GetBytes(text))
            screen.Put(value);
    }

    private MmioRegion Map(VideoMemory video, uint pages)
    {
        _scene.Machine.Devices.Attach(video, VideoAddress, pages * 4096);
        for (uint i = 0; i < pages; i++)
            _scene.Map(AddressSpace.DeviceMappings + i * 4096UL, Mfn.FromAddress(VideoAddress + i * 4096UL), PageFlags.Present | PageFlags.Writable);
        return MmioRegion.AtMapped(AddressSpace.DeviceMappings, pages * 4096);
    }

    /// <summary>The character whose letter form a cell shows; all its ink must have one colour.</summary>
    private static char Recognise(VideoMemory video, BootFramebuffer framebuffer, int bytes, int column, int row)
    {
        var ink = new HashSet<string>();
        var form = new List<byte>();
        for (int y = 0; y < 16; y++)
        {
            int bits = 0;
            for (int x = 0; x < 8; x++)
            {
                int at = (row * 16 + y) * (int)framebuffer.Pitch + (column * 8 + x) * bytes;
                byte[] pixel = video.Bytes[at..(at + bytes)];
                if (pixel.All(value => value == 0))
                    continue;
                bits |= 0x80 >> x;
                ink.Add(Convert.ToHexString(pixel));
            }
            form.Add((byte)bits);
        }
        Assert.True(ink.Count <= 1);
        return (char)Enumerable.Range(0x20, 0x5f).Single(c => form.Select((bits, y) => (bits, y)).All(line => ScreenFont.Row((byte)c, line.y) == line.bits));
    }

    private sealed class Paper(Table<byte> cells, int columns, int rows) : Screen(cells, columns, rows)
    {
        private readonly char[,] _paper = new char[rows, columns];

        public int Draws { get; private set; }

        public List<string> Shown() => [.. Enumerable.Range(0, Rows).Select(row =>
            new string([.. Enumerable.Range(0, Columns).Select(column => _paper[row, column] is '\0' ? ' ' : _paper[row, column])]).TrimEnd())];

        protected override void Draw(int column, int row, byte character)
        {
            _paper[row, column] = (char)character;
            Draws++;
        }
    }

    private sealed class VideoMemory(int size) : IMmioDevice
    {
        public byte[] Bytes { get; } = new byte[size];

        public uint Read(uint offset, int size) => throw new InvalidOperationException("video memory is never read");

        public void Write(uint offset, int size, uint value) => BitConverter.GetBytes(value).AsSpan(0, size).CopyTo(Bytes.AsSpan((int)offset));
    }
}
