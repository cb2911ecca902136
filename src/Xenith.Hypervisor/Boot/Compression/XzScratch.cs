// The working memory of the XZ decoder. Boot code lends it, because nothing here may allocate and the tables are too large for a
// stack. Its contents mean nothing before and after a call.

using System;

namespace Xenith.Hypervisor.Boot;

/// <summary>Memory lent to <see cref="XzDecoder.Decode"/>; both spans may be longer than needed and need not be cleared.</summary>
public readonly ref struct XzScratch(Span<ushort> model, Span<uint> checksumTables)
{
    /// <summary>Elements needed in <see cref="Model"/> (32 KiB).</summary>
    public const int ModelLength = LzmaModel.Length;

    /// <summary>Elements needed in <see cref="ChecksumTables"/>.</summary>
    public const int ChecksumTablesLength = Crc32.TablesLength;

    /// <summary>The adaptive probabilities of LZMA.</summary>
    public Span<ushort> Model { get; } = model;

    /// <summary>The CRC32 tables, filled in by the decoder.</summary>
    public Span<uint> ChecksumTables { get; } = checksumTables;

    internal bool IsLargeEnough => Model.Length >= ModelLength && ChecksumTables.Length >= ChecksumTablesLength;
}
