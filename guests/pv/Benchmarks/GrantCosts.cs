// Costs of grants that this domain makes to itself: mapping one into its own page tables, unmapping it, and copying out of it.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Benchmarks;

static unsafe class GrantCosts
{
    const ulong MapGrantRef = 0, UnmapGrantRef = 1, SetupTable = 2, Copy = 5;
    const uint Reference = 20, ReadOnlyReference = 21;

    // map_grant_ref: host_addr; flags, ref; dom, status, handle; dev_bus_addr. unmap_grant_ref: host_addr; dev_bus_addr; handle, status.
    const ulong HostMap = 2;

    public static void Run()
    {
        ulong page = Memory.Allocate(), window = Memory.Allocate(), copy = Memory.Allocate();
        byte* table = (byte*)Table();
        Grant(table, Reference, 1, page);
        Grant(table, ReadOnlyReference, 1 | 4, page);
        Check.Ok("clear the window", Hypercall.Call(Number.UpdateVaMapping, window, 0, UpdateFlags.InvlpgLocal));

        // Between two that count there is one more call, with two stamps of its own.
        Meter.Begin(2);
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Meter.Add(Map(window, out uint handle));
            Unmap(window, handle);
        }

        Meter.End("grant_map");
        Meter.Begin(2);
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Map(window, out uint handle);
            Meter.Add(Unmap(window, handle));
        }

        Meter.End("grant_unmap");
        Check.Ok("window back", PageTable.MakeWritable(window));
        CopyOut("grant_copy_64", copy, 64);
        CopyOut("grant_copy_4096", copy, 4096);
        Grant(table, Reference, 0, page);
        Grant(table, ReadOnlyReference, 0, page);
    }

    /// <summary>The first frame of the grant table, mapped over a page of the pool.</summary>
    static ulong Table()
    {
        ulong frame;
        ulong* op = stackalloc ulong[3];
        op[0] = Domid.Self | 1ul << 32;
        op[1] = 0;
        op[2] = (ulong)&frame;
        Check.Ok("setup_table", Hypercall.Call(Number.GrantTableOp, SetupTable, (ulong)op, 1));
        ulong table = Memory.Allocate();
        Check.Ok("map the table", PageTable.Map(table, Pte.Frame(frame, Pte.KernelPage)));
        return table;
    }

    /// <summary>Fills an entry of the version-1 table, for this domain itself: 1 permits access, 4 makes it read-only.</summary>
    static void Grant(byte* table, uint reference, ushort flags, ulong page)
    {
        *(uint*)(table + reference * 8 + 4) = (uint)Memory.MfnOf(page);
        *(ushort*)(table + reference * 8 + 2) = 0;
        *(ushort*)(table + reference * 8) = flags;
    }

    static ulong Map(ulong window, out uint handle)
    {
        ulong* op = stackalloc ulong[4];
        op[0] = window;
        op[1] = HostMap | (ulong)Reference << 32;
        op[2] = 0;
        op[3] = 0;
        ulong cost = Meter.Call(0, Number.GrantTableOp, MapGrantRef, (ulong)op, 1);
        Check.Ok("status", (short)(op[2] >> 16));
        handle = (uint)(op[2] >> 32);
        return cost;
    }

    static ulong Unmap(ulong window, uint handle)
    {
        ulong* op = stackalloc ulong[3];
        op[0] = window;
        op[1] = 0;
        op[2] = handle;
        ulong cost = Meter.Call(0, Number.GrantTableOp, UnmapGrantRef, (ulong)op, 1);
        Check.Ok("status", (short)(op[2] >> 32));
        return cost;
    }

    /// <summary>From the read-only grant to a page of this domain. copy: source and destination of 16 bytes each (ref or frame, domain, offset), length, flags, status.</summary>
    static void CopyOut(string name, ulong page, ushort length)
    {
        const ushort sourceIsGrant = 1;
        byte* op = stackalloc byte[40];
        *(ulong*)op = ReadOnlyReference;
        *(ulong*)(op + 8) = Domid.Self;
        *(ulong*)(op + 16) = Memory.MfnOf(page);
        *(ulong*)(op + 24) = Domid.Self;
        *(ulong*)(op + 32) = length | (ulong)sourceIsGrant << 16;
        Meter.Hypercall(name, 0, Number.GrantTableOp, Copy, (ulong)op, 1);
        Check.Ok("status", *(short*)(op + 36));
    }
}
