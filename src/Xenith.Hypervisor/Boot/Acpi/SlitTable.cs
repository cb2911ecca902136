// The system locality information table: how far apart the proximity domains are, 10 being the distance to oneself (ACPI 6.5, 5.2.17).

namespace Xenith.Hypervisor.Boot;

/// <summary>A view of the table.</summary>
internal readonly ref struct SlitTable(TableBytes table)
{
    private const int FirstDistance = 44;
    private const ulong MostDomains = 1024;

    private readonly TableBytes _table = table;

    /// <summary>Domains of the matrix; 0 if the table is shorter than its matrix.</summary>
    internal uint Count
    {
        get
        {
            ulong count = _table.U64(36);
            return count <= MostDomains && _table.Length >= FirstDistance && count * count <= unchecked((uint)(_table.Length - FirstDistance))
                ? unchecked((uint)count)
                : 0;
        }
    }

    /// <summary>The distance from one domain to another, 0 for domains that are not in the matrix.</summary>
    internal byte Distance(uint from, uint to) =>
        from < Count && to < Count ? _table.U8(unchecked((int)(FirstDistance + (from * Count) + to))) : (byte)0;
}
