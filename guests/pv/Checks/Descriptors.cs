// The guest's own GDT and LDT: set_gdt, update_descriptor, set_ldt, and which descriptors are let in.
// A guest may fill entries 0 to 7167 of the GDT; the hypervisor's own follow (arch-x86/xen.h).

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class Descriptors
{
    // Low word first: limit 15:0, base 15:0; then base 23:16, type, S, DPL, P, limit 19:16, AVL, L, D, G, base 31:24.
    const ulong FlatData = 0x00cff3000000ffff, FlatCode64 = 0x00affb000000ffff, FlatCode32 = 0x00cffb000000ffff;

    public static void Run()
    {
        Check.Run("descriptor.set_gdt", &SetGdt);
        Check.Run("descriptor.set_gdt_errors", &SetGdtErrors);
        Check.Run("descriptor.page_type", &PageType);
        Check.Run("descriptor.update", &Update);
        Check.Run("descriptor.update_ordinary_memory", &UpdateOrdinary);
        Check.Run("descriptor.refused", &Refused);
        Check.Run("descriptor.privilege", &Privilege);
        Check.Run("descriptor.ldt", &Ldt);
        Check.Run("descriptor.user_code32", &UserCode32);
        Check.Run("descriptor.segment_base", &SegmentBase);
    }

    static long LoadGdt(ulong page, ulong entries)
    {
        ulong frame = Memory.MfnOf(page);
        return Hypercall.Call(Number.SetGdt, (ulong)&frame, entries);
    }

    static long Descriptor(ulong page, int index, ulong value) =>
        Hypercall.Call(Number.UpdateDescriptor, Memory.MachineOf(page) + (ulong)index * 8, value);

    static long NoGdt() => Hypercall.Call(Number.SetGdt, 0, 0);

    /// <summary>A page with these descriptors from entry 1 on, read-only, in use as the GDT.</summary>
    static ulong Table(ulong first, ulong second = 0)
    {
        ulong page = Memory.Allocate();
        ((ulong*)page)[1] = first;
        ((ulong*)page)[2] = second;
        Check.Ok("read-only", PageTable.MakeReadOnly(page));
        Check.Ok("set_gdt", LoadGdt(page, 512));
        return page;
    }

    static void Drop(ulong page)
    {
        Check.Ok("no GDT", NoGdt());
        Check.Ok("writable again", PageTable.MakeWritable(page));
    }

    /// <summary>Loads ES with a selector and clears it again: true when it did not fault.</summary>
    static bool Loads(ulong selector)
    {
        Probe.Registers.Rax = selector;
        // mov %eax,%es; xor %eax,%eax; mov %eax,%es
        return Probe.Run([0x8e, 0xc0, 0x31, 0xc0, 0x8e, 0xc0]);
    }

    static void SetGdt()
    {
        Check.True("entry 1 without a GDT", !Loads(0x0b));
        Check.Equal("the fault", 13, Trap.Last.Number);
        Check.Equal("its code", 0x08, Trap.Last.Error);
        ulong page = Table(FlatData);
        Check.True("entry 1", Loads(0x0b));
        Check.True("entry 2, absent", !Loads(0x13));
        Check.Equal("the fault", 13, Trap.Last.Number);
        Check.Equal("its code", 0x10, Trap.Last.Error);
        Check.True("the hypervisor's own are there still", Loads(Selector.Data));
        Drop(page);
        Check.True("entry 1 is gone", !Loads(0x0b));
    }

    static void SetGdtErrors()
    {
        ulong page = Memory.Allocate();
        Check.Result("frame mapped writable", -ErrorNumber.Einval, LoadGdt(page, 512));
        Check.Ok("read-only", PageTable.MakeReadOnly(page));
        Check.Result("7169 entries", -ErrorNumber.Einval, LoadGdt(page, 7169));
        ulong* frames = stackalloc ulong[2];
        frames[0] = Memory.MfnOf(page);
        frames[1] = 0xfffffffff;
        Check.Result("second frame bad", -ErrorNumber.Einval, Hypercall.Call(Number.SetGdt, (ulong)frames, 513));
        frames[1] = frames[0];
        Check.Ok("the same frame twice", Hypercall.Call(Number.SetGdt, (ulong)frames, 1024));
        Check.Ok("no GDT", NoGdt());
        frames[0] = Memory.MfnOf(Vcpu.Start->PtBase);
        Check.Result("a page table", -ErrorNumber.Einval, Hypercall.Call(Number.SetGdt, (ulong)frames, 512));
        Check.Result("frames unmapped", -ErrorNumber.Efault, Hypercall.Call(Number.SetGdt, 0x12345000, 512));
        Check.Ok("writable", PageTable.MakeWritable(page));
    }

    static void PageType()
    {
        ulong page = Table(FlatData);
        Check.Result("map the GDT's page writable", -ErrorNumber.Ebusy, PageTable.MakeWritable(page));
        Check.Faulted("write to it", Probe.TryWrite(page + 8, 0), 14, 3);
        Check.Result("pin it as a page table", -ErrorNumber.Einval, Mmu.Ext(MmuextCommand.PinL1, Memory.MfnOf(page)));
        Drop(page);
    }

    static void Update()
    {
        ulong page = Table(FlatData);
        Check.Ok("entry 2", Descriptor(page, 2, FlatData));
        Check.Equal("written", FlatData, ((ulong*)page)[2]);
        Check.True("loads", Loads(0x13));
        Check.Ok("entry 2, absent", Descriptor(page, 2, 0));
        Check.True("does not load", !Loads(0x13));
        Check.Ok("not present, any content", Descriptor(page, 3, 0x00007fff12345678));
        Check.Equal("written", 0x00007fff12345678, ((ulong*)page)[3]);
        Drop(page);
    }

    static void UpdateOrdinary()
    {
        ulong page = Memory.Allocate();
        Check.Ok("a good descriptor", Descriptor(page, 5, FlatData));
        Check.Equal("written", FlatData, ((ulong*)page)[5]);
        Check.Result("not aligned", -ErrorNumber.Einval, Hypercall.Call(Number.UpdateDescriptor, Memory.MachineOf(page) + 4, FlatData));
        Check.Result("bad frame", -ErrorNumber.Einval, Hypercall.Call(Number.UpdateDescriptor, 0xfffffffffful << 12, FlatData));
        Check.Result("a page table", -ErrorNumber.Einval, Hypercall.Call(Number.UpdateDescriptor, Memory.MachineOf(Vcpu.Start->PtBase), FlatData));
    }

    static void Refused()
    {
        ulong page = Memory.Allocate();
        Check.Ok("call gate, which is let in", Descriptor(page, 1, 0x0000ec000008ffff));
        Check.Result("interrupt gate", -ErrorNumber.Einval, Descriptor(page, 1, 0x0000ee000008ffff));
        Check.Result("trap gate", -ErrorNumber.Einval, Descriptor(page, 1, 0x0000ef000008ffff));
        Check.Result("task gate", -ErrorNumber.Einval, Descriptor(page, 1, 0x0000e5000008ffff));
        Check.Result("TSS, free", -ErrorNumber.Einval, Descriptor(page, 1, 0x0000e9000000ffff));
        Check.Result("TSS, busy", -ErrorNumber.Einval, Descriptor(page, 1, 0x0000eb000000ffff));
        Check.Result("LDT", -ErrorNumber.Einval, Descriptor(page, 1, 0x0000e2000000ffff));
        Check.Ok("system type 0", Descriptor(page, 1, 0x0000e0000000ffff));
        ((ulong*)page)[9] = 0x0000ee000008ffff;
        Check.Ok("read-only", PageTable.MakeReadOnly(page));
        Check.Result("set_gdt of a page with an interrupt gate", -ErrorNumber.Einval, LoadGdt(page, 512));
        Check.Ok("writable", PageTable.MakeWritable(page));
        ((ulong*)page)[9] = 0;
    }

    /// <summary>A descriptor of less than ring 3 is let in, as ring 3.</summary>
    static void Privilege()
    {
        ulong page = Table(0x00cf93000000ffff, 0x00af9b000000ffff);
        Check.Value("data of DPL 0 becomes", ((ulong*)page)[1]);
        Check.Value("code of DPL 0 becomes", ((ulong*)page)[2]);
        Check.Ok("update, DPL 0", Descriptor(page, 3, 0x00cf93000000ffff));
        Check.Value("updated data of DPL 0 becomes", ((ulong*)page)[3]);
        Check.Ok("not yet accessed", Descriptor(page, 4, 0x00cff2000000ffff));
        Check.Value("data not accessed becomes", ((ulong*)page)[4]);
        Check.Ok("64-bit and 32-bit at once", Descriptor(page, 5, 0x00effb000000ffff));
        Check.Value("code with L and D becomes", ((ulong*)page)[5]);
        Drop(page);
    }

    static void Ldt()
    {
        ulong page = Memory.Allocate();
        ((ulong*)page)[1] = FlatData;
        Check.Ok("set_ldt of a writable page", Mmu.Ext(MmuextCommand.SetLdt, page, 512));
        Check.True("entry 1, while the page is writable", !Loads(0x0f));
        Check.Value("the fault", Trap.Last.Number);
        Check.Value("its code", Trap.Last.Error);
        Check.Value("cr2 minus the page's address", Trap.LastCr2 - page);
        Check.Ok("read-only", PageTable.MakeReadOnly(page));
        Check.True("entry 1", Loads(0x0f));
        Check.Result("map it writable while used", -ErrorNumber.Ebusy, PageTable.MakeWritable(page));
        Check.Ok("update entry 2", Descriptor(page, 2, FlatData));
        Check.True("entry 2", Loads(0x17));
        Check.Ok("none", Mmu.Ext(MmuextCommand.SetLdt, 0, 0));
        Check.True("entry 1 is gone", !Loads(0x0f));
        Check.Equal("the fault", 13, Trap.Last.Number);
        Check.Ok("writable", PageTable.MakeWritable(page));
    }

    /// <summary>32-bit user code through the flat segment of the hypervisor, as compatibility processes use it.</summary>
    static void UserCode32()
    {
        UserMode.Prepare();
        UserMode.Registers.Cs = Selector.Code32;
        // 40 is "inc %eax" in 32-bit code and a REX prefix in 64-bit code; int $0x80
        UserMode.Registers.Rax = 5;
        Check.Equal("int $0x80", 0x80, UserMode.Run([0x40, 0xcd, 0x80]));
        Check.Equal("it was 32-bit code", 6, Trap.Last.Rax);
        Check.Equal("cs", Selector.Code32, Trap.Last.Cs & 0xffff);
        Check.Equal("rip", UserMode.CodeAddress + 3, Trap.Last.Rip);

        Check.Ok("syscall32", Hypercall.RegisterCallback(CallbackType.Syscall32, 0, Native.TrapStubAddress(Entries.Syscall32)));
        UserMode.Reset();
        UserMode.Registers.Cs = Selector.Code32;
        Check.Equal("SYSCALL from 32-bit code", Entries.Syscall32, UserMode.Run([0x0f, 0x05]));
        Check.Equal("cs", Selector.Code32, Trap.Last.Cs & 0xffff);
        Check.Equal("rip", UserMode.CodeAddress + 2, Trap.Last.Rip);
    }

    static void SegmentBase()
    {
        UserMode.Prepare();
        // data segment of base 0x401000 and 1 page, byte granular, in 32-bit user code
        ulong page = Table(0);
        ulong descriptor = 0x0fff | (UserMode.DataAddress & 0xffffff) << 16 | 0x0040f30000000000 | (UserMode.DataAddress >> 24) << 56;
        Check.Ok("descriptor", Descriptor(page, 1, descriptor));
        UserMode.Data[0] = 0x11223344;
        UserMode.Registers.Cs = Selector.Code32;
        UserMode.Registers.Rax = 0x0b;
        // mov %eax,%fs; mov %fs:0,%eax; int $0x80
        Check.Equal("entry", 0x80, UserMode.Run([0x8e, 0xe0, 0x64, 0xa1, 0, 0, 0, 0, 0xcd, 0x80]));
        Check.Equal("read through FS", 0x11223344, Trap.Last.Rax);
        Check.True("fs cleared", Probe.Run([0x31, 0xc0, 0x8e, 0xe0])); // xor %eax,%eax; mov %eax,%fs
        Drop(page);
    }
}
