// The working memory of the decoders. Boot code lends it, because nothing here may allocate and the tables are too large for a stack. Its
// contents mean nothing before and after a call.

using System;

namespace Xenith.Hypervisor.Boot;

/// <summary>Memory lent to a decoder; the spans may be longer than needed and need not be cleared.</summary>
public readonly ref struct UnpackScratch(Span<ushort> model, Span<uint> checksumTables, Span<byte> buffer = default)
{
    /// <summary>Elements needed in <see cref="Model"/> (32 KiB), by the format that needs the most.</summary>
    public const int ModelLength = LzmaModel.Length;

    /// <summary>Elements needed in <see cref="ChecksumTables"/>.</summary>
    public const int ChecksumTablesLength = Crc32.TablesLength;

    /// <summary>The adaptive probabilities of LZMA; the code tables of the others.</summary>
    public Span<ushort> Model { get; } = model;

    /// <summary>The CRC32 tables, filled in by the decoder.</summary>
    public Span<uint> ChecksumTables { get; } = checksumTables;

    /// <summary>For formats that unpack a block in two steps; see <see cref="BufferLength"/>.</summary>
    public Span<byte> Buffer { get; } = buffer;

    internal bool IsLargeEnough => Model.Length >= ModelLength && ChecksumTables.Length >= ChecksumTablesLength;

    /// <summary>Bytes needed in <see cref="Buffer"/> for a format.</summary>
    public static int BufferLength(PackingFormat format) => format switch
    {
        PackingFormat.Zstd => ZstdDecoder.BufferLength,
        PackingFormat.Bzip2 => Bzip2Decoder.BufferLength,
        _ => 0,
    };
}
