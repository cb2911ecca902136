// Changes of L1 entries: update_va_mapping and mmu_update, the bits the hypervisor adds, and what it refuses.
// The error numbers are those of Xen 4.17.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class Mapping
{
    const ulong Mark = 0x1badb002cafef00d;

    public static void Run()
    {
        Check.Run("map.update_va_mapping", &UpdateVaMapping);
        Check.Run("map.update_va_mapping_errors", &UpdateVaMappingErrors);
        Check.Run("map.kernel_and_user_bits", &KernelAndUserBits);
        Check.Run("map.refused_bits", &RefusedBits);
        Check.Run("map.mmu_update", &MmuUpdate);
        Check.Run("map.mmu_update_list", &MmuUpdateList);
        Check.Run("map.mmu_update_errors", &MmuUpdateErrors);
        Check.Run("map.preserve_accessed_dirty", &PreserveAccessedDirty);
        Check.Run("map.machphys_update", &MachphysUpdate);
        Check.Run("map.own_table", &OwnTable);
        Check.Run("map.bad_frames", &BadFrames);
        Check.Run("map.foreign_domains", &ForeignDomains);
    }

    static void UpdateVaMapping()
    {
        ulong a = Memory.Allocate(), b = Memory.Allocate();
        *(ulong*)a = 1;
        *(ulong*)b = Mark;
        Check.Ok("unmap", Hypercall.Call(Number.UpdateVaMapping, a, 0, UpdateFlags.InvlpgLocal));
        Check.Faulted("read", Probe.TryRead(a, out _), 14, 0);
        Check.Equal("cr2", a, Trap.LastCr2);
        Check.Faulted("write", Probe.TryWrite(a + 8, 0), 14, 2);
        Check.Equal("cr2", a + 8, Trap.LastCr2);
        Check.Ok("map another frame", PageTable.Map(a, Pte.Frame(Memory.MfnOf(b), Pte.KernelPage)));
        Check.Equal("its content", Mark, *(ulong*)a);
        *(ulong*)a = Mark + 1;
        Check.Equal("written through", Mark + 1, *(ulong*)b);
        Check.Ok("read-only", PageTable.Map(a, Pte.Frame(Memory.MfnOf(b), Pte.KernelReadOnly)));
        Check.Faulted("write to a read-only page", Probe.TryWrite(a, 0), 14, 3);

        foreach (byte flags in (System.ReadOnlySpan<byte>)[0, 1, 2, 5, 6])
        {
            Check.Ok("flush flags", Hypercall.Call(Number.UpdateVaMapping, a, Pte.Frame(Memory.MfnOf(b), Pte.KernelPage), flags));
        }

        ulong vcpus = 1;
        Check.Ok("flush of chosen vCPUs", Hypercall.Call(Number.UpdateVaMapping, a, Pte.Frame(Memory.MfnOf(b), Pte.KernelPage), (ulong)&vcpus | 1));
        Check.Ok("no execution", PageTable.Map(a, Pte.Frame(Memory.MfnOf(b), Pte.KernelPage | Pte.NoExecute)));
        Check.Faulted("jump to it", Probe.RunAt(a), 14, 0x11);
        Check.Ok("back", PageTable.MakeWritable(a));
        Check.Equal("the old frame", 1, *(ulong*)a);
    }

    static void UpdateVaMappingErrors()
    {
        ulong page = Memory.Allocate();
        ulong entry = Pte.Frame(Memory.MfnOf(page), Pte.KernelPage);
        Check.Result("address without an L1", -ErrorNumber.Einval, Hypercall.Call(Number.UpdateVaMapping, 0xffffffffc0000000, entry, 0));
        Check.Result("address 0", -ErrorNumber.Einval, Hypercall.Call(Number.UpdateVaMapping, 0, entry, 0));
        Check.Result("address in the hypervisor", -ErrorNumber.Einval, Hypercall.Call(Number.UpdateVaMapping, 0xffff82d040200000, entry, 0));
        Check.Result("address of the M2P", -ErrorNumber.Einval, Hypercall.Call(Number.UpdateVaMapping, Layout.MachineToPhysical, entry, 0));
        Check.Result("non-canonical address", -ErrorNumber.Einval, Hypercall.Call(Number.UpdateVaMapping, 0x0000800000000000, entry, 0));
        Check.Ok("flush type 3", Hypercall.Call(Number.UpdateVaMapping, page, entry, 3));
        Check.Ok("address within a page", Hypercall.Call(Number.UpdateVaMapping, page + 8, entry, UpdateFlags.InvlpgLocal));
        Check.Equal("entry", Memory.MfnOf(page), Pte.MfnOf(PageTable.Leaf(page)));
    }

    static void KernelAndUserBits()
    {
        ulong page = Memory.Allocate();
        ulong frame = Memory.MfnOf(page);
        const ulong shown = ~(Pte.FrameMask | Pte.Accessed | Pte.Dirty);
        Check.Ok("kernel page", PageTable.Map(page, Pte.Frame(frame, Pte.Present | Pte.Writable)));
        Check.Equal("kernel page", 7 | Pte.GuestKernel, PageTable.Leaf(page) & shown);
        Check.Ok("user page", PageTable.Map(page, Pte.Frame(frame, Pte.Present | Pte.Writable | Pte.User)));
        Check.Equal("user page", 7 | Pte.Global, PageTable.Leaf(page) & shown);
        Check.Ok("kernel page with G", PageTable.Map(page, Pte.Frame(frame, Pte.Present | Pte.Writable | Pte.Global)));
        Check.Value("kernel page with G", PageTable.Leaf(page) & shown);
        Check.Ok("available bits", PageTable.Map(page, Pte.Frame(frame, Pte.KernelPage | Pte.Available)));
        Check.Equal("available bits", 7 | Pte.Available | Pte.GuestKernel, PageTable.Leaf(page) & shown);
        Check.Ok("uncached", PageTable.Map(page, Pte.Frame(frame, Pte.KernelPage | Pte.CacheDisable)));
        Check.Equal("uncached", 7 | Pte.CacheDisable | Pte.GuestKernel, PageTable.Leaf(page) & shown);
        Check.Ok("without present, any bits", PageTable.Map(page, 0x7ff0123456789abe));
        Check.Equal("without present, any bits", 0x7ff0123456789abe, PageTable.Leaf(page));
        Check.Ok("back", PageTable.MakeWritable(page));
    }

    /// <summary>Every bit that is neither frame nor one of the low five, tried alone.</summary>
    static void RefusedBits()
    {
        ulong page = Memory.Allocate();
        ulong refused = 0, dropped = 0, added = 0;
        long error = 0;
        for (int bit = 3; bit < 64; bit++)
        {
            if (bit is >= 12 and < 52)
            {
                continue;
            }

            ulong flag = 1ul << bit;
            long result = PageTable.Map(page, Pte.Frame(Memory.MfnOf(page), Pte.Present | Pte.Writable | Pte.User) | flag);
            if (result != 0)
            {
                refused |= flag;
                error = result;
                continue;
            }

            ulong leaf = PageTable.Leaf(page) & ~Pte.FrameMask & ~(Pte.Accessed | Pte.Dirty);
            dropped |= flag & ~(leaf | Pte.Accessed | Pte.Dirty);
            added |= leaf & ~(flag | 7);
        }

        Check.Value("refused", refused);
        Check.Ok("the error", error);
        Check.Value("dropped", dropped);
        Check.Value("added", added);
        Check.Ok("back", PageTable.MakeWritable(page));
    }

    static void MmuUpdate()
    {
        ulong a = Memory.Allocate(), b = Memory.Allocate();
        *(ulong*)b = Mark;
        ulong pointer = PageTable.LeafMachine(a);
        Check.Ok("update", Mmu.Update(pointer, Pte.Frame(Memory.MfnOf(b), Pte.KernelPage)));
        Check.Equal("done", 1, Mmu.Done);
        Check.Ok("invlpg", Mmu.Ext(MmuextCommand.InvlpgLocal, a));
        Check.Equal("content", Mark, *(ulong*)a);
        Check.Equal("bits", Pte.GuestKernel | Pte.User, PageTable.Leaf(a) & (Pte.GuestKernel | Pte.User | Pte.Global));
        Check.Ok("no_translate", Mmu.Update(pointer | MmuCommand.NoTranslate, Pte.Frame(Memory.MfnOf(a), Pte.KernelPage)));
        Check.Ok("flush", Mmu.Ext(MmuextCommand.TlbFlushLocal));
        Check.Equal("content", 0, *(ulong*)a);

        // A frame that is ordinary writable memory may be written too.
        Check.Ok("update of ordinary memory", Mmu.Update(Memory.MachineOf(b), Mark + 2));
        Check.Equal("written", Mark + 2, *(ulong*)b);
    }

    static void MmuUpdateList()
    {
        ulong a = Memory.Allocate(3), b = Memory.Allocate(3);
        MmuRequest* requests = stackalloc MmuRequest[3];
        for (ulong i = 0; i < 3; i++)
        {
            *(ulong*)(b + i * 4096) = Mark + i;
            requests[i].Pointer = PageTable.LeafMachine(a + i * 4096);
            requests[i].Value = Pte.Frame(Memory.MfnOf(b + i * 4096), Pte.KernelPage);
        }

        Check.Ok("list of 0", Mmu.Update(requests, 0));
        Check.Ok("done of a list of 0", Mmu.Done);
        Check.Ok("list of 3", Mmu.Update(requests, 3));
        Check.Equal("done", 3, Mmu.Done);
        Check.Ok("flush", Mmu.Ext(MmuextCommand.TlbFlushLocal));
        for (ulong i = 0; i < 3; i++)
        {
            Check.Equal("content", Mark + i, *(ulong*)(a + i * 4096));
        }

        // The second is refused: the first has been done, the third has not.
        for (ulong i = 0; i < 3; i++)
        {
            requests[i].Value = i == 1 ? Pte.Frame(0xfffffffff, Pte.KernelPage) : Pte.Frame(Memory.MfnOf(a + i * 4096), Pte.KernelPage);
        }

        Check.Result("list with a bad frame", -ErrorNumber.Eperm, Mmu.Update(requests, 3));
        Check.Equal("done", 1, Mmu.Done);
        Check.Ok("flush", Mmu.Ext(MmuextCommand.TlbFlushLocal));
        Check.Equal("first", 0, *(ulong*)a);
        Check.Equal("second", Mark + 1, *(ulong*)(a + 4096));
        Check.Equal("third", Mark + 2, *(ulong*)(a + 2 * 4096));
        for (ulong i = 0; i < 3; i++)
        {
            Check.Ok("back", PageTable.MakeWritable(a + i * 4096));
        }

        Check.Result("list in the hypervisor", -ErrorNumber.Efault, Mmu.Update((MmuRequest*)0xffff82d040200000, 1));
        Check.Result("list unmapped", -ErrorNumber.Efault, Mmu.Update((MmuRequest*)0x12345000, 1));
    }

    static void MmuUpdateErrors()
    {
        ulong page = Memory.Allocate();
        Check.Result("entry in a bad frame", -ErrorNumber.Einval, Mmu.Update(0xfffffffffful << 12, 0));
        Check.Result("entry in memory of nobody's", -ErrorNumber.Einval, Mmu.Update(0xfee00ul << 12, 0));
        Check.Result("entry not aligned", -ErrorNumber.Enosys, Mmu.Update(PageTable.LeafMachine(page) + 4, 0));
        Check.Equal("unchanged", Memory.MfnOf(page), Pte.MfnOf(PageTable.Leaf(page)));
        Check.Ok("entry in shared_info", Mmu.Update(Vcpu.Start->SharedInfo + 4088, 0));
    }

    static void PreserveAccessedDirty()
    {
        ulong page = Memory.Allocate();
        ulong pointer = PageTable.LeafMachine(page);
        ulong clean = Pte.Frame(Memory.MfnOf(page), Pte.Present | Pte.Writable);
        const ulong both = Pte.Accessed | Pte.Dirty;
        Check.Ok("clear A and D", PageTable.Map(page, clean));
        Check.Equal("cleared", 0, PageTable.Leaf(page) & both);
        _ = *(ulong*)page;
        Check.Equal("after a read", Pte.Accessed, PageTable.Leaf(page) & both);
        *(ulong*)page = 1;
        Check.Equal("after a write", both, PageTable.Leaf(page) & both);
        Check.Ok("preserving update", Mmu.Update(pointer | MmuCommand.PreserveAccessedDirty, clean | Pte.Available));
        Check.Equal("A and D stay, the rest is new", both | Pte.Available, PageTable.Leaf(page) & (both | Pte.Available));
        Check.Ok("normal update", Mmu.Update(pointer, clean));
        Check.Equal("A and D go", 0, PageTable.Leaf(page) & (both | Pte.Available));
        Check.Ok("back", PageTable.MakeWritable(page));
    }

    static void MachphysUpdate()
    {
        ulong page = Memory.Allocate();
        ulong mfn = Memory.MfnOf(page), pfn = Memory.PfnOf(page);
        Check.Ok("update", Mmu.Update(mfn << 12 | MmuCommand.MachinePhysical, 0x123456));
        Check.Equal("m2p", 0x123456, Memory.PfnOfMfn(mfn));
        Check.Ok("back", Mmu.Update(mfn << 12 | MmuCommand.MachinePhysical, pfn));
        Check.Equal("m2p", pfn, Memory.PfnOfMfn(mfn));
        Check.Result("frame of nobody's", -ErrorNumber.Einval, Mmu.Update(0xfee00ul << 12 | MmuCommand.MachinePhysical, 1));
        Check.Result("frame out of range", -ErrorNumber.Einval, Mmu.Update(0xfffffffffful << 12 | MmuCommand.MachinePhysical, 1));
    }

    static void OwnTable()
    {
        ulong page = Memory.Allocate();
        ulong entry = PageTable.EntryAddress(page, 1) & ~4095ul;
        for (int level = 1; level <= 4; level++)
        {
            ulong table = PageTable.EntryAddress(page, level) & ~4095ul;
            Check.Result("page table mapped writable", -ErrorNumber.Ebusy, PageTable.Map(page, Pte.Frame(Memory.MfnOf(table), Pte.KernelPage)));
            Check.Ok("page table mapped read-only", PageTable.Map(page, Pte.Frame(Memory.MfnOf(table), Pte.KernelReadOnly)));
        }

        Check.Result("by mmu_update", -ErrorNumber.Ebusy, Mmu.Update(PageTable.LeafMachine(page), Pte.Frame(Memory.MfnOf(entry), Pte.KernelPage)));
        Check.Ok("back", PageTable.MakeWritable(page));
    }

    static void BadFrames()
    {
        ulong page = Memory.Allocate();
        Check.Result("frame beyond the address width", -ErrorNumber.Eperm, PageTable.Map(page, Pte.Frame(0xfffffffff, Pte.KernelPage)));
        Check.Result("frame in a hole, 1 TiB - 4 GiB", -ErrorNumber.Eperm, PageTable.Map(page, Pte.Frame(0xff00000, Pte.KernelPage)));
        Check.Result("local APIC", -ErrorNumber.Eperm, PageTable.Map(page, Pte.Frame(0xfee00, Pte.KernelPage)));
        Check.Ok("I/O APIC", PageTable.Map(page, Pte.Frame(0xfec00, Pte.KernelPage)));
        Check.Equal("becomes read-only", 0, PageTable.Leaf(page) & Pte.Writable);
        Check.True("and a write to it is dropped", Probe.TryWrite(page + 0x800, 0));
        Check.Result("local APIC, read-only", -ErrorNumber.Eperm, PageTable.Map(page, Pte.Frame(0xfee00, Pte.KernelReadOnly)));
        Check.Ok("text screen", PageTable.Map(page, Pte.Frame(0xb8, Pte.KernelPage)));
        Check.Ok("machine frame 0", PageTable.Map(page, Pte.Frame(0, Pte.KernelPage)));
        Check.Ok("back", PageTable.MakeWritable(page));
    }

    static void ForeignDomains()
    {
        ulong page = Memory.Allocate();
        ulong pointer = PageTable.LeafMachine(page);
        ulong entry = Pte.Frame(Memory.MfnOf(page), Pte.KernelPage);
        Check.Result("mmu_update for itself by number 0", -ErrorNumber.Esrch, Mmu.Update(pointer, entry, 0));
        Check.Result("for domain 5, absent", -ErrorNumber.Esrch, Mmu.Update(pointer, entry, 5));
        Check.Ok("for DOMID_IO, own frame", Mmu.Update(pointer, entry, Domid.Io));
        Check.Ok("for DOMID_IO, text screen", Mmu.Update(pointer, Pte.Frame(0xb8, Pte.KernelPage), Domid.Io));
        Check.Result("for DOMID_INVALID", -ErrorNumber.Esrch, Mmu.Update(pointer, entry, Domid.Invalid));
        Check.Result("for 0x7fff", -ErrorNumber.Esrch, Mmu.Update(pointer, entry, 0x7fff));
        Check.Result("page tables of domain 5", -ErrorNumber.Esrch, Mmu.Update(pointer, entry, 6ul << 16 | 0));
        Check.Ok("back", PageTable.MakeWritable(page));
    }
}
