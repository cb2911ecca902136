using Xenith.Hypervisor.Boot;
using Xunit;

namespace Xenith.Tests.Boot;

public class XzDecoderTests
{
    private readonly ushort[] _model = new ushort[UnpackScratch.ModelLength];
    private readonly uint[] _tables = new uint[UnpackScratch.ChecksumTablesLength];

    private UnpackScratch Scratch => new(_model, _tables);

    public static TheoryData<string, byte[], byte[]> Sound => new()
    {
        { "CRC32", XzSamples.TextCrc32, XzSamples.TextData(400) },
        { "CRC64", XzSamples.TextCrc64, XzSamples.TextData(400) },
        { "no check", XzSamples.TextNoCheck, XzSamples.TextData(400) },
        { "lc=1 lp=3 pb=0", XzSamples.TextOtherProperties, XzSamples.TextData(400) },
        { "lc=0 lp=2 pb=4", XzSamples.TextMorePositions, XzSamples.TextData(400) },
        { "empty", XzSamples.Empty, [] },
        { "one byte", XzSamples.OneByte, [0x78] },
        { "stored chunks", XzSamples.Stored, XzSamples.Noise(1500) },
        { "zeros", XzSamples.Zeros, new byte[100000] },
        { "short periods", XzSamples.Periods, XzSamples.PeriodData() },
        { "x86 filter", XzSamples.Code, XzSamples.CodeData(500) },
        { "x86 filter with a start offset", XzSamples.CodeWithStart, XzSamples.CodeData(500) },
        { "several blocks with sizes", XzSamples.Blocks, XzSamples.TextData(400) },
    };

    [Theory]
    [MemberData(nameof(Sound))]
    public void Unpacks(string name, byte[] packed, byte[] expected)
    {
        Assert.NotNull(name);
        byte[] destination = new byte[expected.Length];
        Assert.Equal(UnpackError.None, XzDecoder.Decode(packed, destination, Scratch, out UnpackOutcome outcome));
        Assert.Equal(expected.Length, outcome.Produced);
        Assert.Equal(packed.Length, outcome.Consumed);
        Assert.Equal(expected, destination);
    }

    [Fact]
    public void LeavesWhatFollowsTheStreamAndTheData()
    {
        byte[] expected = XzSamples.TextData(400);
        byte[] destination = new byte[expected.Length + 100];
        destination.AsSpan(expected.Length).Fill(0xaa);
        byte[] packed = [.. XzSamples.TextCrc32, 1, 2, 3, 4];
        Assert.Equal(UnpackError.None, XzDecoder.Decode(packed, destination, Scratch, out UnpackOutcome outcome));
        Assert.Equal(packed.Length - 4, outcome.Consumed);
        Assert.Equal(expected, destination[..expected.Length]);
        Assert.All(destination[expected.Length..], value => Assert.Equal(0xaa, value));
    }

    [Fact]
    public void RefusesADestinationThatIsTooSmall()
    {
        byte[] destination = new byte[XzSamples.TextData(400).Length - 1];
        Assert.Equal(UnpackError.DestinationTooSmall, XzDecoder.Decode(XzSamples.TextCrc32, destination, Scratch, out _));
    }

    [Fact]
    public void RefusesScratchThatIsTooSmall()
    {
        Assert.Equal(UnpackError.ScratchTooSmall, XzDecoder.Decode(XzSamples.TextCrc32, new byte[9000], new UnpackScratch(_model.AsSpan(1), _tables), out _));
        Assert.Equal(UnpackError.ScratchTooSmall, XzDecoder.Decode(XzSamples.TextCrc32, new byte[9000], new UnpackScratch(_model, _tables.AsSpan(1)), out _));
    }

    [Fact]
    public void NamesWhatIsNotSupported()
    {
        Assert.Equal(UnpackError.UnsupportedCheck, XzDecoder.Decode(XzSamples.TextSha256, new byte[9000], Scratch, out _));
        Assert.Equal(UnpackError.UnsupportedFilter, XzDecoder.Decode(XzSamples.Delta, new byte[9000], Scratch, out _));
        Assert.Equal(UnpackError.NotThisFormat, XzDecoder.Decode("not xz at all"u8, new byte[10], Scratch, out _));
    }

    [Fact]
    public void EveryPrefixIsAnError()
    {
        byte[] destination = new byte[100000];
        foreach (byte[] packed in new[] { XzSamples.TextCrc32, XzSamples.Blocks, XzSamples.Stored, XzSamples.Code })
        {
            for (int length = 0; length < packed.Length; length++)
            {
                Assert.NotEqual(UnpackError.None, XzDecoder.Decode(packed.AsSpan(0, length), destination, Scratch, out _));
            }
        }
    }

    // A flipped property bit may happen to leave the data as they are; nothing else may pass.
    [Fact]
    public void EveryFlippedBitIsAnErrorOrHarmless()
    {
        foreach ((byte[] packed, byte[] expected) in new[]
        {
            (XzSamples.TextCrc32, XzSamples.TextData(400)), (XzSamples.Blocks, XzSamples.TextData(400)), (XzSamples.Zeros, new byte[100000]),
        })
        {
            byte[] destination = new byte[expected.Length];
            for (int bit = 0; bit < packed.Length * 8; bit++)
            {
                byte[] damaged = [.. packed];
                damaged[bit / 8] ^= (byte)(1 << (bit % 8));
                if (XzDecoder.Decode(damaged, destination, Scratch, out UnpackOutcome outcome) == UnpackError.None)
                {
                    Assert.True(expected.AsSpan().SequenceEqual(destination.AsSpan(0, outcome.Produced)));
                }
            }
        }
    }

    [Fact]
    public void EveryErrorHasASentence()
    {
        foreach (UnpackError error in Enum.GetValues<UnpackError>())
        {
            Assert.NotEqual("unknown unpacking error", error.Message());
        }
    }
}
