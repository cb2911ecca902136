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
        kernel = default;
        KernelError error = KernelFile.Open(module, out KernelFile file);
        XzError detail = XzError.None;
        if (error == KernelError.None)
        {
            Span<byte> room = default;
            XzScratch scratch = default;
            if (file.IsPacked)
            {
                if (!kernel.TryFindRoom(host, file.UnpackedLength))
                {
                    log.Error($"dom0 kernel: no memory to unpack {file.UnpackedLength >> 10} kB");
                    return false;
                }
                room = BootMemory.Writable(kernel._first.Address, file.UnpackedLength);
                scratch = new XzScratch(new ushort[XzScratch.ModelLength], new uint[XzScratch.ChecksumTablesLength]);
            }
            error = file.Unpack(room, scratch, out kernel.Elf, out detail);
        }
        if (error == KernelError.None)
            return true;
        if (detail != XzError.None)
            log.Error($"dom0 kernel: {error.Message()}: {detail.Message()}");
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
        ulong pages = ((ulong)bytes + AddressSpace.PageSize - 1) / AddressSpace.PageSize;
        if (!ContiguousFrames.TryAllocate(host.Memory.Allocator, pages, out _first))
            return false;
        Pages = pages;
        return true;
    }
}
