using System;
using Xenith.Hypervisor.Boot.Compression;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>dom0's kernel as an ELF file: the boot module itself, or what a bzImage unpacks to, in memory that is given back once dom0 has been loaded.</summary>
internal ref struct KernelFile
{
    private Mfn _unpacked;
    private ulong _pages;

    /// <summary>The ELF file.</summary>
    internal ReadOnlySpan<byte> Bytes;

    /// <summary>Finds the ELF file in a module. False after a log line.</summary>
    internal static bool TryOpen(Host host, ConsoleLog log, ReadOnlySpan<byte> module, out KernelFile file)
    {
        file = default;
        if (module.Length == 0)
        {
            log.Error($"dom0 kernel: the module is empty");
            return false;
        }
        if (!BzImage.IsBzImage(module))
        {
            file.Bytes = module;
            return true;
        }
        if (!BzImage.TryParse(module, out BzImage image, out KernelError error))
        {
            log.Error($"dom0 kernel: {error.Message()}");
            return false;
        }
        ReadOnlySpan<byte> payload = image.Payload(module);
        if (image.Compression == KernelCompression.None)
        {
            file.Bytes = payload;
            return true;
        }
        return file.TryUnpack(host, log, payload, image);
    }

    /// <summary>Gives back the memory of the unpacked kernel; the bytes are gone then.</summary>
    internal void Release(Host host)
    {
        ContiguousFrames.Free(host.Memory.Allocator, _unpacked, _pages);
        _pages = 0;
        Bytes = default;
    }

    /// <summary>Pages that <see cref="Release"/> will give back.</summary>
    internal readonly ulong HeldPages => _pages;

    private bool TryUnpack(Host host, ConsoleLog log, ReadOnlySpan<byte> payload, in BzImage image)
    {
        if (image.Compression != KernelCompression.Xz)
        {
            log.Error($"dom0 kernel: {image.Compression.Name()} compression is not supported");
            return false;
        }
        ulong pages = (image.UnpackedLength + AddressSpace.PageSize - 1) / AddressSpace.PageSize;
        if (!ContiguousFrames.TryAllocate(host.Memory.Allocator, pages, out Mfn first))
        {
            log.Error($"dom0 kernel: no memory to unpack {image.UnpackedLength >> 10} kB");
            return false;
        }
        _unpacked = first;
        _pages = pages;
        Span<byte> to = BootMemory.Writable(first.Address, image.UnpackedLength);
        XzScratch scratch = new(new ushort[XzScratch.ModelLength], new uint[XzScratch.ChecksumTablesLength]);
        XzError error = XzDecoder.Decode(payload, to, scratch, out XzOutcome outcome);
        if (error != XzError.None)
        {
            log.Error($"dom0 kernel: {error.Message()}");
            return false;
        }
        Bytes = to[..outcome.Produced];
        return true;
    }
}
