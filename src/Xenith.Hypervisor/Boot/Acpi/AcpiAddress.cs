// Where ACPI says a register is: in memory, in I/O ports or elsewhere.

namespace Xenith.Hypervisor.Boot;

internal enum AcpiSpace : byte
{
    Memory = 0,
    Port = 1,
    PciConfiguration = 2,
}

/// <summary>A register's place (generic address structure, ACPI 6.5, 5.2.3.2).</summary>
internal struct AcpiAddress
{
    internal AcpiSpace Space;
    internal byte BitWidth;
    internal byte BitOffset;

    /// <summary>0 not said, 1 byte, 2 word, 3 double word, 4 quad word.</summary>
    internal byte AccessSize;

    internal ulong Value;

    /// <summary>Whether there is a register at all.</summary>
    internal readonly bool IsPresent => Value != 0;

    /// <summary>The port, or 0 if the register is not behind one.</summary>
    internal readonly ushort Port => Space == AcpiSpace.Port && Value <= ushort.MaxValue ? unchecked((ushort)Value) : (ushort)0;
}
