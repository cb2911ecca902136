// The system resource affinity table: which memory and which CPUs belong together (ACPI 6.5, 5.2.16).

namespace Xenith.Hypervisor.Boot;

/// <summary>A CPU and its proximity domain.</summary>
internal struct SratCpu
{
    internal uint ApicId;
    internal uint Domain;
    internal bool IsEnabled;
}

/// <summary>Memory and its proximity domain.</summary>
internal struct SratMemory
{
    internal ulong Start;

    /// <summary>First address behind it.</summary>
    internal ulong End;

    internal uint Domain;
    internal bool IsEnabled;

    /// <summary>It may be added or removed while the machine runs.</summary>
    internal bool IsHotPluggable;
}

/// <summary>A view of the table.</summary>
internal readonly ref struct SratTable(TableBytes table)
{
    private const int FirstEntry = 48;
    private const byte LocalApic = 0;
    private const byte Memory = 1;
    private const byte LocalX2Apic = 2;

    private readonly TableBytes _table = table;

    internal AcpiEntries Entries => new(_table, FirstEntry);

    internal static bool TryCpu(in AcpiEntries entries, out SratCpu cpu)
    {
        TableBytes entry = entries.Current;
        cpu = default;
        if (entries.Type == LocalApic && entry.Length >= 16)
        {
            // The upper three bytes of the domain were reserved in the first revisions.
            cpu.Domain = entry.U8(2) | (entry.U32(8) & 0xffff_ff00);
            cpu.ApicId = entry.U8(3);
            cpu.IsEnabled = (entry.U32(4) & 1) != 0;
            return true;
        }

        if (entries.Type == LocalX2Apic && entry.Length >= 24)
        {
            cpu.Domain = entry.U32(4);
            cpu.ApicId = entry.U32(8);
            cpu.IsEnabled = (entry.U32(12) & 1) != 0;
            return true;
        }

        return false;
    }

    /// <summary>False also for memory that wraps around.</summary>
    internal static bool TryMemory(in AcpiEntries entries, out SratMemory memory)
    {
        TableBytes entry = entries.Current;
        memory = default;
        ulong start = entry.U64(8);
        ulong length = entry.U64(16);
        if (entries.Type != Memory || entry.Length < 40 || start > ulong.MaxValue - length)
        {
            return false;
        }

        uint flags = entry.U32(28);
        memory.Start = start;
        memory.End = start + length;
        memory.Domain = entry.U32(2);
        memory.IsEnabled = (flags & 1) != 0;
        memory.IsHotPluggable = (flags & 2) != 0;
        return true;
    }
}
