// Counts that no list can have. A call over a list does the steps it can and reports the first that it cannot; none may run
// beyond its list, past the end of a count's type, or for as long as the count says.

using Xenith.Guest.Hostile.Kernel;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Attacks;

static unsafe class Counts
{
    /// <summary>The list begins this many bytes before the end of a page; the next page is not mapped.</summary>
    const ulong Room = 192;

    static ulong page, end;

    public static void Run()
    {
        Check.Run("count.list", &Lists);
        Check.Run("count.reservation", &Reservations);
        Check.Run("count.descriptors", &DescriptorTables);
        Check.Run("count.console", &ConsoleLengths);
        Check.Run("count.events", &EventCounts);
        Check.Run("count.multicall", &Multicalls);
    }

    static ulong Count(int i) => i switch { 0 => 0x7fffffff, 1 => 0x80000000, 2 => 0x80000001, 3 => 0xffffffff, 4 => 1ul << 32, 5 => 1ul << 63, _ => ~0ul };

    static string Name(int i) => i switch
    {
        0 => "0x7fffffff",
        1 => "0x80000000",
        2 => "0x80000001",
        3 => "0xffffffff",
        4 => "2^32",
        5 => "2^63",
        _ => "2^64-1",
    };

    static void Prepare()
    {
        page = Memory.Allocate(2);
        end = page + Memory.PageSize;
        Check.Ok("unmap the second page", PageTable.Map(end, 0));
    }

    static void Clear()
    {
        for (ulong i = 0; i < Room; i++)
        {
            ((byte*)(end - Room))[i] = 0;
        }
    }

    /// <summary>Lists of requests, of which the first few are there and do nothing.</summary>
    static void Lists()
    {
        Prepare();
        for (int i = 0; i <= 6; i++)
        {
            Clear();
            uint done = 0x55;
            for (ulong at = end - Room; at < end; at += 16)
            {
                ((MmuRequest*)at)->Pointer = Memory.MachineOf(page) | MmuCommand.MachinePhysical;
                ((MmuRequest*)at)->Value = Memory.PfnOf(page);
            }

            Attack.Result("mmu_update", Name(i), Hypercall.Call(Number.MmuUpdate, end - Room, Count(i), (ulong)&done, Domid.Self));
            Attack.Value("mmu_update done", Name(i), done);
            Clear();
            done = 0x55;
            for (ulong at = end - Room; at < end; at += 24)
            {
                ((MmuextRequest*)at)->Command = MmuextCommand.InvlpgLocal;
            }

            Attack.Result("mmuext_op", Name(i), Hypercall.Call(Number.MmuextOp, end - Room, Count(i), (ulong)&done, Domid.Self));
            Attack.Value("mmuext_op done", Name(i), done);
            Clear();
            for (ulong at = end - Room; at < end; at += 16)
            {
                ((uint*)at)[0] = 5; // query_size of an absent domain
            }

            Attack.Result("query_size", Name(i), Hypercall.Call(Number.GrantTableOp, 6, end - Room, Count(i)));
            Clear();
            Attack.Result("map_grant_ref", Name(i), Hypercall.Call(Number.GrantTableOp, 0, end - Room, Count(i)));
            Attack.Result("unmap_grant_ref", Name(i), Hypercall.Call(Number.GrantTableOp, 1, end - Room, Count(i)));
            Attack.Result("grant copy", Name(i), Hypercall.Call(Number.GrantTableOp, 5, end - Room, Count(i)));
            Attack.Result("swap_grant_ref", Name(i), Hypercall.Call(Number.GrantTableOp, 11, end - Room, Count(i)));
        }
    }

    static void Reservations()
    {
        Prepare();
        ulong* map = stackalloc ulong[3];
        for (int i = 0; i <= 6; i++)
        {
            Clear();
            for (ulong at = end - Room; at < end; at += 8)
            {
                *(ulong*)at = 0xfffffffff;
            }

            Attack.Result("decrease", Name(i), Reservation.Call(Reservation.Decrease, end - Room, Count(i), 0));
            Attack.Result("decrease of order 9", Name(i), Reservation.Call(Reservation.Decrease, end - Room, Count(i), 9));
            Attack.Result("increase of order 31", Name(i), Reservation.Call(Reservation.Increase, end - Room, Count(i), 31));
            Attack.Result("populate at wild frames", Name(i), Reservation.Call(Reservation.Populate, end - 8, Count(i), 0) is var done && done <= 1 ? done : 99);
            Attack.Result("exchange", Name(i), Reservation.Swap(end - Room, Count(i), 0, end - Room, Count(i), 0));
            Attack.Result("exchange of order 31", Name(i), Reservation.Swap(end - Room, Count(i), 31, end - Room, Count(i), 31));
            Attack.Result("exchange, all done", Name(i), Reservation.Swap(end - Room, 1, 0, end - Room, 1, 0, Count(i)));
            map[0] = Count(i);
            map[1] = end - Room;
            map[2] = 0;
            Attack.Result("machine_memory_map", Name(i), Hypercall.MemoryOp(10, map) is var result && result >= 0 ? 0 : result);
            map[0] = Count(i);
            Attack.Result("machphys_mfn_list", Name(i), Hypercall.MemoryOp(5, map) is var list && list >= 0 ? 0 : list);
        }

        ulong extent = 0xfffffffff;
        for (uint order = 1; order < 64; order = order * 2 + 1)
        {
            Attack.Result("decrease of a wild frame", OrderName(order), Reservation.Call(Reservation.Decrease, (ulong)&extent, 1, order));
            Attack.Result("increase", OrderName(order), order < 15 ? 0 : Reservation.Call(Reservation.Increase, (ulong)&extent, 1, order));
            Attack.Result("exchange", OrderName(order), Reservation.Swap((ulong)&extent, 1, order, (ulong)&extent, 1ul << (int)(order & 63), 0));
        }

        ulong wild = 0xfffffffff;
        Attack.Result("populate of one wild frame", Reservation.Call(Reservation.Populate, (ulong)&wild, 1, 0));
        wild = 5;
        Attack.Result("increase by one", Reservation.Call(Reservation.Increase, (ulong)&wild, 1, 0));
        Attack.Result("populate with unknown flags", Reservation.Call(Reservation.Populate, end - Room, 0, 0, Domid.Self, 0xffffffff));
        Attack.Result("memory_op of a wild start", Hypercall.Call(Number.MemoryOp, ~0ul, page));
        Attack.Result("decrease from a start beyond its end", Hypercall.Call(Number.MemoryOp, Reservation.Decrease | 5ul << 6, page));
        Attack.Result("command of 2^32", Hypercall.Call(Number.MemoryOp, 1ul << 32 | 4, page));
    }

    static string OrderName(uint order) => order switch { 1 => "order 1", 3 => "order 3", 7 => "order 7", 15 => "order 15", 31 => "order 31", _ => "order 63" };

    static void DescriptorTables()
    {
        Prepare();
        for (int i = 0; i <= 6; i++)
        {
            Attack.Result("set_gdt", Name(i), Hypercall.Call(Number.SetGdt, end - 8, Count(i)));
            Attack.Result("set_ldt", Name(i), Mmu.Ext(MmuextCommand.SetLdt, page, Count(i)));
            Check.Ok("no LDT", Mmu.Ext(MmuextCommand.SetLdt, 0, 0));
        }

        Attack.Result("set_gdt of 7168 across the page's end", Hypercall.Call(Number.SetGdt, end - 8, 7168));
        Attack.Result("set_ldt of 8192 at the top", Mmu.Ext(MmuextCommand.SetLdt, 0xfffffffffffff000, 8192));
        Attack.Result("set_ldt across the hole", Mmu.Ext(MmuextCommand.SetLdt, 0x00007ffffffff000, 8192));
        Attack.Result("set_ldt across the hypervisor's start", Mmu.Ext(MmuextCommand.SetLdt, 0xffff7ffffffff000, 8192));
        Check.Ok("no LDT", Mmu.Ext(MmuextCommand.SetLdt, 0, 0));
        Attack.Result("no GDT", Hypercall.Call(Number.SetGdt, 0, 0));
    }

    static void ConsoleLengths()
    {
        Prepare();
        for (ulong at = end - Room; at < end; at++)
        {
            *(byte*)at = (byte)'\n';
        }

        for (int i = 0; i <= 6; i++)
        {
            Attack.Result("write", Name(i), Hypercall.Call(Number.ConsoleIo, 0, Count(i), end - 2));
            Attack.Result("read", Name(i), Hypercall.Call(Number.ConsoleIo, 1, Count(i), end - 2));
        }
    }

    static void EventCounts()
    {
        Prepare();
        Clear();
        ulong* poll = stackalloc ulong[3];
        for (int i = 0; i <= 6; i++)
        {
            poll[0] = end - 8;
            poll[1] = Count(i);
            poll[2] = 1;
            Attack.Result("poll", Name(i), Hypercall.Call(Number.SchedOp, 3, (ulong)poll));
            uint port = (uint)Count(i);
            Attack.Result("send", Name(i), Events.Send(port));
            Attack.Result("close", Name(i), Events.Close(port));
            Attack.Result("unmask", Name(i), Events.UnmaskCall(port));
            Attack.Result("bind_vcpu", Name(i), Events.BindVcpu(port, 0));
            Attack.Result("status", Name(i), Events.Status(port, out _));
            Attack.Result("bind_virq", Name(i), Events.BindVirq(port, 0, out _));
            Attack.Result("bind_virq of its vCPU", Name(i), Events.BindVirq(Virq.Timer, port, out _));
            Attack.Result("bind_ipi of its vCPU", Name(i), Events.BindIpi(port, out _));
            Attack.Result("bind_interdomain", Name(i), Events.BindInterdomain(Domid.Self, port, out _));
            Attack.Result("vcpu_op", Name(i), Hypercall.VcpuOp(3, Count(i), null));
            Attack.Result("vcpu_op command", Name(i), Hypercall.VcpuOp(Count(i), 0, null));
            Attack.Result("set_debugreg", Name(i), Hypercall.Call(Number.SetDebugreg, Count(i), 0));
            Attack.Result("get_debugreg", Name(i), Hypercall.Call(Number.GetDebugreg, Count(i)));
            Attack.Result("vm_assist", Name(i), Hypercall.VmAssist(0, Count(i)));
            Attack.Result("set_segment_base", Name(i), Hypercall.Call(Number.SetSegmentBase, Count(i), 0));
        }
    }

    static void Multicalls()
    {
        Prepare();
        for (int i = 0; i <= 6; i++)
        {
            Clear();
            for (ulong at = end - Room; at < end; at += 64)
            {
                ((MulticallEntry*)at)->Op = Number.XenVersion;
            }

            Attack.Result("calls", Name(i), Hypercall.Multicall((MulticallEntry*)(end - Room), Count(i)));
            Attack.Result("the last that was there", Name(i), ((MulticallEntry*)(end - 64))->Result);
        }

        // calls that end the list in unusual ways: iret, a block, a list within the list
        MulticallEntry* calls = (MulticallEntry*)(end - Room);
        Clear();
        calls[0].Op = Number.SetTrapTable;
        calls[0].Args[0] = end - 8;
        calls[1].Op = Number.Multicall;
        calls[1].Args[0] = end - Room;
        calls[1].Args[1] = 3;
        calls[2].Op = ~0ul;
        Attack.Result("list of odd calls", Hypercall.Multicall(calls, 3));
        Attack.Result("a table across the page's end", calls[0].Result);
        Attack.Result("the list itself", calls[1].Result);
        Attack.Result("number 2^64-1", calls[2].Result);
        Check.Ok("gates back", Trap.Install());

        // a call whose result goes over the next call's number
        Clear();
        calls[0].Op = Number.XenVersion;
        calls[0].Args[0] = 5;
        calls[0].Args[1] = (ulong)&calls[1].Op;
        calls[1].Op = Number.XenVersion;
        Attack.Result("a list that rewrites itself", Hypercall.Multicall(calls, 2));
        Attack.Result("the rewritten call", calls[1].Result);
    }
}
