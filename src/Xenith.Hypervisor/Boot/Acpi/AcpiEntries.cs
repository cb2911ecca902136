// Several tables are lists of small structures, each of which begins with a type and its own length (MADT, SRAT).

using System;

namespace Xenith.Hypervisor.Boot;

/// <summary>Walks over such a list. A length that cannot be ends the walk and is remembered.</summary>
internal ref struct AcpiEntries
{
    private readonly TableBytes _table;
    private int _at;

    internal AcpiEntries(TableBytes table, int start)
    {
        _table = table;
        _at = start;
    }

    /// <summary>Type of the entry.</summary>
    internal byte Type { get; private set; }

    /// <summary>The entry with its type and length.</summary>
    internal TableBytes Current { get; private set; }

    /// <summary>Whether the list ended before the table did.</summary>
    internal bool IsDamaged { get; private set; }

    internal bool MoveNext()
    {
        if (IsDamaged || _at >= _table.Length)
        {
            return false;
        }

        int length = _table.U8(_at + 1);
        if (length < 2 || length > _table.Length - _at)
        {
            IsDamaged = true;
            return false;
        }

        Type = _table.U8(_at);
        Current = new TableBytes(_table.All.Slice(_at, length));
        _at += length;
        return true;
    }
}
