// How a Linux kernel's payload is packed, told by its first bytes (as Linux's own decompressor and Xen tell it).

using System;

namespace Xenith.Hypervisor.Boot;

/// <summary>Formats of a kernel payload.</summary>
public enum PackingFormat
{
    Unknown,
    None,
    Gzip,
    Bzip2,
    Lzma,
    Lzo,
    Lz4,
    Zstd,
    Xz,
}

public static class Packing
{
    private static ReadOnlySpan<byte> Elf => [0x7f, (byte)'E', (byte)'L', (byte)'F'];

    private static ReadOnlySpan<byte> Lzma => [0x5d, 0x00, 0x00];

    private static ReadOnlySpan<byte> Lzo => [0x89, (byte)'L', (byte)'Z', (byte)'O'];

    /// <summary>The format that the bytes begin as.</summary>
    public static PackingFormat Detect(ReadOnlySpan<byte> data) =>
        data.StartsWith(Elf) ? PackingFormat.None
        : XzDecoder.IsXz(data) ? PackingFormat.Xz
        : GzipDecoder.IsGzip(data) ? PackingFormat.Gzip
        : Bzip2Decoder.IsBzip2(data) ? PackingFormat.Bzip2
        : data.StartsWith(Lzma) ? PackingFormat.Lzma
        : data.StartsWith(Lzo) ? PackingFormat.Lzo
        : Lz4Decoder.IsLz4(data) ? PackingFormat.Lz4
        : ZstdDecoder.IsZstd(data) ? PackingFormat.Zstd
        : PackingFormat.Unknown;

    /// <summary>What to answer about a kernel in this format: no error for those that can be unpacked.</summary>
    public static KernelError Support(PackingFormat format) => format switch
    {
        PackingFormat.Unknown => KernelError.PackedUnknown,
        PackingFormat.Lzo => KernelError.PackedWithLzo,
        _ => KernelError.None,
    };

    /// <summary>The format's name in messages.</summary>
    public static string Name(PackingFormat format) => format switch
    {
        PackingFormat.None => "ELF",
        PackingFormat.Gzip => "gzip",
        PackingFormat.Bzip2 => "bzip2",
        PackingFormat.Lzma => "LZMA",
        PackingFormat.Lzo => "LZO",
        PackingFormat.Lz4 => "LZ4",
        PackingFormat.Zstd => "zstd",
        PackingFormat.Xz => "XZ",
        _ => "unknown format",
    };

    /// <summary>Unpacks data of a format that <see cref="Support"/> has no error for.</summary>
    internal static UnpackError Unpack(PackingFormat format, ReadOnlySpan<byte> source, Span<byte> destination, UnpackScratch scratch, out UnpackOutcome outcome)
    {
        switch (format)
        {
            case PackingFormat.Xz:
                return XzDecoder.Decode(source, destination, scratch, out outcome);
            case PackingFormat.Gzip:
                return GzipDecoder.Decode(source, destination, scratch, out outcome);
            case PackingFormat.Bzip2:
                return Bzip2Decoder.Decode(source, destination, scratch, out outcome);
            case PackingFormat.Lzma:
                return LzmaFile.Decode(source, destination, scratch, out outcome);
            case PackingFormat.Lz4:
                return Lz4Decoder.Decode(source, destination, out outcome);
            case PackingFormat.Zstd:
                return ZstdDecoder.Decode(source, destination, scratch, out outcome);
            default:
                outcome = default;
                return UnpackError.NotThisFormat;
        }
    }
}
