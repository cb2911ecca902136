// What a multiboot2 loader tells about EFI. The hypervisor notices it and leaves the rest to the code that starts under EFI.

namespace Xenith.Hypervisor.Boot;

/// <summary>EFI as seen by the boot loader (Multiboot2 2.0, sections 3.6.14 to 3.6.19).</summary>
internal struct BootFirmware
{
    /// <summary>Physical address of the system table, 0 if the machine was not started by EFI.</summary>
    internal ulong SystemTable;

    /// <summary>Whether the firmware is 64-bit.</summary>
    internal bool Is64Bit;

    /// <summary>The loader's image handle, 0 if not given.</summary>
    internal ulong ImageHandle;

    /// <summary>Whether the boot services have not been ended.</summary>
    internal bool BootServicesActive;

    /// <summary>The firmware's own memory map: physical address and bytes, and bytes of one entry.</summary>
    internal ulong MemoryMap, MemoryMapLength;
    internal uint MemoryMapEntryLength;

    internal readonly bool IsPresent => SystemTable != 0;
}
