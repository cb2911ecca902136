// A page table that its guest can write would be the end of all checks. Every way to a writable mapping of one, to a store
// into one and to another use of its frame, for tables of each level, pinned, and for the root in use.

using Xenith.Guest.Hostile.Kernel;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Attacks;

static unsafe class WritableTables
{
    const uint Reference = 20;

    static ulong data;

    public static void Run() => Check.Run("writable", &All);

    static void All()
    {
        data = Memory.Allocate();
        for (int level = 1; level <= 4; level++)
        {
            ulong table = Tables.Pinned(level);
            Try(Tables.Name(level), table, level);
            Tables.Retire(table);
        }

        Try("root", Vcpu.Start->PtBase, 4);
    }

    static void Try(string name, ulong table, int level)
    {
        ulong mfn = Memory.MfnOf(table);
        ulong writable = Pte.Frame(mfn, Pte.KernelPage);
        Attack.Result(name, "update_va_mapping", PageTable.Map(table, writable));
        Attack.Result(name, "update_va_mapping of another page", PageTable.Map(data, writable));
        Attack.Result(name, "mmu_update", Mmu.Update(PageTable.LeafMachine(data), writable));
        Attack.Result(name, "mmu_update keeping A and D", Mmu.Update(PageTable.LeafMachine(data) | MmuCommand.PreserveAccessedDirty, writable));
        Attack.Result(name, "mmu_update without translation", Mmu.Update(PageTable.LeafMachine(data) | MmuCommand.NoTranslate, writable));
        Attack.Result(name, "mmu_update of a user page", Mmu.Update(PageTable.LeafMachine(data), Pte.Frame(mfn, Pte.UserPage)));
        Attack.Outcome(name, "store of a writable entry", Probe.TryWrite(PageTable.EntryAddress(data, 1), writable));
        Attack.Outcome(name, "exchange of a writable entry", Exchange(PageTable.EntryAddress(data, 1), writable));
        NewTable(name, writable);
        Granted(name, mfn);

        Attack.Outcome(name, "store", Probe.TryWrite(table + 8, writable));
        Attack.Result(name, "clear_page", Mmu.Ext(MmuextCommand.ClearPage, mfn));
        Attack.Result(name, "copy_page", Mmu.Ext(MmuextCommand.CopyPage, mfn, Memory.MfnOf(data)));
        Attack.Status(name, "grant copy", Grants.CopyBytes(Memory.MfnOf(data), mfn, 8));
        Attack.Result(name, "buffer of xen_version", Hypercall.XenVersion(5, (void*)table));
        Attack.Result(name, "buffer of extraversion", Hypercall.XenVersion(1, (void*)table));
        Attack.Result(name, "update_descriptor", Hypercall.Call(Number.UpdateDescriptor, mfn << 12, 0x00cff3000000ffff));
        Attack.Result(name, "set_gdt", Hypercall.Call(Number.SetGdt, (ulong)&mfn, 512));
        LocalDescriptorTable(name, table);
        Attack.Result(name, "vcpu_info", VcpuInfoAt(mfn));
        Attack.Result(name, "runstate area", Area(5, table));
        Attack.Result(name, "time area", Area(13, table));
        for (int other = 1; other <= 4; other++)
        {
            if (other != level || name.Length != 4)
            {
                Attack.Result(name, PinName(other), Tables.Pin(other, table));
            }
        }

        ulong output = Memory.PfnOf(data);
        Attack.Result(name, "exchange of the frame", Reservation.Swap((ulong)&mfn, 1, 0, (ulong)&output, 1, 0));
        Attack.Result(name, "m2p entry", Mmu.Update(mfn << 12 | MmuCommand.MachinePhysical, 0x7777));
        Check.Ok("m2p entry as it was", Mmu.Update(mfn << 12 | MmuCommand.MachinePhysical, Memory.PfnOf(table)));
        Check.Equal("the table is untouched", 0, ((ulong*)table)[1]);
        Check.True("the data page is as it was", Probe.TryWrite(data, 0x5afe));
    }

    static string PinName(int level) => level switch { 1 => "pin as l1", 2 => "pin as l2", 3 => "pin as l3", _ => "pin as l4" };

    /// <summary>An L1 that is pinned with the entry already inside.</summary>
    static void NewTable(string name, ulong entry)
    {
        ulong mark = Memory.Mark();
        ulong fresh = Memory.Allocate();
        ((ulong*)fresh)[17] = entry;
        Check.Ok("read-only", PageTable.MakeReadOnly(fresh));
        Attack.Result(name, "pin of an l1 that maps it", Tables.Pin(1, fresh));
        Tables.Free(fresh);
        Memory.Release(mark);
    }

    static void Granted(string name, ulong mfn)
    {
        ulong mark = Memory.Mark();
        ulong window = Memory.Allocate();
        Grants.Grant(Reference, 1, 0, mfn);
        Check.Ok("clear the window", PageTable.Map(window, 0));
        Attack.Status(name, "map of a writable grant", Grants.Map(window, 2, Reference, 0, out _));
        Attack.Status(name, "copy to a writable grant", Grants.CopyBytes(Memory.MfnOf(data), Reference, 8, 2));
        Grants.Grant(Reference, 0, 0, 0);
        Check.Ok("the window is back", PageTable.MakeWritable(window));
        Memory.Release(mark);
    }

    static void LocalDescriptorTable(string name, ulong table)
    {
        Attack.Result(name, "set_ldt", Mmu.Ext(MmuextCommand.SetLdt, table, 512));
        Probe.Registers.Rax = 0x0f;
        Attack.Outcome(name, "selector in it", Probe.Run([0x8e, 0xc0, 0x31, 0xc0, 0x8e, 0xc0])); // mov %eax,%es; xor %eax,%eax; mov %eax,%es
        Check.Ok("no LDT", Mmu.Ext(MmuextCommand.SetLdt, 0, 0));
    }

    static long VcpuInfoAt(ulong mfn)
    {
        ulong* op = stackalloc ulong[2];
        op[0] = mfn;
        op[1] = 0;
        return Hypercall.VcpuOp(10, 0, op);
    }

    /// <summary>An area of the vCPU at a read-only address; the hypervisor may take it, but not write it.</summary>
    static long Area(ulong command, ulong address)
    {
        long result = Hypercall.VcpuOp(command, 0, &address);
        Hypercall.SchedYield();
        ulong none = 0;
        Check.Ok("no area", Hypercall.VcpuOp(command, 0, &none));
        return result;
    }

    static bool Exchange(ulong entry, ulong value)
    {
        Probe.Registers.Rdi = entry;
        Probe.Registers.Rax = *(ulong*)entry;
        Probe.Registers.Rbx = value;
        return Probe.Run([0xf0, 0x48, 0x0f, 0xb1, 0x1f]); // lock cmpxchg %rbx,(%rdi)
    }
}
