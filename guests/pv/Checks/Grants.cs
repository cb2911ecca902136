// The grant table: sizes, versions, the frames of the table, and a grant that this domain maps from itself.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class Grants
{
    const ulong MapGrantRef = 0, UnmapGrantRef = 1, SetupTable = 2, Copy = 5, QuerySize = 6, SetVersion = 8, GetVersion = 10;

    static ulong table;

    public static void Run()
    {
        Check.Run("grant.query_size", &QuerySizes);
        Check.Run("grant.version", &Version);
        Check.Run("grant.setup_table", &Setup);
        Check.Run("grant.setup_errors", &SetupErrors);
        Check.Run("grant.map", &Map);
        Check.Run("grant.map_errors", &MapErrors);
        Check.Run("grant.copy", &CopyPages);
    }

    static long Call(ulong command, void* argument, ulong count = 1) =>
        Hypercall.Call(Number.GrantTableOp, command, (ulong)argument, count);

    /// <summary>query_size: domid in; nr_frames, max_nr_frames, status out.</summary>
    static void QuerySizes()
    {
        uint* op = stackalloc uint[4];
        op[0] = (uint)Domid.Self;
        Check.Ok("query_size", Call(QuerySize, op));
        Check.Equal("status", 0, (ushort)op[3]);
        Check.Value("frames", op[1]);
        Check.Value("highest number of frames", op[2]);
        op[0] = 5;
        Check.Ok("of an absent domain", Call(QuerySize, op));
        Check.Value("status", (ushort)op[3]);
    }

    static void Version()
    {
        uint* op = stackalloc uint[2];
        op[0] = (uint)Domid.Self;
        Check.Ok("get_version", Call(GetVersion, op));
        Check.Equal("version at first", 1, op[1]);
        op[0] = 1;
        Check.Ok("set_version 1", Call(SetVersion, op));
        Check.Equal("version", 1, op[0]);
        op[0] = 3;
        Check.Result("set_version 3", -ErrorNumber.Einval, Call(SetVersion, op));
        Check.Value("version left there", op[0]);
    }

    /// <summary>setup_table: domid, nr_frames, status, list of frames.</summary>
    static long SetupFrames(uint domain, uint count, ulong* frames, out short status)
    {
        ulong* op = stackalloc ulong[3];
        op[0] = domain | (ulong)count << 32;
        op[1] = 0x5555;
        op[2] = (ulong)frames;
        long result = Call(SetupTable, op);
        status = (short)op[1];
        return result;
    }

    static void Setup()
    {
        ulong* frames = stackalloc ulong[4];
        frames[0] = 0;
        Check.Ok("setup_table of 1 frame", SetupFrames((uint)Domid.Self, 1, frames, out short status));
        Check.Equal("status", 0, (ulong)status);
        Check.True("a frame", frames[0] != 0);
        Check.Ok("of 4 frames", SetupFrames((uint)Domid.Self, 4, frames, out status));
        Check.Equal("status", 0, (ulong)status);
        Check.True("four frames", frames[0] != frames[1] && frames[1] != frames[2] && frames[2] != frames[3]);
        Table();
        Check.Equal("the first again", Pte.MfnOf(PageTable.Leaf(table)), frames[0]);
        ulong other = 0;
        for (int i = 0; i < 512; i++)
        {
            other |= ((ulong*)table)[i];
        }

        Check.Equal("it is empty", 0, other);
        uint* size = stackalloc uint[4];
        size[0] = (uint)Domid.Self;
        Check.Ok("query_size", Call(QuerySize, size));
        Check.Equal("frames", 4, size[1]);
    }

    /// <summary>Maps the first frame of the table over a page of the pool.</summary>
    static void Table()
    {
        if (table == 0)
        {
            ulong frame;
            Check.Ok("setup_table", SetupFrames((uint)Domid.Self, 1, &frame, out short status));
            Check.Equal("status", 0, (ulong)status);
            table = Memory.Allocate();
            Check.Ok("map the table", PageTable.Map(table, Pte.Frame(frame, Pte.KernelPage)));
        }
    }

    static void SetupErrors()
    {
        ulong* frames = stackalloc ulong[1];
        Check.Ok("5000 frames", SetupFrames((uint)Domid.Self, 5000, frames, out short status));
        Check.Value("status", (ushort)status);
        Check.Ok("of an absent domain", SetupFrames(5, 1, frames, out status));
        Check.Value("status", (ushort)status);
        Check.Result("argument unmapped", -ErrorNumber.Efault, Call(SetupTable, (void*)0x12345000));
        Check.Result("two at once", -ErrorNumber.Einval, Call(SetupTable, (void*)0x12345000, 2));
    }

    /// <summary>Fills entry n of the version-1 table: flags, domain, frame. 1 permits access, 4 makes it read-only.</summary>
    static void Grant(uint reference, ushort flags, ushort domain, ulong frame)
    {
        *(uint*)(table + reference * 8 + 4) = (uint)frame;
        *(ushort*)(table + reference * 8 + 2) = domain;
        *(ushort*)(table + reference * 8) = flags;
    }

    /// <summary>map_grant_ref: host_addr, flags, ref, dom in; status, handle, dev_bus_addr out. Flag 2 is for the host, 4 read-only.</summary>
    static short MapReference(ulong address, uint flags, uint reference, uint domain, out uint handle, out ulong bus)
    {
        ulong* op = stackalloc ulong[4];
        op[0] = address;
        op[1] = flags | (ulong)reference << 32;
        op[2] = domain;
        op[3] = 0;
        Check.Ok("map_grant_ref", Call(MapGrantRef, op));
        // dom u16, status s16, handle u32, dev_bus_addr u64
        handle = (uint)(op[2] >> 32);
        bus = op[3];
        return (short)(op[2] >> 16);
    }

    static short Unmap(ulong address, uint handle)
    {
        ulong* op = stackalloc ulong[3];
        op[0] = address;
        op[1] = 0;
        op[2] = handle;
        Check.Ok("unmap_grant_ref", Call(UnmapGrantRef, op));
        return (short)(op[2] >> 32);
    }

    static void Map()
    {
        Table();
        ulong page = Memory.Allocate(), window = Memory.Allocate();
        *(ulong*)page = 0x67726e74;
        Grant(8, 1, 0, Memory.MfnOf(page));
        Check.Ok("clear the window", Hypercall.Call(Number.UpdateVaMapping, window, 0, UpdateFlags.InvlpgLocal));
        Check.Equal("status", 0, (ulong)MapReference(window, 2, 8, 0, out uint handle, out ulong bus));
        Check.Equal("machine address", Memory.MachineOf(page), bus);
        Check.Equal("content", 0x67726e74, *(ulong*)window);
        *(ulong*)window = 0x67726e75;
        Check.Equal("written through", 0x67726e75, *(ulong*)page);
        Check.Equal("entry: reading and writing", 0x19, *(ushort*)(table + 64) & 0x1ful);
        ulong wrong = Memory.Allocate();
        Check.Value("unmap at a wrong address", (ushort)Unmap(wrong, handle));
        Check.Equal("unmap", 0, (ulong)Unmap(window, handle));
        Check.Equal("entry: idle", 0x01, *(ushort*)(table + 64) & 0x1ful);
        Check.Faulted("the window is empty", Probe.TryRead(window, out _), 14, 0);
        Check.Value("unmap again", (ushort)Unmap(window, handle));

        Grant(9, 5, 0, Memory.MfnOf(page));
        Check.Equal("read-only grant, mapped so", 0, (ulong)MapReference(window, 2 | 4, 9, 0, out handle, out _));
        Check.Equal("content", 0x67726e75, *(ulong*)window);
        Check.Faulted("write", Probe.TryWrite(window, 0), 14, 3);
        Check.Equal("entry: reading", 0x0d, *(ushort*)(table + 72) & 0x1ful);
        Check.Equal("unmap", 0, (ulong)Unmap(window, handle));
        Check.Ok("window back", PageTable.MakeWritable(window));
        Grant(8, 0, 0, 0);
        Grant(9, 0, 0, 0);
    }

    static void MapErrors()
    {
        Table();
        ulong page = Memory.Allocate(), window = Memory.Allocate();
        Check.Ok("clear the window", Hypercall.Call(Number.UpdateVaMapping, window, 0, UpdateFlags.InvlpgLocal));
        Check.Value("an empty entry", (ushort)MapReference(window, 2, 10, 0, out _, out _));
        Check.Value("a reference out of range", (ushort)MapReference(window, 2, 100000, 0, out _, out _));
        Check.Value("an absent domain", (ushort)MapReference(window, 2, 10, 5, out _, out _));
        Check.Value("no flags", (ushort)MapReference(window, 0, 10, 0, out _, out _));
        Grant(10, 1, 5, Memory.MfnOf(page));
        Check.Value("granted to another domain", (ushort)MapReference(window, 2, 10, 0, out _, out _));
        Grant(10, 5, 0, Memory.MfnOf(page));
        Check.Value("read-only, mapped writable", (ushort)MapReference(window, 2, 10, 0, out _, out _));
        Grant(10, 1, 0, 0xffffffff);
        Check.Value("a bad frame", (ushort)MapReference(window, 2, 10, 0, out _, out _));
        Grant(10, 1, 0, Memory.MfnOf(page));
        Check.Value("an address without a table", (ushort)MapReference(0xffffffffc0000000, 2, 10, 0, out _, out _));
        Check.Value("unmap of a bad handle", (ushort)Unmap(window, 999));
        Grant(10, 0, 0, 0);
        Check.Ok("window back", PageTable.MakeWritable(window));
    }

    /// <summary>copy: source and destination of 16 bytes each (ref or frame, domain, offset), length, flags, status.</summary>
    static void CopyPages()
    {
        Table();
        ulong source = Memory.Allocate(), destination = Memory.Allocate();
        *(ulong*)(source + 100) = 0x1122334455667788;
        Grant(11, 5, 0, Memory.MfnOf(source));
        Check.Value("from a grant", (ushort)CopyOne(11, 100, Memory.MfnOf(destination), 200, 8, 1));
        Check.Equal("copied", 0x1122334455667788, *(ulong*)(destination + 200));
        Check.Value("beyond the page", (ushort)CopyOne(11, 4090, Memory.MfnOf(destination), 0, 8, 1));
        Check.Value("an empty grant", (ushort)CopyOne(12, 0, Memory.MfnOf(destination), 0, 8, 1));
        Check.Value("to a bad frame", (ushort)CopyOne(11, 0, 0xfffffffff, 0, 8, 1));
        Check.Value("to a page table", (ushort)CopyOne(11, 0, Memory.MfnOf(Vcpu.Start->PtBase), 0, 8, 1));
        Grant(11, 0, 0, 0);
    }

    static short CopyOne(ulong source, ushort sourceOffset, ulong destination, ushort destinationOffset, ushort length, ushort flags)
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
        Check.Ok("copy", Call(Copy, op));
        return *(short*)(op + 36);
    }
}
