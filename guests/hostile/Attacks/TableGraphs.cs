// Page tables that name one another in ways that no kernel needs: tables that map themselves, rings and chains of one level,
// levels that do not follow each other, one table at several places, and trees whose leaves map their own branches.
// Linear maps (a table of a level, read-only, in another of that level) are part of the interface; a loop of counts is not.

using Xenith.Guest.Hostile.Kernel;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Attacks;

static unsafe class TableGraphs
{
    public static void Run()
    {
        Check.Run("graph.pair", &Pairs);
        Check.Run("graph.self", &Self);
        Check.Run("graph.unpinned", &Unpinned);
        Check.Run("graph.ring", &Rings);
        Check.Run("graph.chain", &Chains);
        Check.Run("graph.tree", &Trees);
        Check.Run("graph.two_levels", &TwoLevels);
        Check.Run("graph.shared", &Shared);
    }

    static ulong Entry(ulong table, bool writable) => Pte.Frame(Memory.MfnOf(table), writable ? Pte.Table : Pte.Present | Pte.User | Pte.Accessed);

    static string Detail(int below, bool writable) => below switch
    {
        1 => writable ? "names l1" : "names l1 read-only",
        2 => writable ? "names l2" : "names l2 read-only",
        3 => writable ? "names l3" : "names l3 read-only",
        _ => writable ? "names l4" : "names l4 read-only",
    };

    /// <summary>A pinned table of each level names another pinned table of each level.</summary>
    static void Pairs()
    {
        for (int above = 1; above <= 4; above++)
        {
            for (int below = 1; below <= 4; below++)
            {
                ulong mark = Memory.Mark();
                ulong table = Tables.Pinned(above), other = Tables.Pinned(below);
                for (int writable = 0; writable <= 1; writable++)
                {
                    long result = Mmu.SetEntry(table, 3, Entry(other, writable == 1));
                    Attack.Result(Tables.Name(above), Detail(below, writable == 1), result);
                    if (result == 0)
                    {
                        Check.True("a table that is named is no ordinary memory", PageTable.MakeWritable(other) != 0);
                        Check.Ok("clear", Mmu.SetEntry(table, 3, 0));
                    }
                }

                Tables.Retire(table);
                Tables.Retire(other);
                Memory.Release(mark);
            }
        }
    }

    /// <summary>A table names itself: set afterwards, and inside when it is pinned.</summary>
    static void Self()
    {
        for (int level = 1; level <= 4; level++)
        {
            for (int writable = 0; writable <= 1; writable++)
            {
                ulong mark = Memory.Mark();
                string how = writable == 1 ? "writable" : "read-only";
                ulong table = Tables.Pinned(level);
                Attack.Result(Tables.Name(level), how, Mmu.SetEntry(table, 3, Entry(table, writable == 1)));
                Attack.Result(Tables.Name(level), writable == 1 ? "unpin, writable" : "unpin, read-only", Tables.Unpin(table));
                Tables.Free(table);

                table = Memory.Allocate();
                ((ulong*)table)[3] = Entry(table, writable == 1);
                Check.Ok("read-only", PageTable.MakeReadOnly(table));
                long result = Tables.Pin(level, table);
                Attack.Result(Tables.Name(level), writable == 1 ? "pinned, writable" : "pinned, read-only", result);
                if (result == 0)
                {
                    Check.Ok("unpin", Tables.Unpin(table));
                }

                Tables.Free(table);
                Memory.Release(mark);
            }
        }
    }

    /// <summary>A page that is no table yet is named by one: it is promoted, with all that it names.</summary>
    static void Unpinned()
    {
        for (int level = 2; level <= 4; level++)
        {
            ulong mark = Memory.Mark();
            ulong table = Tables.Pinned(level), page = Memory.Allocate();
            Attack.Result(Tables.Name(level), "names a writable page", Mmu.SetEntry(table, 0, Entry(page, true)));
            ((ulong*)page)[0] = Entry(table, true);
            Check.Ok("read-only", PageTable.MakeReadOnly(page));
            long result = Mmu.SetEntry(table, 0, Entry(page, true));
            Attack.Result(Tables.Name(level), "names a page that names it", result);
            ClearIf(result, table);
            Check.Ok("writable", PageTable.MakeWritable(page));
            ((ulong*)page)[0] = Entry(page, true);
            Check.Ok("read-only", PageTable.MakeReadOnly(page));
            result = Mmu.SetEntry(table, 0, Entry(page, true));
            Attack.Result(Tables.Name(level), "names a page that names itself", result);
            ClearIf(result, table);
            Tables.Free(page);
            Tables.Retire(table);
            Memory.Release(mark);
        }
    }

    static void ClearIf(long result, ulong table)
    {
        if (result == 0)
        {
            Check.Ok("clear", Mmu.SetEntry(table, 0, 0));
        }
    }

    /// <summary>Two tables of a level, each of which names the other.</summary>
    static void Rings()
    {
        for (int level = 1; level <= 4; level++)
        {
            for (int writable = 0; writable <= 1; writable++)
            {
                ulong mark = Memory.Mark();
                ulong a = Tables.Pinned(level), b = Tables.Pinned(level);
                Attack.Result(Tables.Name(level), writable == 1 ? "first, writable" : "first, read-only", Mmu.SetEntry(a, 0, Entry(b, writable == 1)));
                Attack.Result(Tables.Name(level), writable == 1 ? "second, writable" : "second, read-only", Mmu.SetEntry(b, 0, Entry(a, writable == 1)));
                Attack.Result(Tables.Name(level), writable == 1 ? "unpin of one, writable" : "unpin of one, read-only", Tables.Unpin(a));
                Attack.Result(Tables.Name(level), writable == 1 ? "unpin of the other, writable" : "unpin of the other, read-only", Tables.Unpin(b));
                Tables.Free(a);
                Tables.Free(b);
                Memory.Release(mark);
            }
        }
    }

    /// <summary>Three tables of a level in a row, read-only, linked from either end.</summary>
    static void Chains()
    {
        for (int level = 2; level <= 4; level++)
        {
            for (int order = 0; order <= 1; order++)
            {
                ulong mark = Memory.Mark();
                ulong a = Tables.Pinned(level), b = Tables.Pinned(level), c = Tables.Pinned(level);
                Attack.Result(Tables.Name(level), order == 0 ? "head first" : "tail first", order == 0 ? Mmu.SetEntry(a, 0, Entry(b, false)) : Mmu.SetEntry(b, 0, Entry(c, false)));
                Attack.Result(Tables.Name(level), order == 0 ? "then tail" : "then head", order == 0 ? Mmu.SetEntry(b, 0, Entry(c, false)) : Mmu.SetEntry(a, 0, Entry(b, false)));
                Tables.Retire(a);
                Tables.Retire(b);
                Tables.Retire(c);
                Memory.Release(mark);
            }
        }
    }

    /// <summary>A tree whose leaf maps a branch of it, read-only and writable.</summary>
    static void Trees()
    {
        for (int top = 2; top <= 4; top++)
        {
            for (int target = 1; target <= top; target++)
            {
                for (int writable = 0; writable <= 1; writable++)
                {
                    Tree(top, target, writable == 1);
                }
            }
        }
    }

    static void Tree(int top, int target, bool writable)
    {
        ulong mark = Memory.Mark();
        ulong* tables = stackalloc ulong[5];
        for (int level = 1; level <= top; level++)
        {
            tables[level] = Memory.Allocate();
        }

        ((ulong*)tables[1])[7] = Entry(tables[target], writable);
        for (int level = 2; level <= top; level++)
        {
            ((ulong*)tables[level])[7] = Entry(tables[level - 1], true);
        }

        for (int level = 1; level <= top; level++)
        {
            Check.Ok("read-only", PageTable.MakeReadOnly(tables[level]));
        }

        long result = Tables.Pin(top, tables[top]);
        Attack.Result(Tables.Name(top), target switch
        {
            1 => writable ? "leaf maps l1" : "leaf maps l1 read-only",
            2 => writable ? "leaf maps l2" : "leaf maps l2 read-only",
            3 => writable ? "leaf maps l3" : "leaf maps l3 read-only",
            _ => writable ? "leaf maps l4" : "leaf maps l4 read-only",
        }, result);
        if (result == 0)
        {
            Check.Ok("unpin", Tables.Unpin(tables[top]));
        }

        for (int level = top; level >= 1; level--)
        {
            Tables.Free(tables[level]);
        }

        Memory.Release(mark);
    }

    /// <summary>One page at two levels of one tree.</summary>
    static void TwoLevels()
    {
        ulong a = Memory.Allocate(), b = Memory.Allocate(), c = Memory.Allocate();
        ((ulong*)a)[0] = Entry(b, true);
        ((ulong*)b)[0] = Entry(b, true);
        Readonly(a, b, c);
        Pinned("l3 and l2 over itself", 4, a, b, c);

        ((ulong*)a)[0] = Entry(b, true);
        ((ulong*)a)[1] = Entry(c, true);
        ((ulong*)b)[0] = Entry(c, true);
        Readonly(a, b, c);
        Pinned("one page as l3 and as l2", 4, a, b, c);

        ((ulong*)a)[0] = Entry(b, true);
        ((ulong*)b)[0] = Entry(a, true);
        Readonly(a, b, c);
        Pinned("root below itself", 4, a, b, c);

        ((ulong*)a)[0] = Entry(b, true);
        ((ulong*)a)[1] = Entry(a, false);
        ((ulong*)b)[0] = Entry(c, true);
        ((ulong*)b)[1] = Entry(b, false);
        ((ulong*)c)[1] = Entry(c, false);
        Readonly(a, b, c);
        Pinned("linear maps at three levels", 4, a, b, c);
    }

    static void Readonly(ulong a, ulong b, ulong c)
    {
        Check.Ok("read-only", PageTable.MakeReadOnly(a));
        Check.Ok("read-only", PageTable.MakeReadOnly(b));
        Check.Ok("read-only", PageTable.MakeReadOnly(c));
    }

    static void Pinned(string name, int level, ulong a, ulong b, ulong c)
    {
        long result = Tables.Pin(level, a);
        Attack.Result(name, result);
        if (result == 0)
        {
            Check.Ok("unpin", Tables.Unpin(a));
        }

        Tables.Free(a);
        Tables.Free(b);
        Tables.Free(c);
    }

    /// <summary>One L1 in two L2, at two places of one, and the last holder gone first.</summary>
    static void Shared()
    {
        for (int level = 2; level <= 4; level++)
        {
            ulong mark = Memory.Mark();
            ulong a = Tables.Pinned(level), b = Tables.Pinned(level), below = Mmu.AllocateTable();
            Attack.Result(Tables.Name(level), "first place", Mmu.SetEntry(a, 0, Entry(below, true)));
            Attack.Result(Tables.Name(level), "second place", Mmu.SetEntry(a, 511 - 256, Entry(below, true)));
            Attack.Result(Tables.Name(level), "second table", Mmu.SetEntry(b, 0, Entry(below, true)));
            Attack.Result(Tables.Name(level), "pin", Tables.Pin(level - 1, below));
            Attack.Result(Tables.Name(level), "unpin of the first", Tables.Unpin(a));
            Attack.Result(Tables.Name(level), "writable while named", PageTable.MakeWritable(below));
            Attack.Result(Tables.Name(level), "unpin of the second", Tables.Unpin(b));
            Attack.Result(Tables.Name(level), "writable while pinned", PageTable.MakeWritable(below));
            Attack.Result(Tables.Name(level), "unpin of the table", Tables.Unpin(below));
            Tables.Free(a);
            Tables.Free(b);
            Tables.Free(below);
            Memory.Release(mark);
        }
    }
}
