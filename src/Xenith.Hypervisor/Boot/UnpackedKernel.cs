using System;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>dom0's kernel as an ELF file: the boot module itself, or what it unpacks to, in memory that is given back once dom0 has been loaded.</summary>
internal ref struct UnpackedKernel
{
    private Mfn _first;

    /// <summary>The ELF file.</summary>
    internal ReadOnlySpan<byte> Elf;

    /// <summary>Pages that <see cref="Release"/> will give back.</summary>
    internal ulong Pages { get; private set; }

    /// <summary>Gets at the ELF file in a module. False after a log line.</summary>
    internal static bool TryOpen(Host host, ConsoleLog log, ReadOnlySpan<byte> module, out UnpackedKernel kernel)
    {
        if (!TryUnpack(host, log, module, out kernel))
            return false;
        if (!BzImage.IsBzImage(kernel.Elf))
            return true;

        // The module was packed as a whole, and the kernel in it is packed too.
        UnpackedKernel outer = kernel;
        bool isUnpacked = TryUnpack(host, log, outer.Elf, out kernel);
        outer.Release(host);
        return isUnpacked;
    }

    private static bool TryUnpack(Host host, ConsoleLog log, ReadOnlySpan<byte> module, out UnpackedKernel kernel)
    {
        kernel = default;
        KernelError error = KernelFile.Open(module, out KernelFile file);
        UnpackError detail = UnpackError.None;
        if (error == KernelError.None)
        {
            Span<byte> room = default;
            UnpackScratch scratch = default;
            ulong bufferPages = 0;
            Mfn buffer = default;
            if (file.IsPacked)
            {
                int bufferLength = UnpackScratch.BufferLength(file.Format);
                bufferPages = PagesFor((uint)bufferLength);
                if (!kernel.TryFindRoom(host, file.UnpackedLength) || !ContiguousFrames.TryAllocate(host.Memory.Allocator, bufferPages, out buffer))
                {
                    log.Error($"dom0 kernel: no memory to unpack {file.UnpackedLength >> 10} kB");
                    return false;
                }
                room = BootMemory.Writable(kernel._first.Address, file.UnpackedLength);
                scratch = new UnpackScratch(
                    new ushort[UnpackScratch.ModelLength], new uint[UnpackScratch.ChecksumTablesLength], BootMemory.Writable(buffer.Address, (uint)bufferLength));
            }
            error = file.Unpack(room, scratch, out kernel.Elf, out detail);
            ContiguousFrames.Free(host.Memory.Allocator, buffer, bufferPages);
        }
        if (error == KernelError.None)
        {
            if (file.IsPacked)
                log.Info($"dom0 kernel: {Packing.Name(file.Format)}, {module.Length >> 10} kB unpacked to {file.UnpackedLength >> 10} kB");
            return true;
        }
        if (detail != UnpackError.None)
            log.Error($"dom0 kernel: {error.Message()} ({Packing.Name(file.Format)}): {detail.Message()}");
        else
            log.Error($"dom0 kernel: {error.Message()}");
        return false;
    }

    /// <summary>Gives back the memory of the unpacked kernel; the bytes are gone then.</summary>
    internal void Release(Host host)
    {
        ContiguousFrames.Free(host.Memory.Allocator, _first, Pages);
        Pages = 0;
        Elf = default;
    }

    private bool TryFindRoom(Host host, uint bytes)
    {
        ulong pages = PagesFor(bytes);
        if (!ContiguousFrames.TryAllocate(host.Memory.Allocator, pages, out _first))
            return false;
        Pages = pages;
        return true;
    }

    private static ulong PagesFor(uint bytes) => ((ulong)bytes + AddressSpace.PageSize - 1) / AddressSpace.PageSize;
}
