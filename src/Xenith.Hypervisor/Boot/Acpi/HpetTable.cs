// The table that says where the high precision event timer is (IA-PC HPET specification 1.0a, 3.2.4).

namespace Xenith.Hypervisor.Boot;

/// <summary>A view of the table.</summary>
internal readonly ref struct HpetTable(TableBytes table)
{
    private readonly TableBytes _table = table;

    /// <summary>Vendor, revision and number of timers, as in the timer's own first register.</summary>
    internal uint BlockId => _table.U32(36);

    internal AcpiAddress Registers => _table.Address(40);

    internal byte Number => _table.U8(52);

    /// <summary>The shortest period in which no interrupt is lost, in ticks.</summary>
    internal ushort MinimumTicks => _table.U16(53);

    /// <summary>Physical address of the registers, 0 if they are not in memory.</summary>
    internal ulong Address => Registers.Space == AcpiSpace.Memory ? Registers.Value : 0;
}
