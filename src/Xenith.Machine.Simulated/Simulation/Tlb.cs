// The translation caches of one CPU. A real CPU may drop any entry at any moment and so hides most missing flushes. This one
// drops nothing until it is told to: what it was once allowed to remember, it remembers, and code that forgot to flush meets
// the old translation.
//
// Two caches, as the manual describes them (SDM vol. 3, 4.10): finished translations, and entries of the upper tables. The second kind
// is why a page table that was unlinked may not be given away before a flush, even if none of its own entries was ever used.

using System.Collections.Generic;
using System.Linq;

namespace Xenith.Machine.Simulation;

/// <summary>A finished translation of one 4 KiB page.</summary>
/// <param name="Frame">The 4 KiB frame, also inside a large page.</param>
/// <param name="Level">Level of the entry that mapped it: 1, or 2 and 3 for large pages.</param>
/// <param name="Writable">Writable at every level.</param>
/// <param name="User">Open to user mode at every level.</param>
/// <param name="NoExecute">Closed to instruction fetch at some level.</param>
/// <param name="Global">Survives a load of CR3.</param>
/// <param name="Dirty">The D bit was set when this was cached.</param>
public readonly record struct Translation(Mfn Frame, int Level, bool Writable, bool User, bool NoExecute, bool Global, bool Dirty);

/// <summary>What the tables above a table say about the part of the address space that it maps.</summary>
/// <param name="Table">The table.</param>
/// <param name="Writable">Writable so far.</param>
/// <param name="User">Open to user mode so far.</param>
/// <param name="NoExecute">Closed to instruction fetch by some level so far.</param>
public readonly record struct TableReference(Mfn Table, bool Writable, bool User, bool NoExecute);

/// <summary>The translation caches of one CPU; they forget nothing until they are flushed.</summary>
public sealed class Tlb
{
    private readonly Dictionary<ulong, Translation> _pages = [];
    private readonly Dictionary<(int Level, ulong Prefix), TableReference> _tables = [];

    /// <summary>Times that everything was dropped, global translations too.</summary>
    public int FullFlushes { get; private set; }

    /// <summary>Times that everything but global translations was dropped.</summary>
    public int Flushes { get; private set; }

    /// <summary>Times that one page was dropped.</summary>
    public int PageFlushes { get; private set; }

    /// <summary>Finished translations by page number.</summary>
    public IReadOnlyDictionary<ulong, Translation> Pages => _pages;

    /// <summary>Tables that walks may start from, by level and address prefix.</summary>
    public IReadOnlyDictionary<(int Level, ulong Prefix), TableReference> Tables => _tables;

    /// <summary>True if this CPU can still reach a frame through a translation that it remembers.</summary>
    public bool Reaches(Mfn frame, bool forWriting = false) => _pages.Values.Any(page => page.Frame == frame && (page.Writable || !forWriting));

    /// <summary>True if this CPU still uses a frame as a page table.</summary>
    public bool Walks(Mfn table) => _tables.Values.Any(reference => reference.Table == table);

    /// <summary>Drops everything.</summary>
    public void FlushAll()
    {
        FullFlushes++;
        _pages.Clear();
        _tables.Clear();
    }

    /// <summary>What a load of CR3 drops: all but global translations.</summary>
    public void FlushNonGlobal()
    {
        Flushes++;
        foreach (ulong page in _pages.Where(pair => !pair.Value.Global).Select(pair => pair.Key).ToArray())
            _pages.Remove(page);
        _tables.Clear();
    }

    /// <summary>What INVLPG drops: the page, if large the whole large page, and every table reference.</summary>
    public void FlushPage(ulong address)
    {
        PageFlushes++;
        Forget(address);
    }

    internal bool TryGet(ulong address, out Translation translation) => _pages.TryGetValue(address >> AddressSpace.PageShift, out translation);

    internal void Remember(ulong address, Translation translation) => _pages[address >> AddressSpace.PageShift] = translation;

    /// <summary>Drops one finished translation and nothing else: what the CPU does to set a D bit.</summary>
    internal void DropPage(ulong address) => _pages.Remove(address >> AddressSpace.PageShift);

    internal bool TryGetTable(int level, ulong address, out TableReference table) => _tables.TryGetValue((level, Prefix(level, address)), out table);

    internal void RememberTable(int level, ulong address, TableReference table) => _tables[(level, Prefix(level, address))] = table;

    internal void Forget(ulong address)
    {
        // Pieces of a large page are remembered one by one, but it is one translation: any address in it names the whole.
        foreach (ulong page in _pages.Where(pair => pair.Value.Level > 1 && SamePage(pair.Key << AddressSpace.PageShift, address, pair.Value.Level)).Select(pair => pair.Key).ToArray())
            _pages.Remove(page);
        DropPage(address);
        _tables.Clear();
    }

    private static bool SamePage(ulong a, ulong b, int level) => (a ^ b) >> (AddressSpace.PageShift + 9 * (level - 1)) == 0;

    /// <summary>The part of an address that selects a table of a level: what all addresses below that table share.</summary>
    private static ulong Prefix(int level, ulong address) => address >> (AddressSpace.PageShift + 9 * level);
}
