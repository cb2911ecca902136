using CsCheck;
using Xenith.Hypervisor.Boot;
using Xunit;

namespace Xenith.Tests.Boot;

/// <summary>Damaged kernels: any answer but an exception, and what is accepted stays inside its own limits.</summary>
public class KernelFuzzTests
{
    private static readonly byte[] Linux = ElfBuilder.Linux().Build();

    // Changes aim at the headers half of the time, and often write whole words that are near the limits.
    private static readonly Gen<(int At, ulong Value, int Length)[]> Changes = Gen.Select(
        Gen.OneOf(Gen.Int[0, 400], Gen.Int[0, Linux.Length - 1]),
        Gen.OneOf(Gen.ULong, Gen.OneOf<ulong>(0, 1, 0xff, 0xffff_ffff, ulong.MaxValue, 1UL << 63, 0x7fff_ffff), Gen.ULong[0, 0x2000]),
        Gen.OneOf(1, 2, 4, 8)).Array[1, 6];

    [Fact]
    public void MutatedElfFiles()
    {
        Changes.Sample(changes => Load(Apply(Linux, changes)), iter: 30000);
    }

    [Fact]
    public void TruncatedElfFiles()
    {
        for (int length = 0; length < Linux.Length; length++)
        {
            Load(Linux[..length]);
        }
    }

    [Fact]
    public void MutatedBzImages()
    {
        byte[] bz = KernelFileTests.Bz([.. XzSamples.TextCrc32, .. BitConverter.GetBytes(XzSamples.TextData(400).Length)]);
        Gen.Select(Gen.Int[0x1f0, 0x250], Gen.Byte).Array[1, 5].Sample(
            changes =>
            {
                byte[] file = [.. bz];
                foreach ((int at, byte value) in changes)
                {
                    file[at] = value;
                }

                if (KernelFile.Open(file, out KernelFile kernel) == KernelError.None)
                {
                    UnpackScratch scratch = new(new ushort[UnpackScratch.ModelLength], new uint[UnpackScratch.ChecksumTablesLength]);
                    kernel.Unpack(new byte[5000], scratch, out _, out _);
                }
            },
            iter: 5000);
        Gen.Byte.Array[0, 1000].Sample(file => KernelFile.Open(file, out _), iter: 2000);
    }

    private static byte[] Apply(byte[] original, (int At, ulong Value, int Length)[] changes)
    {
        byte[] file = [.. original];
        foreach ((int at, ulong value, int length) in changes)
        {
            byte[] bytes = BitConverter.GetBytes(value)[..length];
            bytes.AsSpan(0, Math.Min(length, file.Length - at)).CopyTo(file.AsSpan(at));
        }

        return file;
    }

    private static void Load(byte[] file)
    {
        if (KernelImage.Parse(file, true, out KernelImage kernel) != KernelError.None)
        {
            return;
        }

        Assert.InRange(kernel.Length, 1, (int)KernelImage.MaximumLength);
        Assert.InRange(kernel.Entry, kernel.VirtualStart, kernel.VirtualEnd - 1);
        if (kernel.Length < 1 << 20)
        {
            Assert.True(kernel.TryCopyTo(new byte[kernel.Length]));
        }
    }
}
