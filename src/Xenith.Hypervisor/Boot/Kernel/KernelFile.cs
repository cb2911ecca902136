// From a boot module to an ELF file: the module is one already, or is a bzImage with one inside, or either of them packed as a whole (some
// boot loaders unpack gzip on the way, some do not). The caller asks for the size first, finds memory, and then has the file unpacked into
// it; a file that is not packed is used where it lies.

using System;

namespace Xenith.Hypervisor.Boot;

/// <summary>A kernel as the boot loader left it.</summary>
public readonly ref struct KernelFile
{
    /// <summary>More than any kernel; bounds what a damaged length can ask for.</summary>
    public const uint MaximumUnpackedLength = 512u << 20;

    private readonly ReadOnlySpan<byte> _content;

    private KernelFile(ReadOnlySpan<byte> content, PackingFormat format, uint unpackedLength)
    {
        _content = content;
        Format = format;
        UnpackedLength = unpackedLength;
    }

    public PackingFormat Format { get; }

    /// <summary>Whether <see cref="Unpack"/> needs a destination of <see cref="UnpackedLength"/> bytes; otherwise it needs none.</summary>
    public bool IsPacked => Format != PackingFormat.None;

    /// <summary>Bytes of the ELF file.</summary>
    public uint UnpackedLength { get; }

    /// <summary>
    /// Finds out what a module is. No error means that <see cref="Unpack"/> knows the format. What it gives may be a bzImage, if a module was
    /// packed as a whole.
    /// </summary>
    public static KernelError Open(ReadOnlySpan<byte> module, out KernelFile kernel)
    {
        kernel = default;
        if (module.IsEmpty)
        {
            return KernelError.Empty;
        }

        if (Packing.Detect(module) == PackingFormat.None)
        {
            kernel = new KernelFile(module, PackingFormat.None, unchecked((uint)module.Length));
            return KernelError.None;
        }

        // Only these two say themselves how long their data are.
        PackingFormat whole = Packing.Detect(module);
        if (whole is PackingFormat.Gzip or PackingFormat.Zstd)
        {
            ulong length = whole == PackingFormat.Gzip ? GzipDecoder.UnpackedLength(module) : ZstdDecoder.UnpackedLength(module);
            if (length > MaximumUnpackedLength)
            {
                return KernelError.UnpackedTooLarge;
            }

            kernel = new KernelFile(module, whole, unchecked((uint)length));
            return KernelError.None;
        }

        KernelError error = BzImage.Parse(module, out BzImage image);
        if (error != KernelError.None)
        {
            return error;
        }

        error = Packing.Support(image.Format);
        if (error != KernelError.None)
        {
            return error;
        }

        if (image.UnpackedLength > MaximumUnpackedLength)
        {
            return KernelError.UnpackedTooLarge;
        }

        kernel = new KernelFile(image.Payload, image.Format, image.UnpackedLength);
        return KernelError.None;
    }

    /// <summary>Gives the ELF file.</summary>
    /// <param name="destination">Memory for it, if <see cref="IsPacked"/>.</param>
    /// <param name="scratch">Working memory, if <see cref="IsPacked"/>.</param>
    /// <param name="elf">The file, either in the destination or where it always was.</param>
    /// <param name="detail">What the unpacker says, for <see cref="KernelError.UnpackFailed"/>.</param>
    public KernelError Unpack(Span<byte> destination, UnpackScratch scratch, out ReadOnlySpan<byte> elf, out UnpackError detail)
    {
        detail = UnpackError.None;
        elf = default;
        if (Format == PackingFormat.None)
        {
            elf = _content;
            return KernelError.None;
        }

        int length = unchecked((int)Math.Min(UnpackedLength, MaximumUnpackedLength));
        if (destination.Length < length)
        {
            detail = UnpackError.DestinationTooSmall;
            return KernelError.UnpackFailed;
        }

        Span<byte> unpacked = destination.Slice(0, length);
        detail = Packing.Unpack(Format, _content, unpacked, scratch, out UnpackOutcome outcome);
        if (detail != UnpackError.None)
        {
            return KernelError.UnpackFailed;
        }

        if (outcome.Produced != length)
        {
            return KernelError.UnpackedLengthWrong;
        }

        elf = unpacked;
        return KernelError.None;
    }
}
