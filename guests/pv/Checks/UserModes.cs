// User mode under its own page tables: the way in (iret, both forms), the ways out (SYSCALL, INT, faults), what user code
// may not do, and the bases of FS and GS, of which the hypervisor swaps the latter.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class UserModes
{
    static System.ReadOnlySpan<byte> Syscall => [0x0f, 0x05];

    public static void Run()
    {
        Check.Run("user.syscall", &SyscallFrame);
        Check.Run("user.short_iret", &ShortIret);
        Check.Run("user.registers", &Registers);
        Check.Run("user.upcall_mask", &UpcallMask);
        Check.Run("user.syscall_masks_events", &SyscallMasksEvents);
        Check.Run("user.page_faults", &PageFaults);
        Check.Run("user.memory", &Memories);
        Check.Run("user.m2p", &MachineToPhysical);
        Check.Run("user.interrupts", &Interrupts);
        Check.Run("user.privileged", &Privileged);
        Check.Run("user.port_permission", &PortPermission);
        Check.Run("user.exceptions", &Exceptions);
        Check.Run("user.kernel_stack", &KernelStack);
        Check.Run("user.segment_bases", &SegmentBases);
        Check.Run("user.segment_base_errors", &SegmentBaseErrors);
        Check.Run("user.selectors", &Selectors);
        Check.Run("user.dirty_bits", &DirtyBits);
    }

    static void SyscallFrame()
    {
        UserMode.Prepare();
        UserMode.Registers.Rax = 0x1234;
        Check.Equal("entry", Entries.Syscall, UserMode.Run([0x90, 0x0f, 0x05]));
        ref TrapFrame frame = ref Trap.Last;
        Check.Equal("rip", UserMode.CodeAddress + 3, frame.Rip);
        Check.Equal("cs", Selector.Code64, frame.Cs & 0xffff);
        Check.Equal("ss", Selector.Data, frame.Ss);
        Check.Equal("rsp", UserMode.StackTop, frame.Rsp);
        Check.Equal("rflags", 0x202, frame.Rflags);
        Check.Equal("rcx", UserMode.CodeAddress + 3, frame.Rcx);
        Check.Equal("r11", 0x202, frame.R11);
        Check.Equal("rax", 0x1234, frame.Rax);
        Check.Equal("saved upcall mask", 0, frame.Cs >> 32);
        Check.Equal("frame on the kernel's entry stack", Native.EntryStackTop(), Trap.LastFrameEnd);
    }

    /// <summary>With VGCF_in_syscall the return is a SYSRET: rcx and r11 become rip and rflags.</summary>
    static void ShortIret()
    {
        UserMode.Prepare();
        UserMode.Registers.IretFlags = 0x100;
        UserMode.Registers.Rcx = 0x111;
        UserMode.Registers.R11 = 0x222;
        // mov %rcx,%rax; mov %r11,%rdx; syscall
        Check.Equal("entry", Entries.Syscall, UserMode.Run([0x48, 0x89, 0xc8, 0x4c, 0x89, 0xda, 0x0f, 0x05]));
        Check.Equal("rcx", UserMode.CodeAddress, Trap.Last.Rax);
        Check.Equal("r11", 0x202, Trap.Last.Rdx);

        UserMode.Reset();
        UserMode.Registers.IretFlags = 0;
        UserMode.Registers.Rcx = 0x111;
        UserMode.Registers.R11 = 0x222;
        Check.Equal("entry", Entries.Syscall, UserMode.Run([0x48, 0x89, 0xc8, 0x4c, 0x89, 0xda, 0x0f, 0x05]));
        Check.Equal("rcx without the flag", 0x111, Trap.Last.Rax);
        Check.Equal("r11 without the flag", 0x222, Trap.Last.Rdx);
    }

    static void Registers()
    {
        UserMode.Prepare();
        ref UserRegisters r = ref UserMode.Registers;
        r.Rax = 0x101;
        r.Rbx = 0x102;
        r.Rcx = 0x103;
        r.Rdx = 0x104;
        r.Rsi = 0x105;
        r.Rdi = 0x106;
        r.Rbp = 0x107;
        r.R8 = 0x108;
        r.R9 = 0x109;
        r.R10 = 0x10a;
        r.R11 = 0x10b;
        r.R12 = 0x10c;
        r.R13 = 0x10d;
        r.R14 = 0x10e;
        r.R15 = 0x10f;
        Check.Equal("entry", 6, UserMode.Run([0x0f, 0x0b]));
        ref TrapFrame f = ref Trap.Last;
        Check.Equal("rax", 0x101, f.Rax);
        Check.Equal("rbx", 0x102, f.Rbx);
        Check.Equal("rcx", 0x103, f.Rcx);
        Check.Equal("rdx", 0x104, f.Rdx);
        Check.Equal("rsi", 0x105, f.Rsi);
        Check.Equal("rdi", 0x106, f.Rdi);
        Check.Equal("rbp", 0x107, f.Rbp);
        Check.Equal("r8", 0x108, f.R8);
        Check.Equal("r9", 0x109, f.R9);
        Check.Equal("r10", 0x10a, f.R10);
        Check.Equal("r11", 0x10b, f.R11);
        Check.Equal("r12", 0x10c, f.R12);
        Check.Equal("r13", 0x10d, f.R13);
        Check.Equal("r14", 0x10e, f.R14);
        Check.Equal("r15", 0x10f, f.R15);
    }

    static void UpcallMask()
    {
        UserMode.Prepare();
        UserMode.Registers.Rflags = 0x002; // IF clear: events masked in user mode
        // pushfq; pop %rax; syscall
        Check.Equal("entry", Entries.Syscall, UserMode.Run([0x9c, 0x58, 0x0f, 0x05]));
        Check.Equal("the real IF", 0x200, Trap.Last.Rax & 0x200);
        Check.Equal("saved upcall mask", 1, Trap.Last.Cs >> 32);
        Check.Equal("IF in the frame", 0, Trap.Last.Rflags & 0x200);
        Vcpu.Info->UpcallMask = 1;
    }

    static void SyscallMasksEvents()
    {
        UserMode.Prepare();
        Check.Ok("register with the flag", Hypercall.RegisterCallback(CallbackType.Syscall, CallbackType.FlagMaskEvents, Native.TrapStubAddress(Entries.Syscall)));
        Check.Equal("entry", Entries.Syscall, UserMode.Run(Syscall));
        Check.Equal("mask inside", 1, Trap.LastMaskInside);
        Check.Equal("saved upcall mask", 0, Trap.Last.Cs >> 32);
        Check.Ok("register without it", Hypercall.RegisterCallback(CallbackType.Syscall, 0, Native.TrapStubAddress(Entries.Syscall)));
        UserMode.Reset();
        Check.Equal("entry", Entries.Syscall, UserMode.Run(Syscall));
        Check.Equal("mask inside", 0, Trap.LastMaskInside);
        Vcpu.Info->UpcallMask = 1;
    }

    static void PageFaults()
    {
        UserMode.Prepare();
        UserMode.Registers.Rdi = UserMode.AbsentAddress;
        UserMode.Run([0x48, 0x8b, 0x07]); // mov (%rdi),%rax
        UserMode.Ended("read of nothing", 14, 4);
        Check.Equal("cr2", UserMode.AbsentAddress, Trap.LastCr2);
        Check.Equal("rip", UserMode.CodeAddress, Trap.Last.Rip);
        Check.Equal("cs", Selector.Code64, Trap.Last.Cs & 0xffff);

        UserMode.Registers.Rdi = UserMode.AbsentAddress + 8;
        UserMode.Run([0x48, 0x89, 0x07]); // mov %rax,(%rdi)
        UserMode.Ended("write to nothing", 14, 6);
        Check.Equal("cr2", UserMode.AbsentAddress + 8, Trap.LastCr2);

        UserMode.Registers.Rdi = UserMode.ReadOnlyAddress;
        UserMode.Run([0x48, 0x89, 0x07]);
        UserMode.Ended("write to a read-only page", 14, 7);

        UserMode.Registers.Rdi = UserMode.DataAddress;
        UserMode.Run([0xff, 0xe7]); // jmp *%rdi
        UserMode.Ended("jump to a page of data", 14, 0x15);
        Check.Equal("cr2", UserMode.DataAddress, Trap.LastCr2);
        Check.Equal("rip", UserMode.DataAddress, Trap.Last.Rip);

        UserMode.Registers.Rdi = UserMode.AbsentAddress;
        UserMode.Run([0xff, 0xe7]);
        UserMode.Ended("jump to nothing", 14, 0x14);

        UserMode.Registers.Rdi = (ulong)Vcpu.Start;
        UserMode.Run([0x48, 0x8b, 0x07]);
        UserMode.Ended("the kernel is not in the user's tables", 14, 4);

        UserMode.Registers.Rdi = 0x0000800000000000;
        UserMode.Run([0x48, 0x8b, 0x07]);
        UserMode.Ended("non-canonical address", 13, 0);
    }

    static void Memories()
    {
        UserMode.Prepare();
        UserMode.Data[0] = 0x5a5a;
        UserMode.Registers.Rdi = UserMode.DataAddress;
        // mov (%rdi),%rax; not %rax; mov %rax,8(%rdi); push %rax; pop %rbx; syscall
        Check.Equal("entry", Entries.Syscall, UserMode.Run([0x48, 0x8b, 0x07, 0x48, 0xf7, 0xd0, 0x48, 0x89, 0x47, 0x08, 0x50, 0x5b, 0x0f, 0x05]));
        Check.Equal("written by user mode", ~0x5a5aul, UserMode.Data[1]);
        Check.Equal("by way of its stack", ~0x5a5aul, Trap.Last.Rbx);
        Check.Equal("the kernel cannot reach the user's address", 0, PageTable.EntryAddress(UserMode.DataAddress, 3));
    }

    /// <summary>The M2P and the hypervisor are not in the tables of user mode.</summary>
    static void MachineToPhysical()
    {
        UserMode.Prepare();
        UserMode.Registers.Rdi = Layout.MachineToPhysical + Memory.MfnOf((ulong)Vcpu.Start) * 8;
        UserMode.Run([0x48, 0x8b, 0x07]); // mov (%rdi),%rax
        UserMode.Ended("read of the M2P", 14, 4);
        UserMode.Registers.Rdi = 0xffff82d040200000;
        UserMode.Run([0x48, 0x8b, 0x07]);
        Check.Equal("read of the hypervisor", 14, Trap.Last.Number);
        Check.Equal("cr2", 0xffff82d040200000, Trap.LastCr2);
    }

    static void Interrupts()
    {
        UserMode.Prepare();
        Check.Equal("int $0x80", 0x80, UserMode.Run([0xcd, 0x80]));
        Check.Equal("rip is past it", UserMode.CodeAddress + 2, Trap.Last.Rip);
        Check.Equal("int3", 3, UserMode.Run([0xcc]));
        Check.Equal("rip is past it", UserMode.CodeAddress + 1, Trap.Last.Rip);
        Check.Equal("int $4", 4, UserMode.Run([0xcd, 0x04]));
        UserMode.Run([0xcd, 0x00]);
        UserMode.Ended("int $0, gate of DPL 0", 13, 2);
        Check.Equal("rip is at it", UserMode.CodeAddress, Trap.Last.Rip);
        Check.Ok("gate 0 of DPL 3", Trap.SetGate(0, 3, Native.TrapStubAddress(0)));
        Check.Equal("int $0", 0, UserMode.Run([0xcd, 0x00]));
        Check.Equal("rip is past it", UserMode.CodeAddress + 2, Trap.Last.Rip);
        Check.Ok("gate 0 of DPL 0", Trap.SetGate(0, 0, Native.TrapStubAddress(0)));
    }

    static void Privileged()
    {
        UserMode.Prepare();
        Refused("hlt", [0xf4]);
        Refused("cli", [0xfa]);
        Refused("sti", [0xfb]);
        Refused("in %dx,%al", [0xec]);
        Refused("out %al,$0x80", [0xe6, 0x80]);
        Refused("rdmsr", [0x0f, 0x32]);
        Refused("wrmsr", [0x0f, 0x30]);
        Refused("mov %cr0,%rax", [0x0f, 0x20, 0xc0]);
        Refused("mov %rax,%cr3", [0x0f, 0x22, 0xd8]);
        Refused("mov %rax,%cr4", [0x0f, 0x22, 0xe0]);
        Refused("mov %dr7,%rax", [0x0f, 0x21, 0xf8]);
        Refused("clts", [0x0f, 0x06]);
        Refused("wbinvd", [0x0f, 0x09]);
        Refused("lgdt", [0x0f, 0x01, 0x17]);
        Refused("swapgs", [0x0f, 0x01, 0xf8]);
        UserMode.Reset();
        Check.Equal("rdtsc", Entries.Syscall, UserMode.Run([0x0f, 0x31, 0x0f, 0x05]));
    }

    static void Refused(string what, System.ReadOnlySpan<byte> instruction)
    {
        UserMode.Reset();
        UserMode.Run(instruction);
        UserMode.Ended(what, 13, 0);
        Check.Equal("rip", UserMode.CodeAddress, Trap.Last.Rip);
    }

    /// <summary>I/O privilege of user mode: physdev_op set_iopl and set_iobitmap. Port 0x80 does no harm.</summary>
    static void PortPermission()
    {
        UserMode.Prepare();
        uint level = 3;
        Check.Ok("set_iopl 3", Hypercall.Call(Number.PhysdevOp, 6, (ulong)&level));
        Check.Equal("out with IOPL 3", Entries.Syscall, UserMode.Run([0xe6, 0x80, 0x0f, 0x05]));
        UserMode.Reset();
        Check.Equal("cli and sti with IOPL 3", Entries.Syscall, UserMode.Run([0xfa, 0xfb, 0x0f, 0x05]));
        level = 4;
        Check.Result("set_iopl 4", -ErrorNumber.Einval, Hypercall.Call(Number.PhysdevOp, 6, (ulong)&level));
        level = 0;
        Check.Ok("set_iopl 0", Hypercall.Call(Number.PhysdevOp, 6, (ulong)&level));
        UserMode.Reset();
        UserMode.Run([0xe6, 0x80]);
        UserMode.Ended("out with IOPL 0", 13, 0);

        ulong bitmap = Memory.Allocate(2);
        for (int i = 0; i < 1024; i++)
        {
            ((ulong*)bitmap)[i] = ~0ul;
        }

        ((byte*)bitmap)[0x80 / 8] = 0xfe; // port 0x80 alone
        ulong* argument = stackalloc ulong[2];
        argument[0] = bitmap;
        argument[1] = 65536;
        Check.Ok("set_iobitmap", Hypercall.Call(Number.PhysdevOp, 7, (ulong)argument));
        UserMode.Reset();
        Check.Equal("out to the open port", Entries.Syscall, UserMode.Run([0xe6, 0x80, 0x0f, 0x05]));
        UserMode.Reset();
        UserMode.Run([0xe6, 0x81]);
        UserMode.Ended("out to a closed port", 13, 0);
        argument[0] = 0;
        argument[1] = 0;
        Check.Ok("no bitmap", Hypercall.Call(Number.PhysdevOp, 7, (ulong)argument));
        UserMode.Reset();
        UserMode.Run([0xe6, 0x80]);
        UserMode.Ended("out without a bitmap", 13, 0);
        argument[1] = 65537;
        Check.Result("bitmap of 65537 ports", -ErrorNumber.Einval, Hypercall.Call(Number.PhysdevOp, 7, (ulong)argument));
    }

    static void Exceptions()
    {
        UserMode.Prepare();
        UserMode.Registers.Rax = 1;
        Check.Equal("div", 0, UserMode.Run([0x31, 0xc9, 0xf7, 0xf1]));
        Check.Equal("rip", UserMode.CodeAddress + 2, Trap.Last.Rip);
        Check.Equal("ud2", 6, UserMode.Run([0x0f, 0x0b]));
        Check.Equal("rip", UserMode.CodeAddress, Trap.Last.Rip);
        // the forced CPUID prefix works in user mode too
        UserMode.Registers.Rax = 0x40000000;
        Check.Equal("forced cpuid", Entries.Syscall, UserMode.Run([0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2, 0x0f, 0x05]));
        Check.Equal("its signature", 0x566e6558, Trap.Last.Rbx);
        UserMode.Reset();
        UserMode.Registers.Rflags = 0x302; // TF
        UserMode.Run([0x90, 0x90]);
        UserMode.Ended("single step", 1, 0);
        Check.Equal("rip", UserMode.CodeAddress + 1, Trap.Last.Rip);
    }

    static void KernelStack()
    {
        UserMode.Prepare();
        ulong top = Native.EntryStackTop();
        Check.Ok("stack_switch", Hypercall.StackSwitch(Selector.Data, top - 4096));
        Check.Equal("entry", Entries.Syscall, UserMode.Run(Syscall));
        Check.Equal("frame's end", top - 4096, Trap.LastFrameEnd);
        Check.Ok("stack not aligned", Hypercall.StackSwitch(Selector.Data, top - 4091));
        UserMode.Reset();
        Check.Equal("entry", 6, UserMode.Run([0x0f, 0x0b]));
        Check.Equal("frame's end", top - 4096, Trap.LastFrameEnd);
        Check.Ok("null selector", Hypercall.StackSwitch(0, top));
        UserMode.Reset();
        Check.Equal("entry", Entries.Syscall, UserMode.Run(Syscall));
        Check.Equal("frame's end", top, Trap.LastFrameEnd);
        Check.Ok("non-canonical", Hypercall.StackSwitch(Selector.Data, 0x0000800000000000));
        Check.Ok("back", Hypercall.StackSwitch(Selector.Data, top));
    }

    /// <summary>0 FS, 1 GS of user mode, 2 GS of the kernel: user mode must see 1 and the kernel 2.</summary>
    static void SegmentBases()
    {
        UserMode.Prepare();
        ulong* kernel = stackalloc ulong[2];
        kernel[0] = 0x6b65726e;
        kernel[1] = 0x6673;
        UserMode.Data[2] = 0x75736572;
        UserMode.Data[3] = 0x75736673;
        Check.Ok("kernel GS", Hypercall.Call(Number.SetSegmentBase, 2, (ulong)&kernel[0]));
        Check.Ok("user GS", Hypercall.Call(Number.SetSegmentBase, 1, UserMode.DataAddress + 16));
        Check.Ok("FS", Hypercall.Call(Number.SetSegmentBase, 0, (ulong)&kernel[1]));
        // mov %gs:0,%rax; mov %fs:0,%rdx
        System.ReadOnlySpan<byte> loads = [0x65, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0x64, 0x48, 0x8b, 0x14, 0x25, 0, 0, 0, 0];
        Check.True("loads in the kernel", Probe.Run(loads));
        Check.Equal("kernel's GS", 0x6b65726e, Probe.Registers.Rax);
        Check.Equal("kernel's FS", 0x6673, Probe.Registers.Rdx);

        Check.Ok("FS", Hypercall.Call(Number.SetSegmentBase, 0, UserMode.DataAddress + 24));
        // the same two loads, then syscall
        Check.Equal("entry", Entries.Syscall, UserMode.Run([0x65, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0x64, 0x48, 0x8b, 0x14, 0x25, 0, 0, 0, 0, 0x0f, 0x05]));
        Check.Equal("user's GS", 0x75736572, Trap.Last.Rax);
        Check.Equal("user's FS", 0x75736673, Trap.Last.Rdx);
        Check.True("load in the kernel again", Probe.Run([0x65, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0]));
        Check.Equal("kernel's GS", 0x6b65726e, Probe.Registers.Rax);
        Check.Ok("kernel GS 0", Hypercall.Call(Number.SetSegmentBase, 2, 0));
        Check.Ok("user GS 0", Hypercall.Call(Number.SetSegmentBase, 1, 0));
        Check.Ok("FS 0", Hypercall.Call(Number.SetSegmentBase, 0, 0));
    }

    static void SegmentBaseErrors()
    {
        Check.Result("FS non-canonical", -ErrorNumber.Einval, Hypercall.Call(Number.SetSegmentBase, 0, 0x0000800000000000));
        Check.Result("user GS non-canonical", -ErrorNumber.Einval, Hypercall.Call(Number.SetSegmentBase, 1, 0x0000800000000000));
        Check.Result("kernel GS non-canonical", -ErrorNumber.Einval, Hypercall.Call(Number.SetSegmentBase, 2, 0x0000800000000000));
        Check.Ok("FS in the hypervisor", Hypercall.Call(Number.SetSegmentBase, 0, 0xffff82d040200000));
        Check.Ok("FS 0", Hypercall.Call(Number.SetSegmentBase, 0, 0));
        Check.Result("which 4", -ErrorNumber.Einval, Hypercall.Call(Number.SetSegmentBase, 4, 0));
        Check.Ok("user selector 0", Hypercall.Call(Number.SetSegmentBase, 3, 0));
        Check.Ok("user selector, flat data", Hypercall.Call(Number.SetSegmentBase, 3, Selector.Data));
        Check.Ok("user selector 0 again", Hypercall.Call(Number.SetSegmentBase, 3, 0));
    }

    static void Selectors()
    {
        UserMode.Prepare();
        // mov $0xe02b,%eax; mov %eax,%ds; mov %eax,%es; syscall
        Check.Equal("entry", Entries.Syscall, UserMode.Run([0xb8, 0x2b, 0xe0, 0, 0, 0x8e, 0xd8, 0x8e, 0xc0, 0x0f, 0x05]));
        // mov %ds,%eax; mov %es,%edx; xor %ecx,%ecx; mov %ecx,%ds; mov %ecx,%es
        Check.True("in the kernel", Probe.Run([0x8c, 0xd8, 0x8c, 0xc2, 0x31, 0xc9, 0x8e, 0xd9, 0x8e, 0xc1]));
        Check.Equal("ds", Selector.Data, Probe.Registers.Rax & 0xffff);
        Check.Equal("es", Selector.Data, Probe.Registers.Rdx & 0xffff);
        UserMode.Reset();
        // mov $0xe008,%eax; mov %eax,%ds : a descriptor of the hypervisor's own, privileged
        UserMode.Run([0xb8, 0x08, 0xe0, 0, 0, 0x8e, 0xd8]);
        UserMode.Ended("a privileged descriptor", 13, 0xe008);
    }

    static void DirtyBits()
    {
        UserMode.Prepare();
        ulong clean = Pte.Frame(Memory.MfnOf((ulong)UserMode.Data), Pte.Present | Pte.Writable | Pte.User | Pte.NoExecute);
        Check.Ok("clear A and D", Mmu.SetEntry(UserMode.Level1, 1, clean));
        Check.Ok("flush", Mmu.Ext(MmuextCommand.TlbFlushLocal));
        UserMode.Registers.Rdi = UserMode.DataAddress;
        Check.Equal("entry", Entries.Syscall, UserMode.Run([0x48, 0x8b, 0x07, 0x0f, 0x05]));
        Check.Equal("after a read", Pte.Accessed, ((ulong*)UserMode.Level1)[1] & (Pte.Accessed | Pte.Dirty));
        UserMode.Reset();
        UserMode.Registers.Rdi = UserMode.DataAddress;
        Check.Equal("entry", Entries.Syscall, UserMode.Run([0x48, 0x89, 0x07, 0x0f, 0x05]));
        Check.Equal("after a write", Pte.Accessed | Pte.Dirty, ((ulong*)UserMode.Level1)[1] & (Pte.Accessed | Pte.Dirty));
        Check.Equal("a user page is global", Pte.Global | Pte.User, ((ulong*)UserMode.Level1)[1] & (Pte.Global | Pte.User | Pte.GuestKernel));
    }
}
