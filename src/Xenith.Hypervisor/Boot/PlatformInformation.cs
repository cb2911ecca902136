using System.Runtime.CompilerServices;

namespace Xenith.Hypervisor.Boot;

/// <summary>An IO-APIC as the firmware describes it.</summary>
public struct IoApicDescription
{
    public uint Id;
    public ulong Address;
    public uint FirstGsi;
}

/// <summary>An ISA interrupt whose line differs from the usual (ACPI 6.5, 5.2.12.5).</summary>
public struct InterruptOverride
{
    public byte Irq;
    public uint Gsi;
    public bool IsLevel;
    public bool IsActiveLow;
}

/// <summary>A CPU as the firmware describes it.</summary>
public struct CpuDescription
{
    /// <summary>Id of its local APIC.</summary>
    public uint ApicId;

    /// <summary>Number that ACPI gives it.</summary>
    public uint AcpiId;
}

/// <summary>Room for IO-APICs.</summary>
[InlineArray(Capacity)]
public struct IoApicDescriptions
{
    /// <summary>How many fit.</summary>
    public const int Capacity = 8;

    private IoApicDescription _first;
}

/// <summary>Room for overrides.</summary>
[InlineArray(Capacity)]
public struct InterruptOverrides
{
    /// <summary>How many fit.</summary>
    public const int Capacity = 16;

    private InterruptOverride _first;
}

/// <summary>Room for windows of PCI configuration space.</summary>
[InlineArray(Capacity)]
internal struct McfgRanges
{
    internal const int Capacity = 8;
    private McfgRange _first;
}

/// <summary>What firmware and boot loader told us and later code still needs.</summary>
public sealed class PlatformInformation
{
    /// <summary>IO-APICs.</summary>
    public IoApicDescriptions IoApics;
    public int IoApicCount;

    /// <summary>Interrupt overrides.</summary>
    public InterruptOverrides Overrides;
    public int OverrideCount;

    /// <summary>Windows of PCI configuration space.</summary>
    internal McfgRanges PciWindows;
    internal int PciWindowCount;

    /// <summary>The firmware's memory map.</summary>
    internal MemoryMap MemoryMap;

    /// <summary>Machine address of the local APIC's registers.</summary>
    public ulong LocalApicAddress { get; set; }

    /// <summary>Machine address of the ACPI root pointer, 0 if none was found.</summary>
    public ulong AcpiRoot { get; set; }

    /// <summary>Machine address of the HPET's registers, 0 if there is none.</summary>
    public ulong HpetAddress { get; set; }

    /// <summary>Port of the ACPI PM timer, 0 if there is none.</summary>
    public ushort PmTimerPort { get; set; }

    /// <summary>Ports of the PM1a and PM1b control registers, 0 if there are none.</summary>
    public ushort Pm1aControl { get; set; }
    public ushort Pm1bControl { get; set; }

    /// <summary>The CPUs that the firmware describes, in its order; the one that boots is among them, wherever.</summary>
    internal CpuDescription[] Cpus { get; } = new CpuDescription[Machine.SecondaryCpus.Most];

    /// <summary>Number of <see cref="Cpus"/>.</summary>
    public uint CpuCount { get; private set; }

    /// <summary>CPUs that the firmware describes and that there is no room for.</summary>
    public uint CpusLost { get; private set; }

    /// <summary>CPUs that are not there but may come.</summary>
    public uint CpusToCome { get; set; }

    /// <summary>Notes a CPU; one that has been noted already (with an entry for each kind of APIC id) is the same.</summary>
    internal void AddCpu(uint apicId, uint acpiId)
    {
        for (uint i = 0; i < CpuCount; i++)
        {
            if (Cpus[i].ApicId == apicId)
                return;
        }
        if (CpuCount == Cpus.Length)
        {
            CpusLost++;
            return;
        }
        Cpus[CpuCount] = new CpuDescription { ApicId = apicId, AcpiId = acpiId };
        CpuCount++;
    }

    /// <summary>Notes the CPU that boots, if the firmware has not described it; in the last one's place if there is no room.</summary>
    internal void AddBootCpu(uint apicId)
    {
        uint lost = CpusLost;
        AddCpu(apicId, 0);
        if (CpusLost != lost)
            Cpus[CpuCount - 1] = new CpuDescription { ApicId = apicId };
    }

    /// <summary>Port of the register that restarts the machine, 0 if there is none, and what to write there.</summary>
    public ushort ResetPort { get; set; }
    public byte ResetValue { get; set; }

    /// <summary>IOMMUs that the firmware describes.</summary>
    public int IommuCount { get; set; }

    /// <summary>What the command line said.</summary>
    internal HypervisorOptions Options = HypervisorOptions.Default;

    /// <summary>The hypervisor's own command line, ASCII, without an end mark.</summary>
    public byte[] CommandLine { get; set; } = new byte[0];
}
