// The grant table as an attacker needs it: one page of version-1 entries, mapping, unmapping and copying.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Kernel;

static unsafe class Grants
{
    public const ulong MapGrantRef = 0, UnmapGrantRef = 1, SetupTable = 2, Copy = 5;

    static ulong table;

    public static long Call(ulong command, void* argument, ulong count = 1) =>
        Hypercall.Call(Number.GrantTableOp, command, (ulong)argument, count);

    /// <summary>Maps the first page of the table.</summary>
    public static void Prepare()
    {
        if (table == 0)
        {
            ulong first = 0;
            ulong* op = stackalloc ulong[3];
            op[0] = Domid.Self | 1ul << 32;
            op[1] = 0;
            op[2] = (ulong)&first;
            Check.Ok("setup_table", Call(SetupTable, op));
            table = Memory.Allocate();
            Check.Ok("map the grant table", PageTable.Map(table, Pte.Frame(first, Pte.KernelPage)));
        }
    }

    /// <summary>Fills an entry of the table: 1 permits access, 4 makes it read-only.</summary>
    public static void Grant(uint reference, ushort flags, ushort domain, ulong frame)
    {
        *(uint*)(table + reference * 8 + 4) = (uint)frame;
        *(ushort*)(table + reference * 8 + 2) = domain;
        *(ushort*)(table + reference * 8) = flags;
    }

    /// <summary>Machine frame of the table itself, once <see cref="Prepare"/> was called.</summary>
    public static ulong TableFrame => Pte.MfnOf(PageTable.Leaf(table));

    /// <returns>The status. Flags: 1 for devices, 2 for the host, 4 read-only, 16 the address is that of an entry.</returns>
    public static long Map(ulong address, uint flags, uint reference, uint domain, out uint handle)
    {
        ulong* op = stackalloc ulong[4];
        op[0] = address;
        op[1] = flags | (ulong)reference << 32;
        op[2] = domain;
        op[3] = 0;
        long result = Call(MapGrantRef, op);
        handle = (uint)(op[2] >> 32);
        return result != 0 ? result : (short)(op[2] >> 16);
    }

    public static long Unmap(ulong address, uint handle)
    {
        ulong* op = stackalloc ulong[3];
        op[0] = address;
        op[1] = 0;
        op[2] = handle;
        long result = Call(UnmapGrantRef, op);
        return result != 0 ? result : (short)(op[2] >> 32);
    }

    /// <summary>Copies bytes between two frames, or from a grant (flag 1) or to one (flag 2).</summary>
    public static long CopyBytes(ulong source, ulong destination, ushort length, ushort flags = 0, ushort sourceOffset = 0, ushort destinationOffset = 0)
    {
        byte* op = stackalloc byte[40];
        *(ulong*)op = source;
        *(ushort*)(op + 8) = (ushort)Domid.Self;
        *(ushort*)(op + 10) = sourceOffset;
        *(ulong*)(op + 16) = destination;
        *(ushort*)(op + 24) = (ushort)Domid.Self;
        *(ushort*)(op + 26) = destinationOffset;
        *(ushort*)(op + 32) = length;
        *(ushort*)(op + 34) = flags;
        *(short*)(op + 36) = 0x55;
        long result = Call(Copy, op);
        return result != 0 ? result : *(short*)(op + 36);
    }
}
