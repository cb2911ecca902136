// Multiboot loaders take a 32-bit ELF file: one segment, its virtual address equal to the physical one, a true physical entry point.
// The segment starts at file offset 4096, so that the headers at its start are within the first 8 KiB, as multiboot 1 demands.

using System.Buffers.Binary;

namespace Xenith.Build;

internal static class Elf32
{
    private const int SegmentOffset = 4096;

    public static void Write(ElfFile image, string path)
    {
        ElfSegment[] segments = [.. image.Segments.Where(s => s.Type == ElfFile.SegmentLoad)];
        if (segments is not [var segment])
        {
            throw new BuildException($"the image has {segments.Length} loadable segments: the linker script must make one");
        }

        byte[] file = new byte[SegmentOffset + (int)segment.FileSize];
        Span<byte> header = file;
        header[0] = 0x7f;
        "ELF"u8.CopyTo(header[1..]);
        header[4] = 1; // 32 bits
        header[5] = 1; // little-endian
        header[6] = 1; // version
        U16(header, 16, 2); // executable
        U16(header, 18, 3); // i386
        U32(header, 20, 1);
        U32(header, 24, image.Entry - segment.Address + segment.PhysicalAddress);
        U32(header, 28, 52); // program headers follow this one
        U16(header, 40, 52);
        U16(header, 42, 32);
        U16(header, 44, 1);

        Span<byte> program = header[52..];
        U32(program, 0, ElfFile.SegmentLoad);
        U32(program, 4, SegmentOffset);
        U32(program, 8, segment.PhysicalAddress);
        U32(program, 12, segment.PhysicalAddress);
        U32(program, 16, segment.FileSize);
        U32(program, 20, segment.MemorySize);
        U32(program, 24, 7);
        U32(program, 28, 4096);

        image.Data.AsSpan((int)segment.Offset, (int)segment.FileSize).CopyTo(header[SegmentOffset..]);
        File.WriteAllBytes(path, file);
    }

    private static void U16(Span<byte> at, int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(at[offset..], value);

    private static void U32(Span<byte> at, int offset, ulong value) => BinaryPrimitives.WriteUInt32LittleEndian(at[offset..], checked((uint)value));
}
