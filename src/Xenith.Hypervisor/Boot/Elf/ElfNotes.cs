// Walking over the notes of an ELF file: from the PT_NOTE segments, or from SHT_NOTE sections if no segment has one by the wanted owner.
// A note is three words (lengths of name and description, type), the name and the description, each padded to four bytes.

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>The notes in one segment or section.</summary>
internal ref struct ElfNotes(ReadOnlySpan<byte> area)
{
    private ByteCursor _cursor = new(area);

    /// <summary>The owner, without the zero byte at its end.</summary>
    internal ReadOnlySpan<byte> Owner { get; private set; }

    internal uint Type { get; private set; }

    internal ReadOnlySpan<byte> Description { get; private set; }

    /// <summary>Goes to the next note; false at the end, and at anything that does not fit, where the rest cannot be read.</summary>
    internal bool MoveNext()
    {
        if (!_cursor.TryUInt32(out uint ownerLength) || !_cursor.TryUInt32(out uint descriptionLength)
            || !_cursor.TryUInt32(out uint type) || !TryPadded(ownerLength, out ReadOnlySpan<byte> owner)
            || !TryPadded(descriptionLength, out ReadOnlySpan<byte> description))
        {
            return false;
        }

        Owner = UpToZero(owner);
        Type = type;
        Description = description;
        return true;
    }

    /// <summary>A text that ends at the first zero byte or with its field.</summary>
    internal static ReadOnlySpan<byte> UpToZero(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)0);
        return end < 0 ? text : text.Slice(0, end);
    }

    /// <summary>The notes of a PT_NOTE segment; empty if it does not lie inside the file.</summary>
    internal static ElfNotes InSegment(ElfImage image, ElfSegment segment) => Area(image, segment.FileOffset, segment.FileLength);

    /// <summary>The notes of a section; empty if it has none or does not lie inside the file.</summary>
    internal static ElfNotes InSection(ElfImage image, int index)
    {
        const uint SectionTypeNote = 7;
        ReadOnlySpan<byte> header = image.SectionHeaderAt(index);
        return BinaryPrimitives.ReadUInt32LittleEndian(header.Slice(4)) != SectionTypeNote
            ? default
            : Area(image, BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(24)), BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(32)));
    }

    private static ElfNotes Area(ElfImage image, ulong offset, ulong length) =>
        ByteCursor.TrySlice(image.File, offset, length, out ReadOnlySpan<byte> area) ? new ElfNotes(area) : default;

    // The padding of the last note may be missing.
    private bool TryPadded(uint length, out ReadOnlySpan<byte> bytes)
    {
        if (!_cursor.TryBytes(length, out bytes))
        {
            return false;
        }

        ulong padding = (4 - (length & 3)) & 3;
        _cursor.TryBytes(Math.Min(padding, unchecked((uint)_cursor.Rest.Length)), out _);
        return true;
    }
}
