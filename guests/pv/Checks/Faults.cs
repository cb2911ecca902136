// Exceptions of the kernel itself: each reaches the gate of set_trap_table with the right frame, and the iret hypercall
// goes back. The error code's U bit is clear, since the kernel counts as supervisor though it runs in ring 3.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class Faults
{
    public static void Run()
    {
        Check.Run("fault.frame", &Frame);
        Check.Run("fault.upcall_mask", &UpcallMask);
        Check.Run("fault.gate_masks_events", &GateMasksEvents);
        Check.Run("fault.page_fault", &PageFault);
        Check.Run("fault.divide", &Divide);
        Check.Run("fault.breakpoint", &Breakpoint);
        Check.Run("fault.invalid_opcode", &InvalidOpcode);
        Check.Run("fault.general_protection", &GeneralProtection);
        Check.Run("fault.int_n", &IntN);
        Check.Run("fault.single_step", &SingleStep);
        Check.Run("fault.device_not_available", &DeviceNotAvailable);
        Check.Run("fault.x87", &X87);
        Check.Run("fault.iret_registers", &IretRegisters);
        Check.Run("fault.iret_flags", &IretFlags);
        Check.Run("fault.bad_iret", &BadIret);
        Check.Run("fault.trap_table_errors", &TrapTableErrors);
        Check.Run("fault.callback_errors", &CallbackErrors);
        Check.Run("fault.writable_page_tables", &WritablePageTables);
        Check.Run("fault.writable_page_tables_refused", &WritablePageTablesRefused);
        Check.Run("fault.writable_page_tables_off", &WritablePageTablesOff);
    }

    /// <summary>UD2 with known registers: what is saved, and where.</summary>
    static void Frame()
    {
        Probe.Registers = default;
        Probe.Registers.Rbx = 0xb0b0b0b0b0b0b0b0;
        Probe.Registers.Rcx = 0xc0c0c0c0c0c0c0c0;
        Probe.Registers.R8 = 0x0808080808080808;
        // mov %rsp,%rax; mov $0x1234,%r11d; ud2
        Check.Faulted("ud2", Probe.Run([0x48, 0x89, 0xe0, 0x41, 0xbb, 0x34, 0x12, 0, 0, 0x0f, 0x0b]), 6, 0);
        ref TrapFrame frame = ref Trap.Last;
        Check.Equal("rip", Probe.Start + 9, frame.Rip);
        Check.Equal("cs", Selector.KernelCode64, frame.Cs & 0xffff);
        Check.Equal("saved upcall mask", 1, frame.Cs >> 32);
        Check.Equal("ss", Selector.Data, frame.Ss);
        Check.Equal("rsp", frame.Rax, frame.Rsp);
        Check.Equal("rflags: IF is the inverse of the mask", 0, frame.Rflags & 0x200);
        Check.Equal("rbx", 0xb0b0b0b0b0b0b0b0, frame.Rbx);
        Check.Equal("rcx", 0xc0c0c0c0c0c0c0c0, frame.Rcx);
        Check.Equal("r8", 0x0808080808080808, frame.R8);
        Check.Equal("r11", 0x1234, frame.R11);
        Check.Equal("frame's end: below rsp, 16-byte aligned", frame.Rsp & ~15ul, Trap.LastFrameEnd);
    }

    static void UpcallMask()
    {
        Vcpu.Info->UpcallMask = 0;
        bool completed = Probe.Run([0x0f, 0x0b]);
        byte after = Vcpu.Info->UpcallMask;
        Vcpu.Info->UpcallMask = 1;
        Check.Faulted("ud2", completed, 6, 0);
        Check.Equal("saved upcall mask", 0, Trap.Last.Cs >> 32);
        Check.Equal("rflags.IF", 0x200, Trap.Last.Rflags & 0x200);
        Check.Equal("mask inside the handler", 0, Trap.LastMaskInside);
        Check.Equal("mask after iret", 0, after);
    }

    static void GateMasksEvents()
    {
        Check.Ok("gate with bit 2", Trap.SetGate(6, 4, Native.TrapStubAddress(6)));
        Vcpu.Info->UpcallMask = 0;
        bool completed = Probe.Run([0x0f, 0x0b]);
        byte after = Vcpu.Info->UpcallMask;
        Vcpu.Info->UpcallMask = 1;
        Check.Faulted("ud2", completed, 6, 0);
        Check.Equal("mask inside the handler", 1, Trap.LastMaskInside);
        Check.Equal("saved upcall mask", 0, Trap.Last.Cs >> 32);
        Check.Equal("rflags.IF", 0x200, Trap.Last.Rflags & 0x200);
        Check.Equal("mask after iret", 0, after);
        Check.Ok("gate as before", Trap.SetGate(6, 0, Native.TrapStubAddress(6)));
    }

    static void PageFault()
    {
        const ulong absent = 0xffffffffc0000123;
        Check.Faulted("read", Probe.TryRead(absent, out _), 14, 0);
        Check.Equal("cr2", absent, Trap.LastCr2);
        Check.Equal("rip", Probe.Start, Trap.Last.Rip);
        Check.Faulted("write", Probe.TryWrite(absent + 1, 0), 14, 2);
        Check.Equal("cr2", absent + 1, Trap.LastCr2);
        Check.Faulted("jump", Probe.RunAt(absent), 14, 0x10);
        Check.Equal("cr2", absent, Trap.LastCr2);
        Check.Equal("rip", absent, Trap.Last.Rip);
        Check.Faulted("address 0", Probe.TryRead(0, out _), 14, 0);
        Check.Equal("cr2", 0, Trap.LastCr2);
        Check.Faulted("lower half", Probe.TryWrite(0x123456789000, 0), 14, 2);

        // A write across two pages of which the second is absent: cr2 is the second page.
        ulong page = Memory.Allocate(2);
        Check.Ok("unmap", Hypercall.Call(Number.UpdateVaMapping, page + 4096, 0, UpdateFlags.InvlpgLocal));
        Check.Faulted("write across", Probe.TryWrite(page + 4092, 0), 14, 2);
        Check.Equal("cr2", page + 4096, Trap.LastCr2);
        Check.Ok("back", PageTable.MakeWritable(page + 4096));
    }

    static void Divide()
    {
        // xor %ecx,%ecx; div %ecx
        Check.Faulted("div by 0", Probe.Run([0x31, 0xc9, 0xf7, 0xf1]), 0, 0);
        Check.Equal("rip", Probe.Start + 2, Trap.Last.Rip);
    }

    static void Breakpoint()
    {
        Check.Faulted("int3", Probe.Run([0x90, 0xcc]), 3, 0);
        Check.Equal("rip is past it", Probe.Start + 2, Trap.Last.Rip);
        Check.Faulted("int $4", Probe.Run([0xcd, 0x04]), 4, 0);
        Check.Equal("rip is past it", Probe.Start + 2, Trap.Last.Rip);
    }

    static void InvalidOpcode()
    {
        Check.Faulted("ud2", Probe.Run([0x90, 0x0f, 0x0b]), 6, 0);
        Check.Equal("rip", Probe.Start + 1, Trap.Last.Rip);
        Check.Faulted("lock nop", Probe.Run([0xf0, 0x90]), 6, 0);
        // ud2 'x' 'e' then something else than 'n': the prefix must be whole
        Check.Faulted("half a prefix", Probe.Run([0x0f, 0x0b, 0x78, 0x65, 0x90, 0x0f, 0xa2]), 6, 0);
        Check.Equal("rip", Probe.Start, Trap.Last.Rip);
        // the whole prefix before something else than CPUID
        Check.Faulted("prefix without cpuid", Probe.Run([0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x90, 0x90]), 6, 0);
        Check.Equal("rip", Probe.Start, Trap.Last.Rip);
    }

    static void GeneralProtection()
    {
        Check.Faulted("hlt", Probe.Run([0xf4]), 13, 0);
        Check.Equal("rip", Probe.Start, Trap.Last.Rip);
        Check.Faulted("non-canonical read", Probe.TryRead(0x0000800000000000, out _), 13, 0);
        Check.Faulted("non-canonical write", Probe.TryWrite(0x8000000000000000, 0), 13, 0);
        // lgdt (%rsp), lidt (%rsp), ltr %ax, mov %rax,%cr8, invd, lmsw %ax, rsm is #UD
        Check.Faulted("lgdt", Probe.Run([0x0f, 0x01, 0x14, 0x24]), 13, 0);
        Check.Faulted("lidt", Probe.Run([0x0f, 0x01, 0x1c, 0x24]), 13, 0);
        Check.Faulted("lldt", Probe.Run([0x0f, 0x00, 0xd0]), 13, 0);
        Check.Faulted("ltr", Probe.Run([0x0f, 0x00, 0xd8]), 13, 0);
        Check.Faulted("mov to cr8", Probe.Run([0x44, 0x0f, 0x22, 0xc0]), 13, 0);
        Check.Faulted("invd", Probe.Run([0x0f, 0x08]), 13, 0);
        Check.Faulted("invlpg", Probe.Run([0x0f, 0x01, 0x3c, 0x24]), 13, 0);
        Check.Faulted("swapgs", Probe.Run([0x0f, 0x01, 0xf8]), 13, 0);
        Check.Faulted("sysret", Probe.Run([0x48, 0x0f, 0x07]), 13, 0);
        // mov $0x1238,%eax; mov %eax,%es : a selector beyond the table's limit
        Check.Faulted("bad selector", Probe.Run([0xb8, 0x38, 0xf2, 0, 0, 0x8e, 0xc0]), 13, 0xf238);
        Check.Equal("rip", Probe.Start + 5, Trap.Last.Rip);
    }

    /// <summary>
    /// INT n through the table: a 64-bit kernel runs in ring 3, so it too needs a gate of DPL 3. Only n = 0, 3, 4 and 0x80 are
    /// tried, since TCG gives the hypervisor a wrong error code for a closed gate (vector * 16 + 2), harmless for 0 alone.
    /// </summary>
    static void IntN()
    {
        Check.Faulted("int $0x80", Probe.Run([0xcd, 0x80]), 0x80, 0);
        Check.Equal("rip is past it", Probe.Start + 2, Trap.Last.Rip);
        Check.Faulted("int $0, gate of DPL 0", Probe.Run([0xcd, 0x00]), 13, 2);
        Check.Equal("rip is at it", Probe.Start, Trap.Last.Rip);
        Check.Ok("gate 0 of DPL 3", Trap.SetGate(0, 3, Native.TrapStubAddress(0)));
        Check.Faulted("int $0", Probe.Run([0xcd, 0x00]), 0, 0);
        Check.Equal("rip is past it", Probe.Start + 2, Trap.Last.Rip);
        Check.Ok("gate 0 of DPL 0", Trap.SetGate(0, 0, Native.TrapStubAddress(0)));
    }

    static void SingleStep()
    {
        // pushfq; orl $0x100,(%rsp); popfq; nop; nop
        Check.Faulted("step", Probe.Run([0x9c, 0x81, 0x0c, 0x24, 0x00, 0x01, 0, 0, 0x9d, 0x90, 0x90]), 1, 0);
        Check.Equal("rip", Probe.Start + 10, Trap.Last.Rip);
        Check.Equal("TF in the frame", 0x100, Trap.Last.Rflags & 0x100);
        Check.Equal("DR6.BS", 0x4000, (ulong)Hypercall.Call(Number.GetDebugreg, 6) & 0x4000);
    }

    /// <summary>fpu_taskswitch(1), then an SSE instruction: once #NM, with TS gone afterwards.</summary>
    static void DeviceNotAvailable()
    {
        Probe.Registers = default;
        Probe.Registers.Rax = Number.FpuTaskswitch;
        Probe.Registers.Rdi = 1;
        // syscall; movaps %xmm0,%xmm0
        Check.Faulted("movaps with TS", Probe.Run([0x0f, 0x05, 0x0f, 0x28, 0xc0]), 7, 0);
        Check.Equal("rip", Probe.Start + 2, Trap.Last.Rip);
        Check.True("movaps again", Probe.Run([0x0f, 0x28, 0xc0]));

        Probe.Registers = default;
        Probe.Registers.Rax = Number.FpuTaskswitch;
        Probe.Registers.Rdi = 1;
        // syscall; mov $5,%eax; xor %edi,%edi; syscall; movaps %xmm0,%xmm0
        Check.True("set and clear", Probe.Run([0x0f, 0x05, 0xb8, 5, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05, 0x0f, 0x28, 0xc0]));
    }

    static void X87()
    {
        ulong* control = stackalloc ulong[1];
        *control = 0x37b; // divide by zero unmasked
        Probe.Registers = default;
        Probe.Registers.Rdi = (ulong)control;
        // fninit; fldcw (%rdi); fld1; fldz; fdivrp; fwait
        bool completed = Probe.Run([0xdb, 0xe3, 0xd9, 0x2f, 0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0x9b]);
        Check.Faulted("fwait", completed, 16, 0);
        Check.Equal("rip", Probe.Start + 10, Trap.Last.Rip);
        Check.True("fninit", Probe.Run([0xdb, 0xe3]));
    }

    /// <summary>A fault that is resumed past its instruction leaves every register as it was.</summary>
    static void IretRegisters()
    {
        ref ProbeRegisters r = ref Probe.Registers;
        r.Rax = 0x1a1a1a1a1a1a1a1a;
        r.Rbx = 0x1b1b1b1b1b1b1b1b;
        r.Rcx = 0x1c1c1c1c1c1c1c1c;
        r.Rdx = 0x1d1d1d1d1d1d1d1d;
        r.Rsi = 0x1e1e1e1e1e1e1e1e;
        r.Rdi = 0x1f1f1f1f1f1f1f1f;
        r.R8 = 0x2020202020202020;
        r.R9 = 0x2121212121212121;
        Trap.Resume = true;
        Trap.SkipBytes = 2;
        // mov %rax,%r11; ud2; xor %r11,%rax gives 0 if r11 survived
        Check.True("resumed", Probe.Run([0x49, 0x89, 0xc3, 0x0f, 0x0b, 0x4c, 0x31, 0xd8]));
        Check.Equal("rax, r11", 0, r.Rax);
        Check.Equal("rbx", 0x1b1b1b1b1b1b1b1b, r.Rbx);
        Check.Equal("rcx", 0x1c1c1c1c1c1c1c1c, r.Rcx);
        Check.Equal("rdx", 0x1d1d1d1d1d1d1d1d, r.Rdx);
        Check.Equal("rsi", 0x1e1e1e1e1e1e1e1e, r.Rsi);
        Check.Equal("rdi", 0x1f1f1f1f1f1f1f1f, r.Rdi);
        Check.Equal("r8", 0x2020202020202020, r.R8);
        Check.Equal("r9", 0x2121212121212121, r.R9);
    }

    static void IretFlags()
    {
        Trap.Resume = true;
        Trap.SkipBytes = 2;
        Trap.FlagsToSet = 0x200 | 0x400 | 0x3000 | 1; // IF, DF, IOPL 3, CF
        // ud2; pushfq; pop %rax; cld
        Check.True("resumed", Probe.Run([0x0f, 0x0b, 0x9c, 0x58, 0xfc]));
        byte mask = Vcpu.Info->UpcallMask;
        Vcpu.Info->UpcallMask = 1;
        Check.Equal("IF, DF and CF are set, IOPL is not", 0x601, Probe.Registers.Rax & 0x3601);
        Check.Equal("IF clears the mask", 0, mask);

        Trap.Resume = true;
        Trap.SkipBytes = 2;
        Trap.FlagsToClear = 0x200;
        Check.True("resumed", Probe.Run([0x0f, 0x0b, 0x9c, 0x58]));
        Check.Equal("the real IF is always set", 0x200, Probe.Registers.Rax & 0x200);
        Check.Equal("no IF sets the mask", 1, Vcpu.Info->UpcallMask);
    }

    /// <summary>An iret that cannot be done is a #GP at the place it was to go to, as if user mode had raised it.</summary>
    static void BadIret()
    {
        UserMode.Prepare();
        UserMode.Registers.Ss = 0x1003;
        UserMode.Run([0x0f, 0x05]);
        UserMode.Ended("stack segment that does not exist", 13, 0x1000);
        Check.Equal("rip", UserMode.CodeAddress, Trap.Last.Rip);
        Check.Equal("ss", 0x1003, Trap.Last.Ss);
        Check.Equal("cs", Selector.Code64, Trap.Last.Cs & 0xffff);
        Check.Equal("rsp", UserMode.StackTop, Trap.Last.Rsp);
        Check.Equal("on the kernel's entry stack", Native.EntryStackTop(), Trap.LastFrameEnd);

        UserMode.Reset();
        UserMode.Registers.Rip = 0x0000800000000000;
        UserMode.Run([0x0f, 0x05]);
        UserMode.Ended("non-canonical rip", 13, 0);
        Check.Equal("rip", 0x0000800000000000, Trap.Last.Rip);
        Check.Equal("rsp", UserMode.StackTop, Trap.Last.Rsp);
    }

    static void TrapTableErrors()
    {
        TrapInfo* table = stackalloc TrapInfo[2];
        table[0] = Trap.Gate(0x90, 0);
        table[1] = default;
        Check.Ok("one gate", Hypercall.SetTrapTable(table));
        table[0].Address = 0x0000800000000000;
        Check.Result("non-canonical address", -ErrorNumber.Einval, Hypercall.SetTrapTable(table));
        table[0].Address = 0xffff82d040200000;
        Check.Ok("address in the hypervisor", Hypercall.SetTrapTable(table));
        Check.Result("table unmapped", -ErrorNumber.Efault, Hypercall.SetTrapTable((TrapInfo*)0x12345000));
        Check.Result("table in the hypervisor", -ErrorNumber.Efault, Hypercall.SetTrapTable((TrapInfo*)0xffff82d040200000));
        Check.Ok("no table: all gates go", Hypercall.SetTrapTable(null));
        Check.Ok("all gates back", Trap.Install());
        Check.Faulted("ud2", Probe.Run([0x0f, 0x0b]), 6, 0);
    }

    static void CallbackErrors()
    {
        ulong stub = Native.TrapStubAddress(Entries.Nmi);
        Check.Result("type 6", -ErrorNumber.Enosys, Hypercall.RegisterCallback(6, 0, stub));
        Check.Result("type 8", -ErrorNumber.Enosys, Hypercall.RegisterCallback(8, 0, stub));
        Check.Ok("sysenter", Hypercall.RegisterCallback(CallbackType.Sysenter, 0, Native.TrapStubAddress(Entries.Sysenter)));
        Check.Result("sysenter_deprecated", -ErrorNumber.Enosys, Hypercall.RegisterCallback(CallbackType.SysenterDeprecated, 0, stub));
        Check.Ok("syscall32", Hypercall.RegisterCallback(CallbackType.Syscall32, 0, Native.TrapStubAddress(Entries.Syscall32)));
        Check.Ok("nmi", Hypercall.RegisterCallback(CallbackType.Nmi, 0, stub));
        Check.Result("non-canonical address", -ErrorNumber.Einval, Hypercall.RegisterCallback(CallbackType.Event, 0, 0x0000800000000000));
        Check.Result("unmapped argument", -ErrorNumber.Efault, Hypercall.Call(Number.CallbackOp, 0, 0x12345000));
        ulong type = CallbackType.Nmi;
        Check.Ok("unregister nmi", Hypercall.Call(Number.CallbackOp, 1, (ulong)&type));
        type = CallbackType.Event;
        Check.Result("unregister event", -ErrorNumber.Einval, Hypercall.Call(Number.CallbackOp, 1, (ulong)&type));
        type = CallbackType.Syscall;
        Check.Result("unregister syscall", -ErrorNumber.Einval, Hypercall.Call(Number.CallbackOp, 1, (ulong)&type));
        Check.Ok("gates back: an NMI callback is gate 2", Trap.Install());
    }

    /// <summary>With the assist, a store into an L1 entry is checked and done by the hypervisor.</summary>
    static void WritablePageTables()
    {
        ulong a = Memory.Allocate(), b = Memory.Allocate();
        *(ulong*)b = 0xb;
        *(ulong*)a = 0xa;
        ulong entry = PageTable.EntryAddress(a, 1);
        ulong own = *(ulong*)entry;
        ulong other = Pte.Frame(Memory.MfnOf(b), Pte.KernelPage);
        Check.Ok("enable", Hypercall.VmAssist(0, 2));
        Check.True("mov of 8 bytes", Probe.TryWrite(entry, other));
        Check.Equal("entry, with the kernel's bits", other | Pte.User | Pte.GuestKernel, *(ulong*)entry);
        Check.Ok("invlpg", Mmu.Ext(MmuextCommand.InvlpgLocal, a));
        Check.Equal("content", 0xb, *(ulong*)a);

        Probe.Registers.Rdi = entry;
        Probe.Registers.Rax = *(ulong*)entry;
        Probe.Registers.Rcx = own;
        // lock cmpxchg %rcx,(%rdi); sete %dl
        Check.True("cmpxchg that fits", Probe.Run([0xf0, 0x48, 0x0f, 0xb1, 0x0f, 0x0f, 0x94, 0xc2]));
        Check.Equal("ZF", 1, Probe.Registers.Rdx & 0xff);
        Check.Equal("entry", own, *(ulong*)entry);
        Probe.Registers.Rax = 0x1234;
        Probe.Registers.Rcx = other;
        Check.True("cmpxchg that does not fit", Probe.Run([0xf0, 0x48, 0x0f, 0xb1, 0x0f, 0x0f, 0x94, 0xc2]));
        Check.Equal("ZF", 0, Probe.Registers.Rdx & 0xff);
        Check.Equal("rax holds the entry", own, Probe.Registers.Rax);
        Check.Equal("entry", own, *(ulong*)entry);

        Probe.Registers.Rcx = other;
        // xchg %rcx,(%rdi)
        Check.True("xchg", Probe.Run([0x48, 0x87, 0x0f]));
        Check.Equal("old value", own, Probe.Registers.Rcx);
        Check.Equal("entry", other | Pte.User | Pte.GuestKernel, *(ulong*)entry);

        Probe.Registers.Rcx = 0;
        // mov %ecx,(%rdi): half an entry
        Check.True("mov of 4 bytes", Probe.Run([0x89, 0x0f]));
        Check.Equal("entry", (other | Pte.GuestKernel) & ~0xfffffffful, *(ulong*)entry);
        Check.True("mov of 8 bytes", Probe.TryWrite(entry, 0));
        Check.Equal("entry", 0, *(ulong*)entry);
        // btsq $9,(%rdi) on an absent entry, then movq $imm,(%rdi)
        Check.True("bts", Probe.Run([0x48, 0x0f, 0xba, 0x2f, 0x09]));
        Check.Equal("entry", 0x200, *(ulong*)entry);
        Check.True("movq of an immediate", Probe.Run([0x48, 0xc7, 0x07, 0, 0, 0, 0]));
        Check.Equal("entry", 0, *(ulong*)entry);
        Check.True("mov of 8 bytes", Probe.TryWrite(entry, own));
        Check.Ok("invlpg", Mmu.Ext(MmuextCommand.InvlpgLocal, a));
        Check.Equal("content", 0xa, *(ulong*)a);
        Check.Ok("disable", Hypercall.VmAssist(1, 2));
    }

    static void WritablePageTablesRefused()
    {
        ulong a = Memory.Allocate();
        ulong entry = PageTable.EntryAddress(a, 1);
        ulong own = *(ulong*)entry;
        ulong table = entry & ~4095ul;
        Check.Ok("enable", Hypercall.VmAssist(0, 2));
        Check.Faulted("a page table, writable", Probe.TryWrite(entry, Pte.Frame(Memory.MfnOf(table), Pte.KernelPage)), 14, 3);
        Check.Equal("cr2", entry, Trap.LastCr2);
        Check.Equal("unchanged", own, *(ulong*)entry);
        Check.Faulted("a bad frame", Probe.TryWrite(entry, Pte.Frame(0xfffffffff, Pte.KernelPage)), 14, 3);
        Check.Equal("unchanged", own, *(ulong*)entry);
        Check.Faulted("not aligned", Probe.TryWrite(entry + 4, 0), 14, 3);
        Check.Equal("unchanged", own, *(ulong*)entry);
        ulong level2 = PageTable.EntryAddress(a, 2);
        Check.Faulted("an L2 entry", Probe.TryWrite(level2, *(ulong*)level2), 14, 3);
        Check.Equal("cr2", level2, Trap.LastCr2);
        Probe.Registers.Rdi = entry;
        // movups %xmm0,(%rdi) : two entries at once
        Check.Faulted("16 bytes", Probe.Run([0x0f, 0x11, 0x07]), 14, 3);
        Check.Equal("unchanged", own, *(ulong*)entry);
        Check.Ok("disable", Hypercall.VmAssist(1, 2));
    }

    /// <summary>Xen 4.17 emulates the store even while the assist is off.</summary>
    static void WritablePageTablesOff()
    {
        ulong a = Memory.Allocate();
        ulong entry = PageTable.EntryAddress(a, 1);
        ulong own = *(ulong*)entry;
        Check.True("store", Probe.TryWrite(entry, 0));
        Check.Equal("entry", 0, *(ulong*)entry);
        Check.True("store", Probe.TryWrite(entry, own));
        Check.Ok("invlpg", Mmu.Ext(MmuextCommand.InvlpgLocal, a));
    }
}
