using System.Buffers.Binary;
using Xenith.Hypervisor.Boot;
using Xunit;

namespace Xenith.Tests.Boot;

public class KernelFileTests
{
    private readonly ushort[] _model = new ushort[UnpackScratch.ModelLength];
    private readonly uint[] _tables = new uint[UnpackScratch.ChecksumTablesLength];

    /// <summary>A bzImage around a payload: one setup sector, the payload at 0x100 behind it.</summary>
    internal static byte[] Bz(byte[] payload, ushort version = 0x020f)
    {
        byte[] file = new byte[(2 * 512) + 0x100 + payload.Length];
        file[0x1f1] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(0x1fe), 0xaa55);
        "HdrS"u8.CopyTo(file.AsSpan(0x202));
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(0x206), version);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(0x248), 0x100);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(0x24c), payload.Length);
        payload.CopyTo(file, (2 * 512) + 0x100);
        return file;
    }

    [Fact]
    public void UsesAnElfFileWhereItLies()
    {
        byte[] file = ElfBuilder.Linux().Build();
        Assert.Equal(KernelError.None, KernelFile.Open(file, out KernelFile kernel));
        Assert.False(kernel.IsPacked);
        Assert.Equal(KernelError.None, kernel.Unpack(default, default, out ReadOnlySpan<byte> elf, out _));
        Assert.True(elf == file);
    }

    [Fact]
    public void UnpacksABzImage()
    {
        byte[] text = XzSamples.TextData(400);
        byte[] file = Bz([.. XzSamples.TextCrc32, .. BitConverter.GetBytes(text.Length)]);
        Assert.Equal(KernelError.None, KernelFile.Open(file, out KernelFile kernel));
        Assert.True(kernel.IsPacked);
        Assert.Equal(PackingFormat.Xz, kernel.Format);
        Assert.Equal((uint)text.Length, kernel.UnpackedLength);
        byte[] destination = new byte[text.Length + 10];
        Assert.Equal(KernelError.None, kernel.Unpack(destination, new UnpackScratch(_model, _tables), out ReadOnlySpan<byte> elf, out _));
        Assert.True(elf.SequenceEqual(text));
    }

    public static TheoryData<Packer> Packers => [.. PackedSamples.Packers.Where(packer => !packer.Arguments.Contains("lc=1", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Packers))]
    public void UnpacksABzImageOfEveryFormat(Packer packer)
    {
        byte[] text = PackedSamples.Data["text"];
        byte[] packed = PackedSamples.Pack(packer, "text");
        byte[] file = Bz(packer.Format == PackingFormat.Gzip ? packed : [.. packed, .. BitConverter.GetBytes(text.Length)]);
        Assert.Equal(KernelError.None, KernelFile.Open(file, out KernelFile kernel));
        Assert.Equal((packer.Format, (uint)text.Length), (kernel.Format, kernel.UnpackedLength));
        UnpackScratch scratch = new(_model, _tables, new byte[UnpackScratch.BufferLength(packer.Format)]);
        Assert.Equal(KernelError.None, kernel.Unpack(new byte[text.Length], scratch, out ReadOnlySpan<byte> elf, out _));
        Assert.True(elf.SequenceEqual(text));
    }

    [Theory]
    [InlineData("gzip", "-6")]
    [InlineData("zstd", "-19 --stream-size=18000")]
    public void UnpacksAModuleThatIsPackedAsAWhole(string tool, string arguments)
    {
        byte[] text = PackedSamples.Data["text"];
        byte[] file = PackedSamples.Pack(new Packer(tool, arguments.Replace("18000", $"{text.Length}", StringComparison.Ordinal)), "text");
        Assert.Equal(KernelError.None, KernelFile.Open(file, out KernelFile kernel));
        Assert.Equal((uint)text.Length, kernel.UnpackedLength);
        UnpackScratch scratch = new(_model, _tables, new byte[UnpackScratch.BufferLength(kernel.Format)]);
        Assert.Equal(KernelError.None, kernel.Unpack(new byte[text.Length], scratch, out ReadOnlySpan<byte> elf, out _));
        Assert.True(elf.SequenceEqual(text));
    }

    [Fact]
    public void ComparesTheLength()
    {
        byte[] file = Bz([.. XzSamples.TextCrc32, .. BitConverter.GetBytes(XzSamples.TextData(400).Length + 1)]);
        Assert.Equal(KernelError.None, KernelFile.Open(file, out KernelFile kernel));
        Assert.Equal(KernelError.UnpackedLengthWrong, kernel.Unpack(new byte[20000], new UnpackScratch(_model, _tables), out _, out _));
        Assert.Equal(KernelError.UnpackFailed, kernel.Unpack(new byte[20], new UnpackScratch(_model, _tables), out _, out UnpackError detail));
        Assert.Equal(UnpackError.DestinationTooSmall, detail);
    }

    public static TheoryData<KernelError, byte[]> Refused => new()
    {
        { KernelError.Empty, [] },
        { KernelError.NotAKernel, new byte[2000] },
        { KernelError.ProtocolTooOld, Bz(new byte[100], 0x0207) },
        { KernelError.PackedWithLzo, Bz([0x89, .. "LZO"u8, .. new byte[100]]) },
        { KernelError.PackedUnknown, Bz([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) },
        { KernelError.NoPayload, Bz([1, 2, 3, 4]) },
        { KernelError.Truncated, Bz(new byte[100])[..^1] },
        { KernelError.UnpackedTooLarge, Bz([.. XzSamples.TextCrc32, 1, 0, 0, 0x20]) },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Refuses(KernelError error, byte[] file)
    {
        Assert.Equal(error, KernelFile.Open(file, out _));
    }
}
