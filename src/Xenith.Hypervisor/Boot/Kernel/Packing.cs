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

    private static ReadOnlySpan<byte> Gzip => [0x1f, 0x8b];

    private static ReadOnlySpan<byte> OldGzip => [0x1f, 0x9e];

    private static ReadOnlySpan<byte> Bzip2 => "BZh"u8;

    private static ReadOnlySpan<byte> Lzma => [0x5d, 0x00, 0x00];

    private static ReadOnlySpan<byte> Lzo => [0x89, (byte)'L', (byte)'Z', (byte)'O'];

    private static ReadOnlySpan<byte> Lz4 => [0x02, 0x21, 0x4c, 0x18];

    private static ReadOnlySpan<byte> Zstd => [0x28, 0xb5, 0x2f, 0xfd];

    /// <summary>The format that the bytes begin as.</summary>
    public static PackingFormat Detect(ReadOnlySpan<byte> data) =>
        data.StartsWith(Elf) ? PackingFormat.None
        : XzDecoder.IsXz(data) ? PackingFormat.Xz
        : data.StartsWith(Gzip) || data.StartsWith(OldGzip) ? PackingFormat.Gzip
        : data.StartsWith(Bzip2) ? PackingFormat.Bzip2
        : data.StartsWith(Lzma) ? PackingFormat.Lzma
        : data.StartsWith(Lzo) ? PackingFormat.Lzo
        : data.StartsWith(Lz4) ? PackingFormat.Lz4
        : data.StartsWith(Zstd) ? PackingFormat.Zstd
        : PackingFormat.Unknown;

    /// <summary>What to answer about a kernel in this format: no error for those that can be unpacked.</summary>
    public static KernelError Support(PackingFormat format) => format switch
    {
        PackingFormat.None or PackingFormat.Xz => KernelError.None,
        PackingFormat.Gzip => KernelError.PackedWithGzip,
        PackingFormat.Bzip2 => KernelError.PackedWithBzip2,
        PackingFormat.Lzma => KernelError.PackedWithLzma,
        PackingFormat.Lzo => KernelError.PackedWithLzo,
        PackingFormat.Lz4 => KernelError.PackedWithLz4,
        PackingFormat.Zstd => KernelError.PackedWithZstd,
        _ => KernelError.PackedUnknown,
    };
}
