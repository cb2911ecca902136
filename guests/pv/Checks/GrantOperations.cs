// The grant operations that few kernels use: exchange of two entries, cache maintenance, the frames of version 2, and the dump for the
// control domain.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class GrantOperations
{
    const ulong MapGrantRef = 0, UnmapGrantRef = 1, DumpTable = 3, GetStatusFrames = 9, SwapGrantRef = 11, CacheFlush = 12;
    const ulong SetupTable = 2;
    const ulong Bad = 0x12345000;
    const ushort PermitAccess = 1;

    static ulong table;

    public static void Run()
    {
        Check.Run("grantop.swap", &Swap);
        Check.Run("grantop.cache_flush", &FlushCache);
        Check.Run("grantop.dump_table", &Dump);
        Check.Run("grantop.status_frames", &StatusFrames);
    }

    static long Call(ulong command, void* argument, ulong count = 1) =>
        Hypercall.Call(Number.GrantTableOp, command, (ulong)argument, count);

    static void Answer(string what, long result) => Check.Value(what, (ulong)result);

    static void Table()
    {
        if (table != 0)
        {
            return;
        }

        ulong frame = 0;
        ulong* op = stackalloc ulong[3];
        op[0] = Domid.Self | 1ul << 32;
        op[2] = (ulong)&frame;
        Check.Ok("setup_table", Call(SetupTable, op));
        table = Memory.Allocate();
        Check.Ok("map the table", PageTable.Map(table, Pte.Frame(frame, Pte.KernelPage)));
    }

    /// <summary>An entry of version 1: flags, domain, frame.</summary>
    static void Grant(uint reference, ushort flags, ulong frame)
    {
        *(uint*)(table + reference * 8 + 4) = (uint)frame;
        *(uint*)(table + reference * 8) = flags;
    }

    /// <summary>gnttab_swap_grant_ref: two references, status.</summary>
    static long SwapEntries(uint one, uint other, out ushort status)
    {
        uint* op = stackalloc uint[3];
        op[0] = one;
        op[1] = other;
        op[2] = 0x5555;
        long result = Call(SwapGrantRef, op);
        status = (ushort)op[2];
        return result;
    }

    /// <summary>gnttab_map_grant_ref: address, flags, reference, domain, status, handle, bus address.</summary>
    static ushort MapPage(ulong page, uint reference, out uint handle)
    {
        ulong* op = stackalloc ulong[4];
        op[0] = page;
        op[1] = 2 | (ulong)reference << 32; // GNTMAP_host_map
        op[2] = 0;
        op[3] = 0;
        Check.Ok("map", Call(MapGrantRef, op));
        handle = (uint)(op[2] >> 32);
        return (ushort)(op[2] >> 16);
    }

    static void UnmapPage(ulong page, uint handle)
    {
        ulong* op = stackalloc ulong[3];
        op[0] = page;
        op[2] = handle;
        Check.Ok("unmap", Call(UnmapGrantRef, op));
        Check.Equal("status of unmap", 0, (ushort)(op[2] >> 32));
    }

    static void Swap()
    {
        Table();
        ulong page = Memory.Allocate();
        Grant(20, PermitAccess, Memory.MfnOf(page));
        Grant(21, 0, 0x1234);
        Check.Ok("swap", SwapEntries(20, 21, out ushort status));
        Check.Equal("status", 0, status);
        Check.Equal("first", 0x1234ul << 32, *(ulong*)(table + 20 * 8));
        Check.Equal("second", Memory.MfnOf(page) << 32 | PermitAccess, *(ulong*)(table + 21 * 8));
        Check.Ok("with itself", SwapEntries(21, 21, out status));
        Check.Value("status", status);
        Check.Ok("beyond the table", SwapEntries(20, 1u << 20, out status));
        Check.Value("status", status);
        Check.Ok("from beyond the table", SwapEntries(~0u, 20, out status));
        Check.Value("status", status);
        Check.Ok("reserved entries", SwapEntries(0, 1, out status));
        Check.Value("status", status);
        Check.Ok("back", SwapEntries(0, 1, out status));

        ulong window = Memory.Allocate();
        ulong own = Memory.MfnOf(window);
        Check.Ok("clear the window", Hypercall.Call(Number.UpdateVaMapping, window, 0, UpdateFlags.InvlpgLocal));
        Check.Equal("status of map", 0, MapPage(window, 21, out uint handle));
        Check.Ok("in use", SwapEntries(20, 21, out status));
        Check.Value("status", status);
        UnmapPage(window, handle);
        Check.Ok("window", PageTable.Map(window, Pte.Frame(own, Pte.KernelPage)));
        Answer("argument unmapped", Call(SwapGrantRef, (void*)Bad));
        Answer("none", Call(SwapGrantRef, (void*)Bad, 0));
        Grant(20, 0, 0);
        Grant(21, 0, 0);
    }

    /// <summary>gnttab_cache_flush: address or reference, offset, length, operation.</summary>
    static long Flush(ulong address, ushort offset, ushort length, uint operation)
    {
        ulong* op = stackalloc ulong[2];
        op[0] = address;
        op[1] = offset | (ulong)length << 16 | (ulong)operation << 32;
        return Call(CacheFlush, op);
    }

    static void FlushCache()
    {
        ulong page = Memory.Allocate();
        Answer("clean own page", Flush(Memory.MfnOf(page) << 12, 0, 4096, 1));
        Answer("invalidate own page", Flush(Memory.MfnOf(page) << 12, 0, 64, 2));
        Answer("clean and invalidate", Flush(Memory.MfnOf(page) << 12, 16, 64, 3));
        Answer("no operation", Flush(Memory.MfnOf(page) << 12, 0, 64, 0));
        Answer("nothing", Flush(Memory.MfnOf(page) << 12, 0, 0, 1));
        Answer("beyond the page", Flush(Memory.MfnOf(page) << 12, 4000, 200, 1));
        Answer("unknown operation", Flush(Memory.MfnOf(page) << 12, 0, 64, 4));
        Answer("no frame", Flush(0xfffffffff000, 0, 64, 1));
        Answer("a reference that grants nothing", Flush(30, 0, 64, 1u << 31 | 1));
        Answer("argument unmapped", Call(CacheFlush, (void*)Bad));
    }

    static void Dump()
    {
        uint* op = stackalloc uint[1];
        op[0] = (uint)Domid.Self;
        Answer("dump_table", Call(DumpTable, op));
        Check.Value("status", op[0] >> 16);
        op[0] = 5;
        Answer("of an absent domain", Call(DumpTable, op));
        Check.Value("status", op[0] >> 16);
        Answer("two", Call(DumpTable, op, 2));
        Answer("argument unmapped", Call(DumpTable, (void*)Bad));
    }

    /// <summary>gnttab_get_status_frames: number, domid, status, list.</summary>
    static void StatusFrames()
    {
        ulong frame = 0;
        ulong* op = stackalloc ulong[2];
        op[0] = 1 | Domid.Self << 32;
        op[1] = (ulong)&frame;
        Answer("get_status_frames", Call(GetStatusFrames, op));
        Check.Value("status", op[0] >> 48);
        op[0] = 0 | Domid.Self << 32;
        Answer("none", Call(GetStatusFrames, op));
        Check.Value("status", op[0] >> 48);
        op[0] = 1 | 5ul << 32;
        Answer("of an absent domain", Call(GetStatusFrames, op));
        Check.Value("status", op[0] >> 48);
    }
}
