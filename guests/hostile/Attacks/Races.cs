// Two vCPUs on the same page tables: pin against unpin against update against map, in two random orders. What each call
// answers depends on the other, so only what must hold is printed: a page that is mapped writable is no table at that moment,
// a table is never written behind the hypervisor's back, and at the end no count is wrong: every page can be given back.

using System.Threading;
using Xenith.Guest.Hostile.Kernel;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Attacks;

static unsafe class Races
{
    /// <summary>
    /// Rounds of each vCPU: so many, or fewer when time is up. Nearly every operation here flushes the other CPU's TLB, and an emulator whose host has less than a core for each CPU needs tens
    /// of milliseconds to deliver such an interrupt.
    /// </summary>
    const int Rounds = 4000, FewestRounds = 200;

    /// <summary>Nanoseconds after which a race that has had its fewest rounds ends.</summary>
    const ulong Limit = 10_000_000_000;

    /// <summary>Two L1, an L2, an L3, an L4 and a page of data, as the kernel maps them; and a window for each vCPU.</summary>
    static ulong l1A, l1B, l2, l3, l4, data, window0, window1;

    static ulong violations0, violations1, done0, done1;
    static uint timeIsUp;

    public static void Run() => Check.Run("race", &All);

    static void All()
    {
        if (!Racer.Exists)
        {
            return;
        }

        Racer.Prepare();
        data = Memory.Allocate();
        l1A = Full(data);
        l1B = Full(data);
        l2 = Mmu.AllocateTable();
        l3 = Mmu.AllocateTable();
        l4 = Mmu.AllocateTable();
        window0 = Memory.Allocate();
        window1 = Memory.Allocate();
        Racer.Start(&Second);
        First();
        Racer.Join();
        Attack.Result("rounds of the first vCPU", done0 >= FewestRounds ? 1 : 0);
        Attack.Result("rounds of the second vCPU", done1 >= FewestRounds ? 1 : 0);
        Attack.Value("tables that were writable", "violations", violations0 + violations1);
        CleanUp();
        StartAndStop();
    }

    static ulong Full(ulong page)
    {
        ulong table = Memory.Allocate();
        for (int i = 0; i < 512; i++)
        {
            ((ulong*)table)[i] = Pte.Frame(Memory.MfnOf(page), Pte.KernelPage);
        }

        Check.Ok("read-only", PageTable.MakeReadOnly(table));
        return table;
    }

    static void First()
    {
        ulong random = 0x9e3779b97f4a7c15, start = Clock.Now();
        while (done0 < Rounds && (done0 < FewestRounds || Clock.Now() - start < Limit))
        {
            violations0 += Step(ref random, window0);
            done0++;
        }

        if (done0 < Rounds)
        {
            Volatile.Write(ref timeIsUp, 1);
        }
    }

    static void Second()
    {
        ulong random = 0xd1b54a32d192ed03;
        while (done1 < Rounds && (done1 < FewestRounds || Volatile.Read(ref timeIsUp) == 0))
        {
            violations1 += Step(ref random, window1);
            done1++;
        }
    }

    static ulong Entry(ulong table) => Pte.Frame(Memory.MfnOf(table), Pte.Table);

    /// <summary>One operation, chosen at random. Returns how many promises were seen broken.</summary>
    static ulong Step(ref ulong random, ulong window)
    {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        ulong l1 = (random >> 20 & 1) == 0 ? l1A : l1B;
        int index = (int)(random >> 30 & 3);
        switch (random >> 40 & 15)
        {
            case 0:
                Tables.Pin(1, l1);
                break;
            case 1:
                Tables.Unpin(l1);
                break;
            case 2:
                Tables.Pin(2, l2);
                break;
            case 3:
                Tables.Unpin(l2);
                break;
            case 4:
                Tables.Pin(4, l4);
                Tables.Pin(3, l3);
                break;
            case 5:
                Tables.Unpin(l4);
                Tables.Unpin(l3);
                break;
            case 6:
                Mmu.SetEntry(l2, index, Entry(l1));
                break;
            case 7:
                Mmu.SetEntry(l2, index, 0);
                break;
            case 8:
                Mmu.SetEntry(l3, index, Entry(l2));
                Mmu.SetEntry(l4, index, Entry(l3));
                break;
            case 9:
                Mmu.SetEntry(l3, index, 0);
                Mmu.SetEntry(l4, index, 0);
                break;
            case 10:
                Mmu.SetEntry(l1, index, Pte.Frame(Memory.MfnOf(data), Pte.KernelPage));
                break;
            case 11:
                Mmu.SetEntry(l1, index, (random >> 50 & 1) == 0 ? 0 : Pte.Frame(Memory.MfnOf(l1), Pte.KernelReadOnly));
                break;
            case 12:
                Mmu.Ext(MmuextCommand.TlbFlushAll);
                break;
            case 13:
                Tables.Pin((int)(random >> 44 & 3) + 1, l1);
                break;
            default:
                return Write(l1, index, window);
        }

        return 0;
    }

    /// <summary>
    /// Maps a table's page writable, if it is none just now, and spoils it: while that mapping is there, the page can be no table, whatever the other vCPU asks for.
    /// </summary>
    static ulong Write(ulong page, int index, ulong window)
    {
        if (PageTable.Map(window, Pte.Frame(Memory.MfnOf(page), Pte.KernelPage)) != 0)
        {
            return 0;
        }

        ulong broken = 0;
        ((ulong*)window)[index] = Pte.Frame(0xfffffffff, Pte.KernelPage);
        for (int level = 1; level <= 4; level++)
        {
            broken += Tables.Pin(level, page) == 0 ? 1ul : 0;
        }

        ((ulong*)window)[index] = Pte.Frame(Memory.MfnOf(data), Pte.KernelPage);
        PageTable.Map(window, 0);
        return broken;
    }

    /// <summary>Takes everything apart; then every page must be the guest's alone again, which giving it back shows.</summary>
    static void CleanUp()
    {
        ulong none = 0;
        Check.Ok("the first window", PageTable.Map(window0, none));
        Check.Ok("the second window", PageTable.Map(window1, none));
        Unlink(l4);
        Unlink(l3);
        Unlink(l2);
        Unlink(l1A);
        Unlink(l1B);
        GiveBack("l4", l4);
        GiveBack("l3", l3);
        GiveBack("l2", l2);
        GiveBack("first l1", l1A);
        GiveBack("second l1", l1B);
        GiveBack("data", data);
        Check.Ok("the first window", PageTable.MakeWritable(window0));
        Check.Ok("the second window", PageTable.MakeWritable(window1));
    }

    /// <summary>Takes every pin away. A table that nothing holds is one no more, and what it names is free.</summary>
    static void Unlink(ulong table)
    {
        while (Tables.Unpin(table) == 0)
        {
        }
    }

    /// <summary>A frame that somebody still held would stay in the domain's count.</summary>
    static void GiveBack(string name, ulong page)
    {
        ulong domain = Domid.Self, pfn = Memory.PfnOf(page);
        Attack.Result(name, "writable", PageTable.MakeWritable(page));
        Memory.Clear(page);
        Check.Ok("unmap", PageTable.Map(page, 0));
        long before = Hypercall.MemoryOp(3, &domain);
        Attack.Result(name, "given back", Reservation.GiveBack(Memory.MfnOf(page)));
        Attack.Result(name, "left the domain", before - Hypercall.MemoryOp(3, &domain));
        ulong extent = pfn;
        Check.Result("populate", 1, Reservation.Call(Reservation.Populate, (ulong)&extent, 1, 0));
        ((ulong*)Vcpu.Start->MfnList)[pfn] = extent;
        Check.Ok("map", PageTable.MakeWritable(page));
    }

    /// <summary>The second vCPU is started and stopped while it runs, and stops itself.</summary>
    static void StartAndStop()
    {
        done1 = 0;
        Volatile.Write(ref timeIsUp, 1);
        for (int i = 0; i < 100; i++)
        {
            Check.Ok("up", SecondVcpu.Start());
            Check.Ok("down", SecondVcpu.Stop());
        }

        Check.Ok("up", SecondVcpu.Start());
        Racer.Join();
        Attack.Result("started and stopped", 1);
    }
}
