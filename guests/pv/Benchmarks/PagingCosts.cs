// Costs of page-table work: single entries, lists, roots, and pinning of a tree that maps 512 pages.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Benchmarks;

static unsafe class PagingCosts
{
    const ulong Window = 0xffffffffc0000000;

    /// <summary>512 pages of memory, and an L1 that maps one of them at every entry from <see cref="Window"/> up.</summary>
    static ulong pages, level1, level2;

    public static void Run()
    {
        pages = Memory.Allocate(512);
        level1 = Mmu.AllocateFullL1(pages, Pte.KernelPage);
        level2 = Mmu.AllocateTable();
        ulong slot = Memory.MachineOf(PageTable.EntryAddress(Window, 3));
        Check.Ok("link L2", Mmu.Update(slot, Pte.Frame(Memory.MfnOf(level2), Pte.Table)));
        Check.Ok("link L1", Mmu.SetEntry(level2, 0, Pte.Frame(Memory.MfnOf(level1), Pte.Table)));
        UpdateVaMapping("update_va_mapping", UpdateFlags.None);
        UpdateVaMapping("update_va_mapping_invlpg", UpdateFlags.InvlpgLocal);
        UpdateVaMapping("update_va_mapping_flush", UpdateFlags.TlbFlushLocal);
        UpdateClear();
        List("mmu_update_1", 1);
        List("mmu_update_32", 32);
        List("mmu_update_512", 512);
        WritableTables();
        Meter.Hypercall("new_baseptr_same", 0, Number.MmuextOp, Request(MmuextCommand.NewBaseptr, Memory.MfnOf(Vcpu.Start->PtBase)), 1, 0, Domid.Self);
        NewBaseptr();
        Meter.Hypercall("tlb_flush_local", 0, Number.MmuextOp, Request(MmuextCommand.TlbFlushLocal, 0), 1, 0, Domid.Self);
        Meter.Hypercall("invlpg_local", 0, Number.MmuextOp, Request(MmuextCommand.InvlpgLocal, Window), 1, 0, Domid.Self);
        Pin();
    }

    static MmuextRequest request;

    static ulong Request(uint command, ulong argument)
    {
        request.Command = command;
        request.Argument1 = argument;
        fixed (MmuextRequest* at = &request) // static memory: it does not move
        {
            return (ulong)at;
        }
    }

    static ulong Entry(int page) => Pte.Frame(Memory.MfnOf(pages + (ulong)(page & 511) * 4096), Pte.KernelPage);

    /// <summary>One entry from one frame to another.</summary>
    static void UpdateVaMapping(string name, ulong flags)
    {
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Meter.Add(Meter.Call(0, Number.UpdateVaMapping, Window, Entry(i + 1), flags));
        }

        Meter.End(name);
    }

    static void UpdateClear()
    {
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Meter.Add(Meter.Call(0, Number.UpdateVaMapping, Window, 0));
            Check.Ok("fill again", Hypercall.Call(Number.UpdateVaMapping, Window, Entry(1)));
        }

        Meter.End("update_va_mapping_clear");

        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Check.Ok("clear", Hypercall.Call(Number.UpdateVaMapping, Window, 0));
            Meter.Add(Meter.Call(0, Number.UpdateVaMapping, Window, Entry(1)));
        }

        Meter.End("update_va_mapping_fill");
    }

    /// <summary>A list of entries, each to another frame than before.</summary>
    static void List(string name, int length)
    {
        ulong list = Memory.Allocate(2);
        MmuRequest* requests = (MmuRequest*)list;
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            for (int k = 0; k < length; k++)
            {
                requests[k].Pointer = Memory.MachineOf(level1) + (ulong)k * 8;
                requests[k].Value = Entry(k + i + 1);
            }

            Meter.Add(Meter.Call(0, Number.MmuUpdate, list, (ulong)length, 0, Domid.Self));
        }

        Meter.End(name);
    }

    /// <summary>A store to an L1 entry of the running tables, carried out by the hypervisor.</summary>
    static void WritableTables()
    {
        Check.Ok("enable", Hypercall.VmAssist(0, 2));
        ulong entry = PageTable.EntryAddress(Window + 4096, 1);
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Meter.Registers = default;
            Meter.Registers.Rdi = entry;
            Meter.Registers.Rax = Entry(i + 1);
            Meter.Add(Meter.Once([0x48, 0x89, 0x07], out _)); // mov %rax,(%rdi)
        }

        Meter.End("writable_page_table_mov");

        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Meter.Registers = default;
            Meter.Registers.Rdi = entry;
            Meter.Registers.Rax = *(ulong*)entry;
            Meter.Registers.Rsi = Entry(i + 2);
            Meter.Add(Meter.Once([0xf0, 0x48, 0x0f, 0xb1, 0x37], out _)); // lock cmpxchg %rsi,(%rdi)
        }

        Meter.End("writable_page_table_cmpxchg");
        Check.Ok("disable", Hypercall.VmAssist(1, 2));
    }

    static void NewBaseptr()
    {
        ulong root = Vcpu.Start->PtBase;
        ulong copy = Memory.Allocate();
        ((ulong*)copy)[511] = ((ulong*)root)[511];
        Check.Ok("read-only", PageTable.MakeReadOnly(copy));
        Check.Ok("pin", Mmu.Ext(MmuextCommand.PinL4, Memory.MfnOf(copy)));
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            ulong frame = Memory.MfnOf((i & 1) == 0 ? copy : root);
            Meter.Add(Meter.Call(0, Number.MmuextOp, Request(MmuextCommand.NewBaseptr, frame), 1, 0, Domid.Self));
        }

        Meter.End("new_baseptr");
        Check.Ok("back", Mmu.Ext(MmuextCommand.NewBaseptr, Memory.MfnOf(root)));
        Check.Ok("unpin", Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(copy)));
    }

    /// <summary>L4 over L3 over L2 over an L1 of 512 pages.</summary>
    static void Pin()
    {
        ulong l1 = Memory.Allocate(), l2 = Memory.Allocate(), l3 = Memory.Allocate(), l4 = Memory.Allocate();
        for (int i = 0; i < 512; i++)
        {
            ((ulong*)l1)[i] = Entry(i) | Pte.User;
        }

        ((ulong*)l2)[0] = Pte.Frame(Memory.MfnOf(l1), Pte.Table);
        ((ulong*)l3)[0] = Pte.Frame(Memory.MfnOf(l2), Pte.Table);
        ((ulong*)l4)[0] = Pte.Frame(Memory.MfnOf(l3), Pte.Table);
        Check.Ok("read-only", PageTable.MakeReadOnly(l1));
        Check.Ok("read-only", PageTable.MakeReadOnly(l2));
        Check.Ok("read-only", PageTable.MakeReadOnly(l3));
        Check.Ok("read-only", PageTable.MakeReadOnly(l4));
        ulong frame = Memory.MfnOf(l4);
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Meter.Add(Meter.Call(0, Number.MmuextOp, Request(MmuextCommand.PinL4, frame), 1, 0, Domid.Self));
            Check.Ok("unpin", Mmu.Ext(MmuextCommand.Unpin, frame));
        }

        Meter.End("pin_tree_512");
        Meter.Begin();
        for (int i = 0; i < Meter.Repeats + Meter.WarmUp; i++)
        {
            Check.Ok("pin", Mmu.Ext(MmuextCommand.PinL4, frame));
            Meter.Add(Meter.Call(0, Number.MmuextOp, Request(MmuextCommand.Unpin, frame), 1, 0, Domid.Self));
        }

        Meter.End("unpin_tree_512");
    }
}
