// Descriptors: every type that there is, of every privilege, in a GDT and in an LDT, set by the whole table and one by one,
// and selectors loaded through what was let in. Call gates are let in only into code segments of the guest's own ring.

using Xenith.Guest.Hostile.Kernel;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Attacks;

static unsafe class DescriptorPages
{
    const ulong FlatData = 0x00cff3000000ffff;

    static ulong table;

    public static void Run()
    {
        Check.Run("descriptor.type", &Types);
        Check.Run("descriptor.gate", &Gates);
        Check.Run("descriptor.base", &Bases);
        Check.Run("descriptor.ldt", &Locals);
        Check.Run("descriptor.shared", &Shared);
    }

    static long SetGdt(ulong page, ulong entries)
    {
        ulong frame = Memory.MfnOf(page);
        return Hypercall.Call(Number.SetGdt, (ulong)&frame, entries);
    }

    static long Update(ulong page, int index, ulong value) =>
        Hypercall.Call(Number.UpdateDescriptor, Memory.MachineOf(page) + (ulong)index * 8, value);

    static void Prepare()
    {
        table = Memory.Allocate();
        Check.Ok("read-only", PageTable.MakeReadOnly(table));
        Check.Ok("set_gdt", SetGdt(table, 512));
    }

    static void Drop()
    {
        Check.Ok("no GDT", Hypercall.Call(Number.SetGdt, 0, 0));
        Check.Ok("writable again", PageTable.MakeWritable(table));
    }

    /// <summary>All 32 types of system and other segments, of ring 0 and ring 3, present.</summary>
    static void Types()
    {
        Prepare();
        for (ulong type = 0; type < 32; type++)
        {
            for (ulong ring = 0; ring <= 3; ring += 3)
            {
                ulong descriptor = 0x00cf80000000ffff | type << 40 | ring << 45;
                Attack.Begin("type ", type, ring == 0 ? " ring 0" : " ring 3");
                long result = Update(table, 1, descriptor);
                Attack.PutResult(result);
                Pv.Kernel.Console.Put(" ");
                Pv.Kernel.Console.PutHex(((ulong*)table)[1]);
                Probe.Registers.Rax = 0x0b;
                Attack.PutOutcome(Probe.Run([0x8e, 0xc0, 0x31, 0xc0, 0x8e, 0xc0]));
                Pv.Kernel.Console.EndLine();
                Check.Ok("clear", Update(table, 1, 0));
            }
        }

        Drop();
    }

    /// <summary>Call gates to selectors and addresses of the hypervisor.</summary>
    static void Gates()
    {
        Prepare();
        for (int i = 0; i < 8; i++)
        {
            ulong selector = i switch { 0 => 0, 1 => 0xe008, 2 => 0xe010, 3 => 0xe023, 4 => 0xe033, 5 => 0xe02b, 6 => 0x000b, _ => 0xfff8 };
            ulong gate = 0x0000ec0000000000 | selector << 16 | 0x40200000 & 0xffff | (0x40200000ul >> 16) << 48;
            Attack.Begin("call gate to ", selector);
            Attack.PutResult(Update(table, 1, gate));
            Pv.Kernel.Console.Put(" ");
            Pv.Kernel.Console.PutHex(((ulong*)table)[1]);
            Probe.Registers.Rax = 0x0b;
            Attack.PutOutcome(Probe.Run([0x8e, 0xc0, 0x31, 0xc0, 0x8e, 0xc0]));
            // sub $16,%rsp; movq $0,(%rsp); movw %ax,8(%rsp); lcall *(%rsp): a far call through it, offset 0
            Probe.Registers.Rax = 0x0b;
            Attack.PutOutcome(Probe.Run([0x48, 0x83, 0xec, 0x10, 0x48, 0xc7, 0x04, 0x24, 0, 0, 0, 0, 0x66, 0x89, 0x44, 0x24, 0x04, 0xff, 0x1c, 0x24, 0x48, 0x83, 0xc4, 0x10]));
            Pv.Kernel.Console.EndLine();
            Check.Ok("clear", Update(table, 1, 0));
        }

        Drop();
    }

    /// <summary>Segments whose base and limit span the hypervisor, for 32-bit code.</summary>
    static void Bases()
    {
        Prepare();
        Attack.Result("base above the lower 4 GiB's middle", Update(table, 1, 0xffcff3ffffffffff));
        Attack.Result("expand-down", Update(table, 1, 0x00cff7000000ffff));
        Attack.Result("conforming code", Update(table, 1, 0x00cfff000000ffff));
        Attack.Result("64-bit conforming code", Update(table, 1, 0x00afff000000ffff));
        Attack.Result("64-bit code of ring 0", Update(table, 1, 0x00af9b000000ffff));
        Attack.Value("64-bit code of ring 0", "becomes", ((ulong*)table)[1]);
        Attack.Result("not present, of ring 0", Update(table, 1, 0x00af1b000000ffff));
        Attack.Value("not present, of ring 0", "becomes", ((ulong*)table)[1]);
        Attack.Result("unaligned", Hypercall.Call(Number.UpdateDescriptor, Memory.MachineOf(table) + 12, FlatData));
        Attack.Result("of all bits", Update(table, 1, ~0ul));
        Attack.Result("into the hypervisor's own page", Hypercall.Call(Number.UpdateDescriptor, ~4095ul | 8, FlatData));
        Check.Ok("clear", Update(table, 1, 0));
        Drop();
    }

    /// <summary>An LDT over pages that are no descriptors: tables, writable pages, none.</summary>
    static void Locals()
    {
        ulong page = Memory.Allocate();
        ((ulong*)page)[1] = 0x0000ee000008ffff; // an interrupt gate
        Check.Ok("read-only", PageTable.MakeReadOnly(page));
        Attack.Result("with an interrupt gate", Mmu.Ext(MmuextCommand.SetLdt, page, 512));
        Load("loads in it", 0x17);
        Load("the gate", 0x0f);
        Attack.Result("over the kernel's root", Mmu.Ext(MmuextCommand.SetLdt, Vcpu.Start->PtBase, 512));
        Load("loads in the root", 0x0f);
        Attack.Result("over the m2p", Mmu.Ext(MmuextCommand.SetLdt, Layout.MachineToPhysical, 512));
        Load("loads in the m2p", 0x0f);
        Attack.Result("over nothing", Mmu.Ext(MmuextCommand.SetLdt, 0x12345000, 8192));
        Load("loads in nothing", 0xfff7);
        Attack.Result("over the code", Mmu.Ext(MmuextCommand.SetLdt, Native.ImageStart() & ~4095ul, 512));
        Load("loads in the code", 0x0f);
        Check.Ok("none", Mmu.Ext(MmuextCommand.SetLdt, 0, 0));
        Load("loads in none", 0x0f);
        Check.Ok("writable", PageTable.MakeWritable(page));
    }

    static void Load(string name, ulong selector)
    {
        Probe.Registers.Rax = selector;
        Attack.Outcome(name, Probe.Run([0x8e, 0xc0, 0x31, 0xc0, 0x8e, 0xc0]));
    }

    /// <summary>A page of descriptors in other uses at the same time.</summary>
    static void Shared()
    {
        Prepare();
        Attack.Result("mapped writable", PageTable.MakeWritable(table));
        for (int level = 1; level <= 4; level++)
        {
            Attack.Result("pinned", Tables.Name(level), Tables.Pin(level, table));
        }

        Attack.Result("cleared", Mmu.Ext(MmuextCommand.ClearPage, Memory.MfnOf(table)));
        Attack.Result("given back", Reservation.GiveBack(Memory.MfnOf(Memory.Allocate())));
        Attack.Status("copied to", "", Grants.CopyBytes(Memory.MfnOf(Memory.Allocate()), Memory.MfnOf(table), 8));
        Attack.Result("entry changed by mmu_update", Mmu.SetEntry(table, 1, FlatData));
        Attack.Outcome("store", Probe.TryWrite(table + 8, FlatData));
        ulong* frames = stackalloc ulong[14];
        for (int i = 0; i < 14; i++)
        {
            frames[i] = Memory.MfnOf(table);
        }

        Attack.Result("fourteen times", Hypercall.Call(Number.SetGdt, (ulong)frames, 7168));
        frames[13] = 0xfffffffff;
        Attack.Result("thirteen times and a bad one", Hypercall.Call(Number.SetGdt, (ulong)frames, 7168));
        Drop();
        Attack.Result("still writable after", PageTable.MakeWritable(table));
    }
}
