// One program header of an ELF-64 file.

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>A segment: bytes of the file and the memory that they fill, followed by zeros.</summary>
public struct ElfSegment
{
    internal const uint Load = 1;
    internal const uint Note = 4;

    private const uint AnyAccess = 7;

    internal uint Type;
    internal int HeaderIndex;

    /// <summary>Bits: 1 executable, 2 writable, 4 readable.</summary>
    public uint Flags { get; private set; }

    public ulong FileOffset { get; private set; }

    public ulong VirtualAddress { get; private set; }

    public ulong PhysicalAddress { get; private set; }

    public ulong FileLength { get; private set; }

    /// <summary>Bytes in memory; what the file does not give is zero.</summary>
    public ulong MemoryLength { get; private set; }

    /// <summary>First address behind the segment; the ELF reader has checked that it does not wrap.</summary>
    public readonly ulong PhysicalEnd => unchecked(PhysicalAddress + MemoryLength);

    // A segment without any access and one without memory have no part in the image.
    internal readonly bool IsLoadable => Type == Load && (Flags & AnyAccess) != 0 && MemoryLength != 0;

    internal static ElfSegment Read(ReadOnlySpan<byte> header) => new()
    {
        Type = BinaryPrimitives.ReadUInt32LittleEndian(header),
        Flags = BinaryPrimitives.ReadUInt32LittleEndian(header.Slice(4)),
        FileOffset = BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(8)),
        VirtualAddress = BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(16)),
        PhysicalAddress = BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(24)),
        FileLength = BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(32)),
        MemoryLength = BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(40)),
    };
}
