// Page tables as a type: pinning of each level, what a frame must be to become one, new roots, flushes, self maps, and the
// slots of the root that belong to the hypervisor.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class Pinning
{
    const ulong Mark = 0x7ab1e0ff00c0ffee;

    public static void Run()
    {
        Check.Run("pin.level1", &Level1);
        Check.Run("pin.level1_contents", &Level1Contents);
        Check.Run("pin.tree", &Tree);
        Check.Run("pin.order_of_errors", &Errors);
        Check.Run("pin.wrong_level", &WrongLevel);
        Check.Run("pin.upper_entries", &UpperEntries);
        Check.Run("pin.upper_refused_bits", &UpperRefusedBits);
        Check.Run("pin.new_baseptr", &NewBaseptr);
        Check.Run("pin.new_user_baseptr", &NewUserBaseptr);
        Check.Run("pin.hypervisor_slots", &HypervisorSlots);
        Check.Run("pin.linear_map", &LinearMap);
        Check.Run("pin.live_link", &LiveLink);
        Check.Run("pin.flushes", &Flushes);
        Check.Run("pin.clear_and_copy", &ClearAndCopy);
        Check.Run("pin.mmuext_list", &MmuextList);
        Check.Run("pin.set_ldt", &SetLdt);
    }

    static void Level1()
    {
        ulong table = Memory.Allocate();
        ulong mfn = Memory.MfnOf(table);
        Check.Result("pin while mapped writable", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.PinL1, mfn));
        Check.Ok("read-only", PageTable.MakeReadOnly(table));
        Check.Ok("pin", Mmu.Ext(MmuextCommand.PinL1, mfn));
        Check.Equal("done", 1, Mmu.Done);
        Check.Result("pin again", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.PinL1, mfn));
        Check.Result("map writable while pinned", -ErrorNumber.Ebusy, PageTable.MakeWritable(table));
        Check.Ok("set an entry", Mmu.SetEntry(table, 7, Pte.Frame(Memory.MfnOf(table), Pte.KernelReadOnly)));
        Check.Equal("entry", Memory.MfnOf(table), Pte.MfnOf(((ulong*)table)[7]));
        Check.Ok("unpin", Mmu.Ext(MmuextCommand.Unpin, mfn));
        Check.Result("unpin again", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.Unpin, mfn));
        Check.Ok("writable with a read-only map of itself inside", PageTable.MakeWritable(table));
        Check.Equal("the entry is as it was", Memory.MfnOf(table), Pte.MfnOf(((ulong*)table)[7]));
    }

    /// <summary>Validation rewrites the kernel and user bits of every entry, and counts each mapping.</summary>
    static void Level1Contents()
    {
        ulong data = Memory.Allocate();
        ulong table = Memory.Allocate();
        ulong frame = Memory.MfnOf(data);
        ulong* entries = (ulong*)table;
        entries[0] = Pte.Frame(frame, Pte.Present | Pte.Writable);
        entries[1] = Pte.Frame(frame, Pte.Present | Pte.User);
        entries[2] = 0x1230; // not present: free for the guest
        Check.Ok("read-only", PageTable.MakeReadOnly(table));
        Check.Ok("pin", Mmu.Ext(MmuextCommand.PinL1, Memory.MfnOf(table)));
        Check.Equal("kernel entry", Pte.Frame(frame, 7 | Pte.GuestKernel), entries[0]);
        Check.Equal("user entry", Pte.Frame(frame, 5 | Pte.Global), entries[1]);
        Check.Equal("absent entry", 0x1230, entries[2]);
        Check.Ok("read-only", PageTable.MakeReadOnly(data));
        Check.Result("data as a table while the L1 maps it writable", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.PinL1, frame));
        Check.Ok("clear the writable entry", Mmu.SetEntry(table, 0, 0));
        Check.Ok("then", Mmu.Ext(MmuextCommand.PinL1, frame));
        Check.Ok("unpin", Mmu.Ext(MmuextCommand.Unpin, frame));
        Check.Ok("unpin", Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(table)));
        Check.Ok("writable", PageTable.MakeWritable(data));
        Check.Ok("writable", PageTable.MakeWritable(table));
    }

    /// <summary>L4 over L3 over L2 over L1 over one page, at address 0x0000008000201000 and linked before the pin.</summary>
    static void Tree()
    {
        ulong data = Memory.Allocate();
        ulong level1 = Memory.Allocate(), level2 = Memory.Allocate(), level3 = Memory.Allocate(), level4 = Memory.Allocate();
        ((ulong*)level1)[1] = Pte.Frame(Memory.MfnOf(data), Pte.UserPage);
        ((ulong*)level2)[1] = Pte.Frame(Memory.MfnOf(level1), Pte.Present | Pte.Writable);
        ((ulong*)level3)[0] = Pte.Frame(Memory.MfnOf(level2), Pte.Present | Pte.Writable);
        ((ulong*)level4)[1] = Pte.Frame(Memory.MfnOf(level3), Pte.Present | Pte.Writable);
        Check.Ok("level 1 read-only", PageTable.MakeReadOnly(level1));
        Check.Ok("level 2 read-only", PageTable.MakeReadOnly(level2));
        Check.Ok("level 3 read-only", PageTable.MakeReadOnly(level3));
        Check.Result("pin with the root still writable", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.PinL4, Memory.MfnOf(level4)));
        Check.Ok("level 4 read-only", PageTable.MakeReadOnly(level4));
        Check.Ok("pin", Mmu.Ext(MmuextCommand.PinL4, Memory.MfnOf(level4)));
        Check.Equal("L4 entry", 7, ((ulong*)level4)[1] & 7);
        Check.Equal("L3 entry", 7, ((ulong*)level3)[0] & 7);
        Check.Equal("L2 entry", 7, ((ulong*)level2)[1] & 7);
        Check.Result("an inner table mapped writable", -ErrorNumber.Ebusy, PageTable.MakeWritable(level2));
        Check.Ok("pin an inner table", Mmu.Ext(MmuextCommand.PinL2, Memory.MfnOf(level2)));
        Check.Ok("unpin the root", Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(level4)));
        Check.Ok("L3 is free", PageTable.MakeWritable(level3));
        Check.Result("L2 is held by its own pin", -ErrorNumber.Ebusy, PageTable.MakeWritable(level2));
        Check.Result("L1 is held by L2", -ErrorNumber.Ebusy, PageTable.MakeWritable(level1));
        Check.Ok("unpin L2", Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(level2)));
        Check.Ok("level 2", PageTable.MakeWritable(level2));
        Check.Ok("level 1", PageTable.MakeWritable(level1));
        Check.Ok("level 4", PageTable.MakeWritable(level4));
    }

    static void Errors()
    {
        Check.Result("pin a bad frame", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.PinL1, 0xfffffffffful));
        Check.Result("pin a device's frame", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.PinL1, 0xfee00));
        Check.Result("unpin a bad frame", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.Unpin, 0xfffffffffful));
        Check.Result("unpin ordinary memory", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(Memory.Allocate())));
        ulong table = Memory.Allocate();
        ((ulong*)table)[3] = Pte.Frame(0xfffffffff, Pte.KernelPage);
        Check.Ok("read-only", PageTable.MakeReadOnly(table));
        Check.Result("pin an L1 with a bad frame inside", -ErrorNumber.Eperm, Mmu.Ext(MmuextCommand.PinL1, Memory.MfnOf(table)));
        Check.Ok("writable again", PageTable.MakeWritable(table));
        ((ulong*)table)[3] = Pte.Frame(Memory.MfnOf(table), Pte.KernelPage);
        Check.Ok("read-only", PageTable.MakeReadOnly(table));
        Check.Result("pin an L1 that maps itself writable", -ErrorNumber.Ebusy, Mmu.Ext(MmuextCommand.PinL1, Memory.MfnOf(table)));
        Check.Ok("writable again", PageTable.MakeWritable(table));
    }

    static void WrongLevel()
    {
        ulong level1 = Mmu.AllocateTable();
        ulong level2 = Mmu.AllocateTable();
        Check.Ok("pin L1", Mmu.Ext(MmuextCommand.PinL1, Memory.MfnOf(level1)));
        Check.Result("pin the same as L2", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.PinL2, Memory.MfnOf(level1)));
        Check.Ok("pin L2", Mmu.Ext(MmuextCommand.PinL2, Memory.MfnOf(level2)));
        Check.Result("L2 entry names an L2", -ErrorNumber.Einval, Mmu.SetEntry(level2, 0, Pte.Frame(Memory.MfnOf(level2), Pte.Table)));
        ulong level3 = Mmu.AllocateTable();
        Check.Ok("pin L3", Mmu.Ext(MmuextCommand.PinL3, Memory.MfnOf(level3)));
        Check.Result("L3 entry names an L1", -ErrorNumber.Einval, Mmu.SetEntry(level3, 0, Pte.Frame(Memory.MfnOf(level1), Pte.Table)));
        Check.Ok("L3 entry names the L2", Mmu.SetEntry(level3, 0, Pte.Frame(Memory.MfnOf(level2), Pte.Table)));
        Check.Result("baseptr of an L1", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.NewBaseptr, Memory.MfnOf(level1)));
        Check.Ok("unpin L3", Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(level3)));
        Check.Ok("unpin L2", Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(level2)));
        Check.Ok("unpin L1", Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(level1)));
        Check.Ok("writable", PageTable.MakeWritable(level1));
        Check.Ok("writable", PageTable.MakeWritable(level2));
        Check.Ok("writable", PageTable.MakeWritable(level3));
    }

    /// <summary>A new L1 in the running tables: link, use, unlink.</summary>
    static void UpperEntries()
    {
        const ulong address = 0xffffffffc0000000;
        ulong data = Memory.Allocate();
        *(ulong*)data = Mark;
        ulong level1 = Mmu.AllocateFullL1(data, Pte.KernelPage);
        ulong level2 = Mmu.AllocateTable();
        ulong l3Entry = PageTable.EntryAddress(address, 3);
        Check.Equal("the L3 slot is free", 0, *(ulong*)l3Entry);
        Check.Ok("link L2", Mmu.Update(Memory.MachineOf(l3Entry), Pte.Frame(Memory.MfnOf(level2), Pte.Table)));
        Check.Ok("link L1", Mmu.SetEntry(level2, 5, Pte.Frame(Memory.MfnOf(level1), Pte.Table)));
        Check.Equal("read through it", Mark, *(ulong*)(address + 0xa00000 + 0x7000));
        *(ulong*)(address + 0xa00000 + 0x8000) = Mark + 1;
        Check.Equal("write through it", Mark + 1, *(ulong*)data);
        Check.Ok("update_va_mapping there", Hypercall.Call(Number.UpdateVaMapping, address + 0xa00000, 0, UpdateFlags.InvlpgLocal));
        Check.Faulted("unmapped", Probe.TryRead(address + 0xa00000, out _), 14, 0);
        Check.Ok("unlink L1", Mmu.SetEntry(level2, 5, 0));
        Check.Ok("flush", Mmu.Ext(MmuextCommand.TlbFlushLocal));
        Check.Faulted("gone", Probe.TryRead(address + 0xa08000, out _), 14, 0);
        Check.Ok("unlink L2", Mmu.Update(Memory.MachineOf(l3Entry), 0));
        Check.Ok("writable", PageTable.MakeWritable(level1));
        Check.Ok("writable", PageTable.MakeWritable(level2));
    }

    /// <summary>Every bit beyond P, RW and U, tried alone in an entry of each upper level.</summary>
    static void UpperRefusedBits()
    {
        ulong level1 = Mmu.AllocateTable(), level2 = Mmu.AllocateTable(), level3 = Mmu.AllocateTable(), level4 = Mmu.AllocateTable();
        Check.Ok("pin L2", Mmu.Ext(MmuextCommand.PinL2, Memory.MfnOf(level2)));
        Check.Ok("pin L3", Mmu.Ext(MmuextCommand.PinL3, Memory.MfnOf(level3)));
        Check.Ok("pin L4", Mmu.Ext(MmuextCommand.PinL4, Memory.MfnOf(level4)));
        TryBits("L2", level2, level1);
        TryBits("L3", level3, level2);
        TryBits("L4", level4, level3);
        Check.Ok("unpin L4", Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(level4)));
        Check.Ok("unpin L3", Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(level3)));
        Check.Ok("unpin L2", Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(level2)));
    }

    static void TryBits(string name, ulong table, ulong below)
    {
        ulong refused = 0, dropped = 0;
        long error = 0;
        for (int bit = 3; bit < 64; bit++)
        {
            if (bit is >= 12 and < 52)
            {
                continue;
            }

            ulong flag = 1ul << bit;
            long result = Mmu.SetEntry(table, 0, Pte.Frame(Memory.MfnOf(below), 7) | flag);
            if (result != 0)
            {
                refused |= flag;
                error = result;
            }
            else
            {
                dropped |= flag & ~((ulong*)table)[0];
                Check.Ok("clear", Mmu.SetEntry(table, 0, 0));
            }
        }

        Check.Value(name, refused);
        Check.Value("dropped", dropped);
        Check.ValueResult("the error", error);
    }

    static void NewBaseptr()
    {
        ulong root = Vcpu.Start->PtBase;
        ulong copy = Memory.Allocate();
        ((ulong*)copy)[511] = ((ulong*)root)[511];
        Check.Ok("read-only", PageTable.MakeReadOnly(copy));
        Check.Ok("pin", Mmu.Ext(MmuextCommand.PinL4, Memory.MfnOf(copy)));
        Check.Ok("switch", Mmu.Ext(MmuextCommand.NewBaseptr, Memory.MfnOf(copy)));
        Check.Equal("M2P is there", Memory.PfnOf(copy), Memory.PfnOfMfn(Memory.MfnOf(copy)));
        Check.Ok("switch to itself", Mmu.Ext(MmuextCommand.NewBaseptr, Memory.MfnOf(copy)));
        Check.Ok("unpin the root in use", Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(copy)));
        Check.Result("it is still a table", -ErrorNumber.Ebusy, PageTable.MakeWritable(copy));
        Check.Ok("back", Mmu.Ext(MmuextCommand.NewBaseptr, Memory.MfnOf(root)));
        Check.Ok("now it is free", PageTable.MakeWritable(copy));
        Check.Result("root 0", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.NewBaseptr, 0));
        Check.Result("root in ordinary memory, writable", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.NewBaseptr, Memory.MfnOf(copy)));
        Check.Result("bad frame", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.NewBaseptr, 0xfffffffffful));
    }

    static void NewUserBaseptr()
    {
        ulong user = Mmu.AllocateTable();
        Check.Ok("set, not pinned", Mmu.Ext(MmuextCommand.NewUserBaseptr, Memory.MfnOf(user)));
        Check.Result("it is a table now", -ErrorNumber.Ebusy, PageTable.MakeWritable(user));
        Check.Ok("again", Mmu.Ext(MmuextCommand.NewUserBaseptr, Memory.MfnOf(user)));
        Check.Ok("none", Mmu.Ext(MmuextCommand.NewUserBaseptr, 0));
        Check.Ok("free", PageTable.MakeWritable(user));
        Check.Result("ordinary memory, writable", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.NewUserBaseptr, Memory.MfnOf(user)));
        Check.Result("bad frame", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.NewUserBaseptr, 0xfffffffffful));
    }

    static void HypervisorSlots()
    {
        ulong root = Vcpu.Start->PtBase;
        ulong page = Mmu.AllocateTable();
        ulong entry = Pte.Frame(Memory.MfnOf(page), Pte.Table);
        Check.Result("slot 256", -ErrorNumber.Einval, Mmu.SetEntry(root, 256, entry));
        Check.Result("slot 261", -ErrorNumber.Einval, Mmu.SetEntry(root, 261, entry));
        Check.Result("slot 271", -ErrorNumber.Einval, Mmu.SetEntry(root, 271, entry));
        Check.Result("slot 256, clear", -ErrorNumber.Einval, Mmu.SetEntry(root, 256, 0));
        Check.Ok("slot 272", Mmu.SetEntry(root, 272, entry));
        Check.Ok("slot 272, clear", Mmu.SetEntry(root, 272, 0));
        Check.Ok("slot 255", Mmu.SetEntry(root, 255, entry));
        Check.Ok("slot 255, clear", Mmu.SetEntry(root, 255, 0));
        Check.Ok("the page is free", PageTable.MakeWritable(page));
    }

    /// <summary>A root may name itself, read-only: the tables then appear as memory.</summary>
    static void LinearMap()
    {
        const ulong slot = 300;
        ulong root = Vcpu.Start->PtBase;
        ulong mfn = Memory.MfnOf(root);
        Check.Result("self map, writable", -ErrorNumber.Einval, Mmu.SetEntry(root, (int)slot, Pte.Frame(mfn, Pte.Table)));
        long result = Mmu.SetEntry(root, (int)slot, Pte.Frame(mfn, Pte.Present | Pte.Accessed));
        Check.Ok("self map, read-only", result);
        if (result == 0)
        {
            ulong linear = 0xffff000000000000 | slot << 39 | slot << 30 | slot << 21 | slot << 12;
            Check.Equal("the root appears there", ((ulong*)root)[511], *(ulong*)(linear + 511 * 8));
            Check.Faulted("write", Probe.TryWrite(linear, 0), 14, 3);
            Check.Ok("remove", Mmu.SetEntry(root, (int)slot, 0));
            Check.Ok("flush", Mmu.Ext(MmuextCommand.TlbFlushLocal));
        }
    }

    /// <summary>A table in use stays a table until its last link goes, pinned or not.</summary>
    static void LiveLink()
    {
        ulong level1 = Mmu.AllocateTable(), level2 = Mmu.AllocateTable();
        Check.Ok("pin L2", Mmu.Ext(MmuextCommand.PinL2, Memory.MfnOf(level2)));
        Check.Ok("link twice", Mmu.SetEntry(level2, 0, Pte.Frame(Memory.MfnOf(level1), Pte.Table)));
        Check.Ok("link twice", Mmu.SetEntry(level2, 1, Pte.Frame(Memory.MfnOf(level1), Pte.Table)));
        Check.Ok("drop one", Mmu.SetEntry(level2, 0, 0));
        Check.Result("still a table", -ErrorNumber.Ebusy, PageTable.MakeWritable(level1));
        Check.Ok("same table, other flags", Mmu.SetEntry(level2, 1, Pte.Frame(Memory.MfnOf(level1), Pte.Present | Pte.User)));
        Check.Ok("drop the other", Mmu.SetEntry(level2, 1, 0));
        Check.Ok("free", PageTable.MakeWritable(level1));
        Check.Ok("unpin", Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(level2)));
        Check.Ok("free", PageTable.MakeWritable(level2));
    }

    static void Flushes()
    {
        ulong page = Memory.Allocate();
        ulong vcpus = 1;
        Check.Ok("tlb_flush_local", Mmu.Ext(MmuextCommand.TlbFlushLocal));
        Check.Ok("invlpg_local", Mmu.Ext(MmuextCommand.InvlpgLocal, page));
        Check.Ok("tlb_flush_multi", Mmu.Ext(MmuextCommand.TlbFlushMulti, 0, (ulong)&vcpus));
        Check.Ok("invlpg_multi", Mmu.Ext(MmuextCommand.InvlpgMulti, page, (ulong)&vcpus));
        Check.Ok("tlb_flush_all", Mmu.Ext(MmuextCommand.TlbFlushAll));
        Check.Ok("invlpg_all", Mmu.Ext(MmuextCommand.InvlpgAll, page));
        Check.Ok("flush_cache", Mmu.Ext(MmuextCommand.FlushCache));
        Check.Ok("flush_cache_global", Mmu.Ext(MmuextCommand.FlushCacheGlobal));
        Check.Result("tlb_flush_multi with a bad mask", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.TlbFlushMulti, 0, 0x12345678));
        Check.Ok("invlpg_local of a hypervisor's address", Mmu.Ext(MmuextCommand.InvlpgLocal, 0xffff82d040200000));
        Check.Result("command 14", -ErrorNumber.Enosys, Mmu.Ext(14));
        Check.Result("command 1000", -ErrorNumber.Enosys, Mmu.Ext(1000));
        Check.Result("mark_super", -ErrorNumber.Eopnotsupp, Mmu.Ext(MmuextCommand.MarkSuper, 0x200));
    }

    static void ClearAndCopy()
    {
        ulong a = Memory.Allocate(), b = Memory.Allocate();
        *(ulong*)(a + 4088) = Mark;
        Check.Ok("copy", Mmu.Ext(MmuextCommand.CopyPage, Memory.MfnOf(b), Memory.MfnOf(a)));
        Check.Equal("copied", Mark, *(ulong*)(b + 4088));
        Check.Ok("clear", Mmu.Ext(MmuextCommand.ClearPage, Memory.MfnOf(b)));
        Check.Equal("cleared", 0, *(ulong*)(b + 4088));
        Check.Result("clear a page table", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.ClearPage, Memory.MfnOf(Vcpu.Start->PtBase)));
        Check.Result("clear a bad frame", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.ClearPage, 0xfffffffffful));
        Check.Result("copy from a bad frame", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.CopyPage, Memory.MfnOf(b), 0xfffffffffful));
    }

    static void MmuextList()
    {
        ulong a = Mmu.AllocateTable(), b = Mmu.AllocateTable();
        MmuextRequest* requests = stackalloc MmuextRequest[3];
        requests[0] = default;
        requests[0].Command = MmuextCommand.PinL1;
        requests[0].Argument1 = Memory.MfnOf(a);
        requests[1] = requests[0];
        requests[1].Argument1 = 0xfffffffffful;
        requests[2] = requests[0];
        requests[2].Argument1 = Memory.MfnOf(b);
        Check.Result("the second is bad", -ErrorNumber.Einval, Mmu.Ext(requests, 3));
        Check.Equal("done", 1, Mmu.Done);
        Check.Ok("the first was done", Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(a)));
        Check.Result("the third was not", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.Unpin, Memory.MfnOf(b)));
        Check.Ok("list of 0", Mmu.Ext(requests, 0));
        Check.Result("list unmapped", -ErrorNumber.Efault, Mmu.Ext((MmuextRequest*)0x12345000, 1));
        Check.Result("for domain 5, absent", -ErrorNumber.Esrch, Mmu.Ext(MmuextCommand.PinL1, Memory.MfnOf(a), 0, 5));
    }

    static void SetLdt()
    {
        ulong page = Memory.Allocate();
        Check.Ok("none", Mmu.Ext(MmuextCommand.SetLdt, 0, 0));
        Check.Ok("8 entries", Mmu.Ext(MmuextCommand.SetLdt, page, 8));
        Check.Ok("none", Mmu.Ext(MmuextCommand.SetLdt, 0, 0));
        Check.Result("not page aligned", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.SetLdt, page + 8, 8));
        Check.Result("8193 entries", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.SetLdt, page, 8193));
        Check.Result("in the hypervisor", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.SetLdt, 0xffff82d040200000, 8));
    }
}
