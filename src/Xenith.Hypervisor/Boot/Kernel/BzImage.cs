// Linux's bzImage: a boot sector with a header, the 16-bit setup code, and the 32-bit part with the packed kernel inside it. A
// hypervisor needs none of the code, only the payload, which boot protocol 2.08 and later names. The kernel's build appends the
// unpacked length to the payload, as four bytes, whatever the packing; of gzip, the last four bytes already are it.
//
// Layout: Linux Documentation/arch/x86/boot.rst, "The real-mode kernel header".

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>A view of a bzImage.</summary>
public readonly ref struct BzImage
{
    private const uint SectorLength = 512;
    private const uint DefaultSetupSectors = 4;
    private const int LengthTrailer = 4;

    private const int SetupSectorsOffset = 0x1f1;
    private const int BootFlagOffset = 0x1fe;
    private const int SignatureOffset = 0x202;
    private const int VersionOffset = 0x206;
    private const int PayloadOffsetOffset = 0x248;
    private const int PayloadLengthOffset = 0x24c;
    private const int HeaderEnd = 0x250;

    private const ushort BootFlag = 0xaa55;
    private const ushort FirstVersionWithPayload = 0x0208;

    private BzImage(ushort version, ReadOnlySpan<byte> payload, PackingFormat format, uint unpackedLength)
    {
        Version = version;
        Payload = payload;
        Format = format;
        UnpackedLength = unpackedLength;
    }

    private static ReadOnlySpan<byte> Signature => "HdrS"u8;

    /// <summary>Boot protocol, major number in the high byte.</summary>
    public ushort Version { get; }

    /// <summary>The packed kernel, without the length at its end (with it, if it belongs to the format).</summary>
    public ReadOnlySpan<byte> Payload { get; }

    public PackingFormat Format { get; }

    /// <summary>Bytes of the unpacked kernel as the file claims; nothing has been compared with it.</summary>
    public uint UnpackedLength { get; }

    /// <summary>Whether the file has the header of a Linux kernel.</summary>
    public static bool IsBzImage(ReadOnlySpan<byte> file) =>
        file.Length >= HeaderEnd
        && BinaryPrimitives.ReadUInt16LittleEndian(file.Slice(BootFlagOffset)) == BootFlag
        && file.Slice(SignatureOffset, 4).SequenceEqual(Signature);

    /// <summary>Reads the header; does not look into the payload beyond its format.</summary>
    public static KernelError Parse(ReadOnlySpan<byte> file, out BzImage image)
    {
        image = default;
        if (!IsBzImage(file))
        {
            return KernelError.NotAKernel;
        }

        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(file.Slice(VersionOffset));
        if (version < FirstVersionWithPayload)
        {
            return KernelError.ProtocolTooOld;
        }

        uint sectors = file[SetupSectorsOffset] != 0 ? file[SetupSectorsOffset] : DefaultSetupSectors;
        ulong offset = ((sectors + 1) * SectorLength) + (ulong)BinaryPrimitives.ReadUInt32LittleEndian(file.Slice(PayloadOffsetOffset));
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(file.Slice(PayloadLengthOffset));
        if (length <= LengthTrailer)
        {
            return KernelError.NoPayload;
        }

        if (!ByteCursor.TrySlice(file, offset, length, out ReadOnlySpan<byte> payload))
        {
            return KernelError.Truncated;
        }

        PackingFormat format = Packing.Detect(payload);
        if (format == PackingFormat.None)
        {
            image = new BzImage(version, payload, format, length);
            return KernelError.None;
        }

        int packed = payload.Length - LengthTrailer;
        image = new BzImage(version, format == PackingFormat.Gzip ? payload : payload.Slice(0, packed), format, BinaryPrimitives.ReadUInt32LittleEndian(payload.Slice(packed)));
        return KernelError.None;
    }
}
