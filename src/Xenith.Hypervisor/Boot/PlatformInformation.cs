using Xenith.Hypervisor.Memory;

namespace Xenith.Hypervisor.Boot;

/// <summary>What firmware and boot loader told us and later code still needs.</summary>
public sealed class PlatformInformation
{
    /// <summary>Machine address of the ACPI root pointer, 0 if none was found.</summary>
    public ulong AcpiRoot { get; set; }

    /// <summary>Port of the ACPI PM timer, 0 if there is none.</summary>
    public ushort PmTimerPort { get; set; }

    /// <summary>Ports of the PM1a and PM1b control registers, 0 if there are none.</summary>
    public ushort Pm1aControl { get; set; }
    public ushort Pm1bControl { get; set; }

    /// <summary>Number of CPUs that the firmware describes.</summary>
    public uint CpuCount { get; set; } = 1;

    /// <summary>The firmware's memory map, as it was handed over.</summary>
    public MemoryMap MemoryMap { get; } = new();
}
