using System.Text;
using Xenith.Cli.Emulation;
using Xunit;

namespace Xenith.Cli.Tests;

/// <summary>The commands' output comes through unchanged, however the wire cuts it into pieces.</summary>
public class FrameDecoderTests
{
    private const string Token = "0123456789abcdef";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Output_and_status_survive_any_cutting(int piece)
    {
        byte[] payload = [.. Enumerable.Range(0, 256).Select(value => (byte)value), .. Encoding.ASCII.GetBytes($"0123{Token}X and no newline")];
        byte[] wire = [.. "noise from the driver\n"u8, .. Ascii($"{Token}B\n"), .. payload, .. Ascii($"{Token}E37\n"), .. "late noise"u8];
        using var output = new MemoryStream();
        var decoder = new FrameDecoder(Token, output);

        foreach (var part in wire.Chunk(piece))
            decoder.Take(part);

        Assert.Equal(payload, output.ToArray());
        Assert.Equal(37, decoder.Status);
    }

    [Fact]
    public void Output_is_passed_on_before_the_commands_end()
    {
        using var output = new MemoryStream();
        var decoder = new FrameDecoder(Token, output);

        decoder.Take(Ascii($"{Token}B\nfirst line\n{Token[..5]}"));

        Assert.Equal("first line\n", Encoding.ASCII.GetString(output.ToArray()));
        Assert.True(decoder.Started);
        Assert.Null(decoder.Status);
    }

    [Fact]
    public void A_cut_status_is_no_status()
    {
        var decoder = new FrameDecoder(Token, Stream.Null);

        decoder.Take(Ascii($"{Token}B\nx{Token}E1"));
        Assert.Null(decoder.Status);
        decoder.Take("26\n"u8);

        Assert.Equal(126, decoder.Status);
    }

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);
}
