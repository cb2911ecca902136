using CsCheck;
using Xenith.Hypervisor.Boot;
using Xunit;

namespace Xenith.Tests.Boot;

/// <summary>Every decoder against what Debian's tools pack, sound and damaged.</summary>
public class DecoderTests
{
    public static TheoryData<Packer, string> Sound
    {
        get
        {
            TheoryData<Packer, string> data = [];
            foreach (Packer packer in PackedSamples.Packers)
            {
                foreach (string sample in PackedSamples.Data.Keys)
                {
                    data.Add(packer, sample);
                }
            }

            return data;
        }
    }

    public static TheoryData<Packer> All => [.. PackedSamples.Packers];

    /// <summary>Formats that check what they unpack to.</summary>
    public static TheoryData<Packer> Checked => [.. PackedSamples.Packers.Where(packer => HasCheck(packer))];

    [Theory]
    [MemberData(nameof(Sound))]
    public void Unpacks(Packer packer, string sample)
    {
        byte[] expected = PackedSamples.Data[sample];
        byte[] packed = PackedSamples.Pack(packer, sample);
        byte[] destination = new byte[expected.Length];
        Assert.Equal(UnpackError.None, Unpack(packed, destination, out UnpackOutcome outcome, packer.Format));
        Assert.Equal((packed.Length, expected.Length), (outcome.Consumed, outcome.Produced));
        Assert.True(expected.AsSpan().SequenceEqual(destination));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void WritesNothingBehindTheData(Packer packer)
    {
        // Formats without a length of their own take the room for it.
        if (packer.Format == PackingFormat.Lzma)
        {
            return;
        }

        byte[] expected = PackedSamples.Data["text"];
        byte[] memory = new byte[expected.Length + 200];
        Array.Fill(memory, (byte)0xaa);
        Assert.Equal(UnpackError.None, Unpack(PackedSamples.Pack(packer, "text"), memory.AsSpan(100, expected.Length + 50), out UnpackOutcome outcome, packer.Format));
        Assert.Equal(expected.Length, outcome.Produced);
        Assert.All(memory[..100], value => Assert.Equal(0xaa, value));
        Assert.All(memory[(expected.Length + 150)..], value => Assert.Equal(0xaa, value));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void RefusesADestinationThatIsTooSmall(Packer packer)
    {
        foreach (string sample in (string[])["text", "runs", "noise", "zeros"])
        {
            byte[] destination = new byte[PackedSamples.Data[sample].Length - 1];
            Assert.NotEqual(UnpackError.None, Unpack(PackedSamples.Pack(packer, sample), destination, out _, packer.Format));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void EveryPrefixIsAnErrorOrShort(Packer packer)
    {
        byte[] expected = PackedSamples.Data["text"];
        byte[] packed = PackedSamples.Pack(packer, "text");
        byte[] destination = new byte[expected.Length];
        for (int length = 0; length < packed.Length; length++)
        {
            // A legacy LZ4 frame may end after each of its blocks.
            if (Unpack(packed.AsSpan(0, length), destination, out UnpackOutcome outcome, packer.Format) == UnpackError.None)
            {
                Assert.Equal("lz4", packer.Tool);
                Assert.True(outcome.Produced < expected.Length);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Checked))]
    public void EveryFlippedBitIsAnErrorOrHarmless(Packer packer)
    {
        byte[] expected = PackedSamples.Data["text"];
        byte[] packed = PackedSamples.Pack(packer, "text");
        byte[] destination = new byte[expected.Length];
        for (int bit = 0; bit < packed.Length * 8; bit++)
        {
            byte[] damaged = [.. packed];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            if (Unpack(damaged, destination, out UnpackOutcome outcome, packer.Format) == UnpackError.None)
            {
                Assert.True(expected.AsSpan().SequenceEqual(destination.AsSpan(0, outcome.Produced)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void HostileDataEndInAnAnswer(Packer packer)
    {
        string[] samples = ["text", "code", "skewed", "numbers", "runs"];
        byte[][] seeds = [.. samples.Select(sample => PackedSamples.Pack(packer, sample))];
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Select(Gen.OneOf(Gen.Int[0, 64], Gen.Int[0, 1 << 20]), Gen.Byte).Array[1, 8], Gen.Int[0, 700_000], Gen.Bool).Sample(
            (seed, changes, room, isCut) =>
            {
                byte[] packed = [.. seeds[seed]];
                foreach ((int at, byte value) in changes)
                {
                    packed[at % packed.Length] = value;
                }

                ReadOnlySpan<byte> source = isCut ? packed.AsSpan(0, changes[0].Item1 % packed.Length) : packed;
                byte[] destination = new byte[room];
                if (Unpack(source, destination, out UnpackOutcome outcome, packer.Format) == UnpackError.None)
                {
                    Assert.InRange(outcome.Produced, 0, room);
                    Assert.InRange(outcome.Consumed, 0, source.Length);
                }
            },
            iter: 300);
    }

    [Fact]
    public void GzipHeadersMayHaveAllFields()
    {
        byte[] plain = PackedSamples.Pack(PackedSamples.Packers[0], "text");
        byte[] fields = [0x1f, 0x8b, 8, 0x1e, 1, 2, 3, 4, 0, 3, 3, 0, 7, 8, 9, .. "name"u8, 0, .. "comment"u8, 0];
        uint[] tables = new uint[UnpackScratch.ChecksumTablesLength];
        Crc32.FillTables(tables);
        byte[] packed = [.. fields, .. BitConverter.GetBytes((ushort)Crc32.Compute(fields, tables)), .. plain[10..]];
        byte[] destination = new byte[PackedSamples.Data["text"].Length];
        Assert.Equal(UnpackError.None, Unpack(packed, destination, out _));
        Assert.True(destination.AsSpan().SequenceEqual(PackedSamples.Data["text"]));
        packed[12] ^= 1;
        Assert.Equal(UnpackError.HeaderDamaged, Unpack(packed, destination, out _));
    }

    [Fact]
    public void FramesOfZstdMayFollowEachOther()
    {
        byte[] frame = PackedSamples.Pack(new Packer("zstd", "-3"), "text");
        byte[] packed = [.. frame, 0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3, .. frame];
        byte[] text = PackedSamples.Data["text"];
        byte[] destination = new byte[text.Length * 2];
        Assert.Equal(UnpackError.None, Unpack(packed, destination, out UnpackOutcome outcome));
        Assert.Equal(destination.Length, outcome.Produced);
        Assert.True(destination.AsSpan(text.Length).SequenceEqual(text));
    }

    private static bool HasCheck(Packer packer) =>
        packer.Tool is "gzip" or "bzip2" || packer.Arguments.Contains("crc32", StringComparison.Ordinal)
        || (packer.Tool == "zstd" && !packer.Arguments.Contains("no-check", StringComparison.Ordinal));

    private static UnpackError Unpack(ReadOnlySpan<byte> packed, Span<byte> destination, out UnpackOutcome outcome, PackingFormat? format = null)
    {
        PackingFormat known = format ?? Packing.Detect(packed);
        UnpackScratch scratch = new(new ushort[UnpackScratch.ModelLength], new uint[UnpackScratch.ChecksumTablesLength], new byte[UnpackScratch.BufferLength(known)]);
        return Packing.Unpack(known, packed, destination, scratch, out outcome);
    }
}
