using System.Buffers.Binary;
using Xenith.Hypervisor.Boot;
using Xunit;

namespace Xenith.Tests.Boot;

public class KernelFileTests
{
    private readonly ushort[] _model = new ushort[XzScratch.ModelLength];
    private readonly uint[] _tables = new uint[XzScratch.ChecksumTablesLength];

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
        Assert.Equal(KernelError.None, kernel.Unpack(destination, new XzScratch(_model, _tables), out ReadOnlySpan<byte> elf, out _));
        Assert.True(elf.SequenceEqual(text));
    }

    [Fact]
    public void ComparesTheLength()
    {
        byte[] file = Bz([.. XzSamples.TextCrc32, .. BitConverter.GetBytes(XzSamples.TextData(400).Length + 1)]);
        Assert.Equal(KernelError.None, KernelFile.Open(file, out KernelFile kernel));
        Assert.Equal(KernelError.UnpackedLengthWrong, kernel.Unpack(new byte[20000], new XzScratch(_model, _tables), out _, out _));
        Assert.Equal(KernelError.UnpackFailed, kernel.Unpack(new byte[20], new XzScratch(_model, _tables), out _, out XzError detail));
        Assert.Equal(XzError.DestinationTooSmall, detail);
    }

    public static TheoryData<KernelError, byte[]> Refused => new()
    {
        { KernelError.Empty, [] },
        { KernelError.NotAKernel, new byte[2000] },
        { KernelError.ProtocolTooOld, Bz(new byte[100], 0x0207) },
        { KernelError.PackedWithGzip, Bz([0x1f, 0x8b, .. new byte[100]]) },
        { KernelError.PackedWithBzip2, Bz([.. "BZh9"u8, .. new byte[100]]) },
        { KernelError.PackedWithLzma, Bz([0x5d, 0, 0, .. new byte[100]]) },
        { KernelError.PackedWithLzo, Bz([0x89, .. "LZO"u8, .. new byte[100]]) },
        { KernelError.PackedWithLz4, Bz([0x02, 0x21, 0x4c, 0x18, .. new byte[100]]) },
        { KernelError.PackedWithZstd, Bz([0x28, 0xb5, 0x2f, 0xfd, .. new byte[100]]) },
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
