// Page tables to attack: one of each level, pinned and empty but for what an attack puts there.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Kernel;

static unsafe class Tables
{
    public static string Name(int level) => level switch { 1 => "l1", 2 => "l2", 3 => "l3", _ => "l4" };

    /// <summary>A new, empty table of a level, pinned.</summary>
    public static ulong Pinned(int level)
    {
        ulong table = Mmu.AllocateTable();
        Check.Ok("pin", Pin(level, table));
        return table;
    }

    public static long Pin(int level, ulong table) => Mmu.Ext((uint)(level - 1), Memory.MfnOf(table));

    public static long Unpin(ulong table) => Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(table));

    /// <summary>Unpins a table, which nothing else may hold, and writes to it: the frame is ordinary memory again.</summary>
    public static void Retire(ulong table)
    {
        Check.Ok("unpin", Unpin(table));
        Free(table);
    }

    /// <summary>The frame is a table no more.</summary>
    public static void Free(ulong table)
    {
        Check.Ok("the table is free", PageTable.MakeWritable(table));
        Memory.Clear(table);
    }
}
