// Entries that name what is not the guest's: frames of the hypervisor, frames given back, frames beyond memory, devices,
// frames of domains that do not exist; in tables of every level, as tables, as roots, as descriptor pages.
//
// The domain is the hardware domain, so devices may be mapped; on both hypervisors some are shown read-only.

using Xenith.Guest.Hostile.Kernel;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Attacks;

static unsafe class ForgedEntries
{
    const ulong LocalApic = 0xfee00, IoApic = 0xfec00, Hpet = 0xfed00, MmConfig = 0xb0000, Vga = 0xa0, Bios = 0xf0, Hole = 0x90000;
    const ulong BeyondMemory = 0x1000000, BeyondAddresses = 0xfffffffff, AllBits = 0xffffffffff;

    static ulong window, own;

    public static void Run()
    {
        Check.Run("forged.kind", &Kinds);
        Check.Run("forged.freed", &Freed);
        Check.Run("forged.domain", &Domains);
        Check.Run("forged.bits", &Bits);
        Check.Run("forged.hypervisor", &Hypervisor);
        Check.Run("forged.target", &Targets);
    }

    static void Prepare()
    {
        window = Memory.Allocate();
        own = Memory.MfnOf(window);
    }

    static void Restore() => Check.Ok("the window is back", PageTable.Map(window, Pte.Frame(own, Pte.KernelPage)));

    static void Kinds()
    {
        Prepare();
        ulong list = MachineToPhysicalFrame();
        Try("lapic", LocalApic);
        Try("ioapic", IoApic);
        Try("hpet", Hpet);
        Try("mmconfig", MmConfig);
        Try("vga", Vga);
        Try("bios", Bios);
        Try("hole", Hole);
        Try("beyond memory", BeyondMemory);
        Try("beyond addresses", BeyondAddresses);
        Try("all bits", AllBits);
        Try("m2p", list);
        Try("shared_info", Vcpu.Start->SharedInfo >> 12);
        Try("grant table", Grants.TableFrame);
    }

    /// <summary>The frame in every use that a guest can ask for.</summary>
    static void Try(string name, ulong mfn)
    {
        Attack.Result(name, "read-only", PageTable.Map(window, Pte.Frame(mfn, Pte.KernelReadOnly)));
        Restore();
        Attack.Result(name, "writable", PageTable.Map(window, Pte.Frame(mfn, Pte.KernelPage)));
        Attack.Value(name, "the entry then", PageTable.Leaf(window) == Pte.Frame(own, Pte.KernelPage | Pte.User | Pte.GuestKernel) ? 0 : PageTable.Leaf(window) & 0xfff0000000000fff);
        Restore();
        ulong entry = Pte.Frame(mfn, Pte.Table);
        for (int level = 2; level <= 4; level++)
        {
            ulong mark = Memory.Mark();
            ulong table = Tables.Pinned(level);
            Attack.Result(name, Tables.Name(level), Mmu.SetEntry(table, 0, entry));
            Tables.Retire(table);
            Memory.Release(mark);
        }

        for (int level = 1; level <= 4; level++)
        {
            Attack.Result(name, level switch { 1 => "pin_l1", 2 => "pin_l2", 3 => "pin_l3", _ => "pin_l4" }, Mmu.Ext((uint)(level - 1), mfn));
        }

        Attack.Result(name, "unpin", Mmu.Ext(MmuextCommand.Unpin, mfn));
        Attack.Result(name, "new_baseptr", Mmu.Ext(MmuextCommand.NewBaseptr, mfn));
        Attack.Result(name, "new_user_baseptr", Mmu.Ext(MmuextCommand.NewUserBaseptr, mfn));
        Attack.Result(name, "clear_page", mfn < 0x100 ? 0 : Mmu.Ext(MmuextCommand.ClearPage, mfn));
        Attack.Result(name, "copy_page from it", Mmu.Ext(MmuextCommand.CopyPage, own, mfn));
        Attack.Result(name, "set_gdt", Hypercall.Call(Number.SetGdt, (ulong)&mfn, 512));
        Attack.Result(name, "update_descriptor", Hypercall.Call(Number.UpdateDescriptor, mfn << 12, 0));
        Attack.Result(name, "m2p entry", mfn < 0x100 ? 0 : Mmu.Update(mfn << 12 | MmuCommand.MachinePhysical, 5));
        Attack.Result(name, "entry in it", Mmu.Update(mfn << 12, 0));
        Attack.Result(name, "give back", Reservation.GiveBack(mfn));
        Attack.Status(name, "copy from it", Grants.CopyBytes(mfn, own, 8));
        ulong* info = stackalloc ulong[2];
        info[0] = mfn;
        info[1] = 0;
        Attack.Result(name, "vcpu_info", name[0] is 's' or 'g' ? 0 : Hypercall.VcpuOp(10, 0, info));
        Grants.Grant(21, 1, 0, mfn);
        Check.Ok("clear the window", PageTable.Map(window, 0));
        long status = Grants.Map(window, 2, 21, 0, out uint handle);
        Attack.Status(name, "map of a grant of it", status);
        if (status == 0)
        {
            Attack.Status(name, "unmap", Grants.Unmap(window, handle));
        }

        Grants.Grant(21, 0, 0, 0);
        Restore();
    }

    /// <summary>The first frame of the machine-to-physical table, as machphys_mfn_list names it.</summary>
    static ulong MachineToPhysicalFrame()
    {
        ulong frame = 0;
        ulong* op = stackalloc ulong[3];
        op[0] = 1;
        op[1] = (ulong)&frame;
        op[2] = 0;
        Check.Ok("machphys_mfn_list", Hypercall.MemoryOp(5, op));
        return frame;
    }

    /// <summary>A frame that was the guest's, and is nobody's now.</summary>
    static void Freed()
    {
        Prepare();
        ulong page = Memory.Allocate();
        ulong mfn = Memory.MfnOf(page), pfn = Memory.PfnOf(page);
        Check.Ok("unmap", PageTable.Map(page, 0));
        Check.Result("give back", 1, Reservation.GiveBack(mfn));
        Attack.Result("given back twice", Reservation.GiveBack(mfn));
        Attack.Result("mapped read-only", PageTable.Map(window, Pte.Frame(mfn, Pte.KernelReadOnly)));
        Attack.Result("mapped", PageTable.Map(window, Pte.Frame(mfn, Pte.KernelPage)));
        for (int level = 1; level <= 4; level++)
        {
            Attack.Result("pinned", Tables.Name(level), Mmu.Ext((uint)(level - 1), mfn));
        }

        Attack.Result("new_baseptr", Mmu.Ext(MmuextCommand.NewBaseptr, mfn));
        Attack.Result("clear_page", Mmu.Ext(MmuextCommand.ClearPage, mfn));
        Attack.Result("set_gdt", Hypercall.Call(Number.SetGdt, (ulong)&mfn, 512));
        Attack.Status("copy to it", "", Grants.CopyBytes(own, mfn, 8));
        Attack.Result("m2p entry", Mmu.Update(mfn << 12 | MmuCommand.MachinePhysical, 5));
        ulong extent = pfn;
        Check.Result("populate", 1, Reservation.Call(Reservation.Populate, (ulong)&extent, 1, 0));
        ((ulong*)Vcpu.Start->MfnList)[pfn] = extent;
        Check.Ok("map it", PageTable.MakeWritable(page));
    }

    /// <summary>mmu_update in the name of others: bits 31:16 name the owner of the tables plus one, bits 15:0 that of the frames.</summary>
    static void Domains()
    {
        Prepare();
        ulong pointer = PageTable.LeafMachine(window);
        ulong entry = Pte.Frame(own, Pte.KernelPage);
        Each("self", pointer, entry, Domid.Self);
        Each("io", pointer, entry, Domid.Io);
        Each("xen", pointer, entry, Domid.Xen);
        Each("cow", pointer, entry, Domid.Cow);
        Each("invalid", pointer, entry, Domid.Invalid);
        Each("idle", pointer, entry, 0x7fff);
        Each("absent", pointer, entry, 5);
        Each("0", pointer, entry, 0);
        Each("0xffff", pointer, entry, 0xffff);
        Restore();
    }

    static void Each(string name, ulong pointer, ulong entry, ulong domain)
    {
        Attack.Result(name, "own frame", Mmu.Update(pointer, entry, domain));
        Attack.Result(name, "lapic", Mmu.Update(pointer, Pte.Frame(LocalApic, Pte.KernelReadOnly), domain));
        Restore();
        Attack.Result(name, "m2p", Mmu.Update(pointer, Pte.Frame(MachineToPhysicalFrame(), Pte.KernelReadOnly), domain));
        Restore();
        Attack.Result(name, "m2p writable", Mmu.Update(pointer, Pte.Frame(MachineToPhysicalFrame(), Pte.KernelPage), domain));
        Restore();
        Attack.Result(name, "tables", Mmu.Update(pointer, entry, Domid.Self | (domain + 1 & 0xffff) << 16));
        Attack.Result(name, "both", Mmu.Update(pointer, entry, domain & 0xffff | (domain + 1 & 0xffff) << 16));
        Attack.Result(name, "va_mapping_otherdomain", Hypercall.Call(Number.UpdateVaMappingOtherdomain, window, entry, 0, domain));
        Attack.Result(name, "mmuext_op", Mmu.Ext(MmuextCommand.PinL1, own, 0, domain));
        Attack.Result(name, "clear_page", Mmu.Ext(MmuextCommand.ClearPage, own, 0, domain));
        Attack.Result(name, "new_baseptr", Mmu.Ext(MmuextCommand.NewBaseptr, own, 0, domain));
        Attack.Result(name, "populate", Reservation.Call(Reservation.Populate, 0x12345000, 1, 0, domain));
        Attack.Result(name, "decrease", Reservation.Call(Reservation.Decrease, 0x12345000, 1, 0, domain));
        ulong id = domain;
        Attack.Result(name, "maximum_reservation", Hypercall.MemoryOp(4, &id) is var pages && pages >= 0 ? 0 : pages);
        Attack.Result(name, "alloc_unbound", Events.AllocUnbound(domain, 0, out uint port));
        Attack.Result(name, "alloc_unbound for it", Events.AllocUnbound(Domid.Self, domain, out uint second));
        Attack.Result(name, "bind_interdomain", Events.BindInterdomain(domain, 0, out _));
        Attack.Status(name, "map of its grant", Grants.Map(window, 2, 0, (uint)domain, out _));
        ulong* shutdown = stackalloc ulong[1];
        *shutdown = domain & 0xffff | 3ul << 32;
        Attack.Result(name, "remote_shutdown", domain == 0 ? 0 : Hypercall.Call(Number.SchedOp, 4, (ulong)shutdown));
        Events.Close(port);
        Events.Close(second);
    }

    /// <summary>Every bit above the frames of this machine, and every flag, in an L1 entry.</summary>
    static void Bits()
    {
        Prepare();
        ulong refused = 0;
        for (int bit = 1; bit < 64; bit++)
        {
            if (bit is >= 12 and < 30)
            {
                continue;
            }

            if (PageTable.Map(window, Pte.Frame(own, Pte.Present) ^ 1ul << bit) != 0)
            {
                refused |= 1ul << bit;
            }

            Restore();
        }

        Attack.Value("l1", "refused", refused);
        ulong table = Tables.Pinned(2), below = Tables.Pinned(1);
        refused = 0;
        for (int bit = 1; bit < 64; bit++)
        {
            if (bit is >= 12 and < 30)
            {
                continue;
            }

            if (Mmu.SetEntry(table, 9, Pte.Frame(Memory.MfnOf(below), Pte.Present) ^ 1ul << bit) != 0)
            {
                refused |= 1ul << bit;
            }
        }

        Attack.Value("l2", "refused", refused);
        Attack.Result("l2", "superpage", Mmu.SetEntry(table, 9, Pte.Frame(own & ~511ul, Pte.Table | Pte.PageSize)));
        Check.Ok("clear", Mmu.SetEntry(table, 9, 0));
        Tables.Retire(below);
        Tables.Retire(table);
    }

    /// <summary>Every frame of RAM that is not in this domain's list, tried as a mapping.</summary>
    static void Hypervisor()
    {
        Prepare();
        byte* entries = stackalloc byte[20 * 32];
        ulong* map = stackalloc ulong[2];
        map[0] = 32;
        map[1] = (ulong)entries;
        Check.Ok("machine_memory_map", Hypercall.MemoryOp(10, map));
        ulong accepted = 0, tried = 0, errors = 0;
        for (ulong i = 0; i < (uint)map[0]; i++)
        {
            ulong start = *(ulong*)(entries + i * 20) >> 12, size = *(ulong*)(entries + i * 20 + 8) >> 12;
            if (*(uint*)(entries + i * 20 + 16) != 1)
            {
                continue;
            }

            for (ulong mfn = start < 0x100 ? 0x100 : start; mfn < start + size; mfn++)
            {
                ulong pfn = Memory.PfnOfMfn(mfn);
                if (pfn < Vcpu.Start->NrPages && Memory.MfnOfPfn(pfn) == mfn || mfn == Vcpu.Start->SharedInfo >> 12 || mfn == Grants.TableFrame)
                {
                    continue;
                }

                tried++;
                long result = PageTable.Map(window, Pte.Frame(mfn, Pte.KernelPage));
                if (result == 0)
                {
                    accepted++;
                }
                else
                {
                    errors |= 1ul << (int)-result;
                }
            }
        }

        Restore();
        Check.True("there were such frames", tried > 1000);
        Attack.Value("writable mappings of frames of others", "accepted", accepted);
        Check.True("an error other than EPERM, EINVAL and EBUSY", (errors & ~(1ul << ErrorNumber.Eperm | 1ul << ErrorNumber.Einval | 1ul << ErrorNumber.Ebusy)) == 0);
    }

    /// <summary>Entries to be changed that are no entries.</summary>
    static void Targets()
    {
        Prepare();
        ulong entry = Pte.Frame(own, Pte.KernelReadOnly);
        Attack.Result("ordinary memory", Mmu.Update(Memory.MachineOf(window), entry));
        Attack.Result("address 0", Mmu.Update(0, entry));
        Attack.Result("beyond addresses", Mmu.Update(0x000ffffffffff000, entry));
        Attack.Result("all bits", Mmu.Update(~7ul, entry));
        Attack.Result("unaligned", Mmu.Update(PageTable.LeafMachine(window) + 4, entry));
        Attack.Result("command 3 and more", Mmu.Update(PageTable.LeafMachine(window) | 7, entry));
        Attack.Result("shared_info", Mmu.Update(Vcpu.Start->SharedInfo, entry));
        Attack.Result("m2p", Mmu.Update(MachineToPhysicalFrame() << 12, entry));
        Attack.Result("lapic", Mmu.Update(LocalApic << 12, entry));
        Attack.Result("va without a table", PageTable.Map(0x0000123400000000, entry));
        Attack.Result("va in the hypervisor", PageTable.Map(0xffff82d040200000, entry));
        Attack.Result("va in the m2p", PageTable.Map(Layout.MachineToPhysical, entry));
        Attack.Result("va non-canonical", PageTable.Map(0x0000800000000000, entry));
        Attack.Result("va of all bits", PageTable.Map(~0ul, entry));
        Attack.Result("flags of update_va_mapping", Hypercall.Call(Number.UpdateVaMapping, window, Pte.Frame(own, Pte.KernelPage), 3));
        Attack.Result("flags beyond", Hypercall.Call(Number.UpdateVaMapping, window, Pte.Frame(own, Pte.KernelPage), ~0ul));
        Attack.Result("flags of a wild bitmap", Hypercall.Call(Number.UpdateVaMapping, window, Pte.Frame(own, Pte.KernelPage), 0x0000800000000000 | 2));
        Attack.Result("m2p entry beyond memory", Mmu.Update(BeyondMemory << 12 | MmuCommand.MachinePhysical, 1));
        Attack.Result("m2p entry of all bits", Mmu.Update(~7ul | MmuCommand.MachinePhysical, 1));
        Restore();
    }
}
