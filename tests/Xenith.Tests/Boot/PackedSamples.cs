// Data of several kinds packed by Debian's own tools, which the decoders have to agree with.

using System.Diagnostics;
using Xenith.Hypervisor.Boot;

namespace Xenith.Tests.Boot;

/// <summary>How data are packed for the tests: a tool and its arguments.</summary>
public sealed record Packer(string Tool, string Arguments)
{
    /// <summary>What it makes.</summary>
    public PackingFormat Format => Tool switch
    {
        "gzip" => PackingFormat.Gzip,
        "bzip2" => PackingFormat.Bzip2,
        "lz4" => PackingFormat.Lz4,
        "zstd" => PackingFormat.Zstd,
        _ => Arguments.Contains("lzma", StringComparison.Ordinal) ? PackingFormat.Lzma : PackingFormat.Xz,
    };

    public override string ToString() => $"{Tool} {Arguments}".TrimEnd();
}

internal static class PackedSamples
{
    public static readonly Packer[] Packers =
    [
        new("gzip", "-1"), new("gzip", "-6"), new("gzip", "-9"),
        new("bzip2", "-1"), new("bzip2", "-9"),
        new("xz", "--format=lzma -1"), new("xz", "--format=lzma --lzma1=preset=3,lc=1,lp=2,pb=0"),
        new("xz", "--check=crc32 -6"),
        new("lz4", "-l -1"), new("lz4", "-l -9"),
        new("zstd", "-1"), new("zstd", "-3 --no-check"), new("zstd", "-19"), new("zstd", "--ultra -22"), new("zstd", "--fast=5"),
    ];

    private static readonly Dictionary<(Packer, string), byte[]> Cache = [];

    /// <summary>The samples by name. Each exercises something else: short and long codes, runs, long distances, several blocks.</summary>
    public static IReadOnlyDictionary<string, byte[]> Data { get; } = new Dictionary<string, byte[]>
    {
        ["one byte"] = [0x78],
        ["text"] = XzSamples.TextData(400),
        ["long text"] = XzSamples.TextData(20000),
        ["code"] = XzSamples.CodeData(5000),
        ["noise"] = XzSamples.Noise(300_000),
        ["zeros"] = new byte[1_200_000],
        ["periods"] = XzSamples.PeriodData(),
        ["skewed"] = Skewed(600_000),
        ["far repeats"] = [.. XzSamples.Noise(200_000), .. XzSamples.TextData(3000), .. XzSamples.Noise(200_000), .. new byte[70_000], .. XzSamples.TextData(3000)],
        ["numbers"] = [.. Enumerable.Range(0, 60_000).SelectMany(number => BitConverter.GetBytes(number * 3))],
        ["runs"] = [.. Enumerable.Range(0, 3000).SelectMany(number => Enumerable.Repeat((byte)(number * 7), (number % 300) + 1))],
    };

    public static byte[] Pack(Packer packer, string sample)
    {
        lock (Cache)
        {
            if (!Cache.TryGetValue((packer, sample), out byte[]? packed))
            {
                packed = Run(packer, Data[sample]);
                Cache[(packer, sample)] = packed;
            }

            return packed;
        }
    }

    /// <summary>Byte values whose frequencies fall by half, so that Huffman codes get as long as they may.</summary>
    private static byte[] Skewed(int length)
    {
        Random random = new(7);
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++)
        {
            int value = 0;
            while (random.Next(2) == 0 && value < 60)
            {
                value++;
            }

            data[i] = (byte)(value * 5);
        }

        return data;
    }

    private static byte[] Run(Packer packer, byte[] data)
    {
        using Process process = Process.Start(new ProcessStartInfo(packer.Tool, $"{packer.Arguments} -c")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Task write = Task.Run(() =>
        {
            process.StandardInput.BaseStream.Write(data);
            process.StandardInput.Close();
        });
        MemoryStream output = new();
        process.StandardOutput.BaseStream.CopyTo(output);
        write.Wait();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.ToArray() : throw new InvalidOperationException($"{packer} failed");
    }
}
