// The root pointer of ACPI: a signature on a 16-byte boundary in the BIOS's memory, or wherever the boot loader or EFI say
// (ACPI 6.5, 5.2.5).

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>What the root pointer says.</summary>
internal struct AcpiRoot
{
    private const ulong EbdaSegment = 0x40e;
    private const ulong EbdaSearched = 1024;
    private const ulong BiosStart = 0xe_0000;
    private const ulong BiosLength = 0x2_0000;
    private const int Step = 16;

    private const int FirstLength = 20;
    private const int SecondLength = 36;
    private const uint LargestLength = 4096;

    /// <summary>Physical address of the root pointer.</summary>
    internal ulong Address;

    /// <summary>0 for ACPI 1.0, else at least 2.</summary>
    internal byte Revision;

    /// <summary>Six characters of who made the firmware, the first in the lowest byte.</summary>
    internal ulong Maker;

    /// <summary>Bytes of the root pointer.</summary>
    internal uint Length;

    /// <summary>Physical address of the table of 32-bit addresses, 0 if there is none.</summary>
    internal ulong Rsdt;

    /// <summary>Physical address of the table of 64-bit addresses, 0 if there is none.</summary>
    internal ulong Xsdt;

    private static ReadOnlySpan<byte> Signature => "RSD PTR "u8;

    /// <summary>
    /// Finds the root pointer: at <paramref name="hint"/> if that is not 0 and one is there, else in the extended BIOS data area and in
    /// the BIOS.
    /// </summary>
    internal static AcpiError Find<TMemory>(TMemory memory, ulong hint, out AcpiRoot root)
        where TMemory : struct, IFirmwareMemory
    {
        if (hint != 0 && TryRead(memory, hint, out root))
        {
            return AcpiError.None;
        }

        ReadOnlySpan<byte> segment = memory.Bytes(EbdaSegment, 2);
        ulong ebda = segment.IsEmpty ? 0 : (ulong)BinaryPrimitives.ReadUInt16LittleEndian(segment) << 4;
        if (ebda != 0 && TrySearch(memory, ebda, EbdaSearched, out root))
        {
            return AcpiError.None;
        }

        return TrySearch(memory, BiosStart, BiosLength, out root) ? AcpiError.None : AcpiError.NoRootPointer;
    }

    private static bool TrySearch<TMemory>(TMemory memory, ulong start, ulong length, out AcpiRoot root)
        where TMemory : struct, IFirmwareMemory
    {
        ReadOnlySpan<byte> area = memory.Bytes(start, length);
        for (int at = 0; at <= area.Length - FirstLength; at += Step)
        {
            if (area.Slice(at).StartsWith(Signature) && TryRead(memory, start + unchecked((ulong)at), out root))
            {
                return true;
            }
        }

        root = default;
        return false;
    }

    private static bool TryRead<TMemory>(TMemory memory, ulong address, out AcpiRoot root)
        where TMemory : struct, IFirmwareMemory
    {
        root = default;
        TableBytes first = new(memory.Bytes(address, FirstLength));
        if (!first.All.StartsWith(Signature) || !first.SumIsZero())
        {
            return false;
        }

        root.Address = address;
        root.Revision = first.U8(15);
        root.Rsdt = first.U32(16);
        root.Maker = first.U64(9) & 0xffff_ffff_ffff;
        root.Length = FirstLength;
        if (root.Revision < 2)
        {
            return true;
        }

        // The longer form has a checksum of its own; without that it is worth as much as the short one.
        TableBytes second = new(memory.Bytes(address, SecondLength));
        uint length = second.U32(20);
        if (length is >= SecondLength and <= LargestLength && new TableBytes(memory.Bytes(address, length)) is var whole
            && whole.Length != 0 && whole.SumIsZero())
        {
            root.Xsdt = second.U64(24);
            root.Length = length;
        }

        return true;
    }
}
