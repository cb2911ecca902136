using CsCheck;
using Xenith.Hypervisor.Boot;
using Xunit;

namespace Xenith.Tests.Boot;

/// <summary>Hostile streams: any answer but an exception or an endless loop.</summary>
public class XzFuzzTests
{
    private static readonly byte[][] Seeds =
    [
        XzSamples.TextNoCheck, XzSamples.TextCrc32, XzSamples.TextOtherProperties, XzSamples.Blocks, XzSamples.Stored, XzSamples.Periods,
        XzSamples.Code, XzSamples.CodeWithStart, XzSamples.Zeros,
    ];

    [Fact]
    public void MutatedStreams()
    {
        Gen.Select(Gen.Int[0, Seeds.Length - 1], Gen.Select(Gen.Int[0, 4000], Gen.Byte).Array[1, 8], Gen.Int[0, 20000])
            .Sample(
                (seed, changes, room) =>
                {
                    byte[] packed = [.. Seeds[seed]];
                    foreach ((int at, byte value) in changes)
                    {
                        packed[at % packed.Length] = value;
                    }

                    Decode(packed, room);
                },
                iter: 3000);
    }

    [Fact]
    public void RandomLzma2()
    {
        Gen.Select(Gen.Byte.Array[0, 400], Gen.Int[0, 3000]).Sample(
            (chunk, room) =>
            {
                byte[] destination = new byte[room];
                ushort[] model = new ushort[UnpackScratch.ModelLength];
                Lzma2.Decode([0xe0, 0x0f, 0xff, (byte)(chunk.Length >> 8), (byte)chunk.Length, 0x5d, 0, .. chunk], destination, model, out _, out _);
                Lzma2.Decode(chunk, destination, model, out _, out _);
            },
            iter: 5000);
    }

    private static void Decode(byte[] packed, int room)
    {
        UnpackScratch scratch = new(new ushort[UnpackScratch.ModelLength], new uint[UnpackScratch.ChecksumTablesLength]);
        UnpackError error = XzDecoder.Decode(packed, new byte[room], scratch, out UnpackOutcome outcome);
        if (error == UnpackError.None)
        {
            Assert.InRange(outcome.Produced, 0, room);
            Assert.InRange(outcome.Consumed, 0, packed.Length);
        }
    }
}
