// Instructions that are not a guest's to execute, in its kernel and in its user mode: all of the privileged ones, those of
// other virtual machine monitors, and ordinary ones with operands that reach for the hypervisor.

using System;
using Xenith.Guest.Hostile.Kernel;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Attacks;

static unsafe class Instructions
{
    static ulong scratch;

    public static void Run()
    {
        Check.Run("instruction.privileged", &Privileged);
        Check.Run("instruction.control", &Control);
        Check.Run("instruction.monitor", &Monitors);
        Check.Run("instruction.selector", &SelectorLoads);
        Check.Run("instruction.far", &FarTransfers);
        Check.Run("instruction.flags", &FlagLoads);
        Check.Run("instruction.strings", &PortStrings);
        Check.Run("msr", &ModelRegisters);
        Check.Run("port", &Ports);
    }

    /// <summary>The same bytes in the kernel and in user mode, with rax given, and rdi pointing to a page of zeros.</summary>
    static void Both(string name, ReadOnlySpan<byte> code, ulong rax = 0, ulong rcx = 0)
    {
        if (scratch == 0)
        {
            scratch = Memory.Allocate();
        }

        Attack.Begin(name);
        Probe.Registers = default;
        Probe.Registers.Rax = rax;
        Probe.Registers.Rcx = rcx;
        Probe.Registers.Rdi = scratch;
        Attack.PutOutcome(Probe.Run(code));

        UserMode.Reset();
        UserMode.Registers.Rax = rax;
        UserMode.Registers.Rcx = rcx;
        UserMode.Registers.Rdi = UserMode.DataAddress;
        UserMode.Run(code);
        Attack.PutOutcome(Trap.Last.Number == 6 && Trap.Last.Rip == UserMode.CodeAddress + (ulong)code.Length);
        Pv.Kernel.Console.EndLine();
    }

    static void Privileged()
    {
        UserMode.Prepare();
        Both("hlt", [0xf4]);
        Both("lgdt", [0x0f, 0x01, 0x17]);
        Both("lidt", [0x0f, 0x01, 0x1f]);
        Both("lldt", [0x0f, 0x00, 0xd0]);
        Both("ltr", [0x0f, 0x00, 0xd8], 0xe040);
        Both("sgdt", [0x0f, 0x01, 0x07]);
        Both("sidt", [0x0f, 0x01, 0x0f]);
        Both("sldt", [0x0f, 0x00, 0xc0]);
        Both("str", [0x0f, 0x00, 0xc8]);
        Both("smsw", [0x0f, 0x01, 0xe0]);
        Both("lmsw", [0x0f, 0x01, 0xf0], 1);
        Both("invd", [0x0f, 0x08]);
        Both("wbinvd", [0x0f, 0x09]);
        Both("invlpg", [0x0f, 0x01, 0x3f]);
        Both("invpcid", [0x66, 0x0f, 0x38, 0x82, 0x07]);
        Both("rdpmc", [0x0f, 0x33]);
        Both("rdtscp", [0x0f, 0x01, 0xf9]);
        Both("swapgs", [0x0f, 0x01, 0xf8]);
        Both("sysret", [0x48, 0x0f, 0x07]);
        Both("sysexit", [0x0f, 0x35]);
        Both("rsm", [0x0f, 0xaa]);
        Both("cli", [0xfa]);
        Both("clac", [0x0f, 0x01, 0xca]);
        Both("stac", [0x0f, 0x01, 0xcb]);
        Both("monitor", [0x0f, 0x01, 0xc8]);
        Both("mwait", [0x0f, 0x01, 0xc9]);
        Both("xgetbv 0", [0x0f, 0x01, 0xd0]);
        Both("xgetbv of no register", [0x0f, 0x01, 0xd0], 0, 7);
        Both("xsetbv 0", [0x0f, 0x01, 0xd1]);
        Both("xsetbv of all bits", [0x0f, 0x01, 0xd1], 0xffffffff);
        Both("xsetbv of no register", [0x0f, 0x01, 0xd1], 7, 3);
        Both("rdpkru", [0x0f, 0x01, 0xee]);
        Both("ud0", [0x0f, 0xff, 0xc0]);
        Both("ud1", [0x0f, 0xb9, 0xc0]);
        Both("lock of a register", [0xf0, 0x48, 0x01, 0xc0]);
        Both("too many prefixes", [0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90]);
        Both("forced cpuid, wrong signature", [0x0f, 0x0b, 0x78, 0x65, 0x6f, 0x0f, 0xa2]);
    }

    static void Control()
    {
        UserMode.Prepare();
        Both("cr0 read", [0x0f, 0x20, 0xc0]);
        Both("cr1 read", [0x0f, 0x20, 0xc8]);
        Both("cr2 read", [0x0f, 0x20, 0xd0]);
        Both("cr3 read", [0x0f, 0x20, 0xd8]);
        Both("cr4 read", [0x0f, 0x20, 0xe0]);
        Both("cr5 read", [0x0f, 0x20, 0xe8]);
        Both("cr8 read", [0x44, 0x0f, 0x20, 0xc0]);
        Both("cr15 read", [0x44, 0x0f, 0x20, 0xf8]);
        Both("cr0 of 0", [0x0f, 0x22, 0xc0]);
        Both("cr0 of all bits", [0x0f, 0x22, 0xc0], ~0ul);
        Both("cr1 write", [0x0f, 0x22, 0xc8]);
        Both("cr3 of 0", [0x0f, 0x22, 0xd8]);
        Both("cr3 of all bits", [0x0f, 0x22, 0xd8], ~0ul);
        Both("cr4 of 0", [0x0f, 0x22, 0xe0]);
        Both("cr4 of all bits", [0x0f, 0x22, 0xe0], ~0ul);
        Both("cr4 of all known bits", [0x0f, 0x22, 0xe0], 0x3fffff);
        Both("cr4 back", [0x0f, 0x22, 0xe0], 0x660);
        Both("cr8 write", [0x44, 0x0f, 0x22, 0xc0], 15);
        Both("dr4 read", [0x0f, 0x21, 0xe0]);
        Both("dr6 of all bits", [0x0f, 0x23, 0xf0], ~0ul);
        Both("dr7 of all bits", [0x0f, 0x23, 0xf8], ~0ul);
        Both("dr7 with general detect", [0x0f, 0x23, 0xf8], 0x2400);
        Both("dr7 with breakpoints on ports", [0x0f, 0x23, 0xf8], 0x00020401);
        Both("dr7 off", [0x0f, 0x23, 0xf8], 0x400);
        Both("dr8 read", [0x44, 0x0f, 0x21, 0xc0]);
    }

    static void Monitors()
    {
        UserMode.Prepare();
        Both("vmcall", [0x0f, 0x01, 0xc1]);
        Both("vmlaunch", [0x0f, 0x01, 0xc2]);
        Both("vmresume", [0x0f, 0x01, 0xc3]);
        Both("vmxoff", [0x0f, 0x01, 0xc4]);
        Both("vmxon", [0xf3, 0x0f, 0xc7, 0x37]);
        Both("vmptrld", [0x0f, 0xc7, 0x37]);
        Both("vmread", [0x0f, 0x78, 0xc0]);
        Both("vmwrite", [0x0f, 0x79, 0xc0]);
        Both("invept", [0x66, 0x0f, 0x38, 0x80, 0x07]);
        Both("invvpid", [0x66, 0x0f, 0x38, 0x81, 0x07]);
        Both("vmfunc", [0x0f, 0x01, 0xd4]);
        Both("getsec", [0x0f, 0x37]);
        Both("encls", [0x0f, 0x01, 0xcf]);
        Both("enclu", [0x0f, 0x01, 0xd7]);
        Both("pconfig", [0x0f, 0x01, 0xc5]);
        Both("vmrun", [0x0f, 0x01, 0xd8]);
        Both("vmmcall", [0x0f, 0x01, 0xd9]);
        Both("vmload", [0x0f, 0x01, 0xda]);
        Both("vmsave", [0x0f, 0x01, 0xdb]);
        Both("stgi", [0x0f, 0x01, 0xdc]);
        Both("clgi", [0x0f, 0x01, 0xdd]);
        Both("skinit", [0x0f, 0x01, 0xde]);
        Both("invlpga", [0x0f, 0x01, 0xdf]);
    }

    static string Selected(int i) => i switch
    {
        0 => "0xe008",
        1 => "0xe010",
        2 => "0xe018",
        3 => "0xe020",
        4 => "0xe028",
        5 => "0xe030",
        6 => "0xe038",
        7 => "0xe040",
        8 => "0xfff8",
        9 => "0x7",
        10 => "0xffff",
        _ => "0xe003",
    };

    static ulong Selected64(int i) => i switch { 8 => 0xfff8, 9 => 7, 10 => 0xffff, 11 => 0xe003, _ => 0xe008 + (ulong)i * 8 };

    /// <summary>Selectors of the hypervisor's descriptors, of descriptors that do not exist, and of an LDT that is not there, in every register.</summary>
    static void SelectorLoads()
    {
        UserMode.Prepare();
        for (int i = 0; i < 12; i++)
        {
            Attack.Begin(Selected(i));
            for (int rpl = 0; rpl <= 3; rpl += 3)
            {
                ulong selector = Selected64(i) | (ulong)(uint)rpl;
                Probe.Registers.Rax = selector;
                Attack.PutOutcome(Probe.Run([0x8e, 0xc0, 0x31, 0xc0, 0x8e, 0xc0])); // mov %eax,%es; xor %eax,%eax; mov %eax,%es
                Probe.Registers.Rax = selector;
                Attack.PutOutcome(Probe.Run([0x8e, 0xd8, 0x31, 0xc0, 0x8e, 0xd8])); // %ds
                Probe.Registers.Rax = selector;
                Attack.PutOutcome(Probe.Run([0x8e, 0xe0, 0x31, 0xc0, 0x8e, 0xe0])); // %fs
                Probe.Registers.Rax = selector;
                Probe.Registers.Rbx = Selector.Data;
                Attack.PutOutcome(Probe.Run([0x8e, 0xd0, 0x8e, 0xd3])); // mov %eax,%ss; mov %ebx,%ss
                Probe.Registers.Rax = selector;
                bool visible = Probe.Run([0x0f, 0x02, 0xd8, 0x0f, 0x94, 0xc0, 0x0f, 0xb6, 0xc0]); // lar %eax,%ebx; sete %al; movzx %al,%eax
                Attack.PutResult(visible ? (long)Probe.Registers.Rax : -1);
                Probe.Registers.Rax = selector;
                visible = Probe.Run([0x0f, 0x00, 0xe0, 0x0f, 0x94, 0xc0, 0x0f, 0xb6, 0xc0]); // verr %ax; ...
                Attack.PutResult(visible ? (long)Probe.Registers.Rax : -1);
            }

            Pv.Kernel.Console.EndLine();
        }
    }

    /// <summary>Far jumps, returns and the CPU's own IRET to the hypervisor's code segment and others.</summary>
    static void FarTransfers()
    {
        UserMode.Prepare();
        for (int i = 0; i < 12; i++)
        {
            ulong selector = Selected64(i);
            // push %rax (selector); lea 1f(%rip),%rbx; push %rbx; lretq; 1: — the stack is put back by the fault's landing
            Probe.Registers.Rax = selector;
            Attack.Outcome("lret", Selected(i), Probe.Run([0x50, 0x48, 0x8d, 0x1d, 0x03, 0, 0, 0, 0x53, 0x48, 0xcb]));
            Probe.Registers.Rax = selector;
            // mov %rsp,%rcx; push $0xe02b; push %rcx; pushfq; push %rax; lea 3(%rip),%rbx; push %rbx; iretq
            Attack.Outcome("iret", Selected(i), Probe.Run([0x48, 0x89, 0xe1, 0x68, 0x2b, 0xe0, 0, 0, 0x51, 0x9c, 0x50, 0x48, 0x8d, 0x1d, 0x03, 0, 0, 0, 0x53, 0x48, 0xcf]));
            Probe.Registers.Rax = selector;
            // mov %rsp,%rcx; push %rax; push %rcx; pushfq; push $0xe033; lea 3(%rip),%rbx; push %rbx; iretq
            Attack.Outcome("iret with that stack", Selected(i), Probe.Run([0x48, 0x89, 0xe1, 0x50, 0x51, 0x9c, 0x68, 0x33, 0xe0, 0, 0, 0x48, 0x8d, 0x1d, 0x03, 0, 0, 0, 0x53, 0x48, 0xcf]));
        }

        Probe.Registers.Rax = 0x0000800000000000;
        Attack.Outcome("jmp", "non-canonical", Probe.Run([0xff, 0xe0]));
        Probe.Registers.Rax = 0xffff82d040200000;
        Attack.Outcome("jmp", "hypervisor", Probe.Run([0xff, 0xe0]));
        Probe.Registers.Rax = Layout.MachineToPhysical;
        Attack.Outcome("jmp", "m2p", Probe.Run([0xff, 0xe0]));
        Attack.Outcome("read", "hypervisor", Probe.TryRead(0xffff82d040200000, out _));
        Attack.Outcome("write", "hypervisor", Probe.TryWrite(0xffff82d040200000, 0));
        Attack.Outcome("read", "direct map", Probe.TryRead(0xffff830000000000, out _));
        Attack.Outcome("write", "m2p", Probe.TryWrite(Layout.MachineToPhysical, 0));
        Attack.Outcome("read", "non-canonical", Probe.TryRead(0x0000800000000000, out _));
        // push %rsp; pop %rbp; mov %rax,%rsp; push %rax; mov %rbp,%rsp : the stack's own fault, with the stack gone, is a crash and not tried here
    }

    /// <summary>POPF with every flag: what stays.</summary>
    static void FlagLoads()
    {
        UserMode.Prepare();
        for (int bit = 0; bit < 22; bit++)
        {
            if (bit is 8 or 17)
            {
                continue; // TF steps, and VM has no meaning here
            }

            // pushfq; or %rax,(%rsp); popfq; pushfq; pop %rbx; push $0x202; popfq
            Probe.Registers.Rax = 1ul << bit;
            bool completed = Probe.Run([0x9c, 0x48, 0x09, 0x04, 0x24, 0x9d, 0x9c, 0x5b, 0x68, 0x02, 0x02, 0, 0, 0x9d]);
            Attack.Begin("popf bit ", (uint)bit);
            Attack.PutOutcome(completed);
            Pv.Kernel.Console.Put(" ");
            Pv.Kernel.Console.PutHex(completed ? Probe.Registers.Rbx & 1ul << bit : 0);
            Pv.Kernel.Console.EndLine();
        }
    }

    /// <summary>INS and OUTS with buffers that lead nowhere, and counts without end.</summary>
    static void PortStrings()
    {
        UserMode.Prepare();
        for (int i = 0; i < 5; i++)
        {
            ulong address = i switch { 0 => 0x12345000, 1 => 0x0000800000000000, 2 => 0xffff82d040200000, 3 => Vcpu.Start->PtBase, _ => ~0ul };
            string name = i switch { 0 => "unmapped", 1 => "non-canonical", 2 => "hypervisor", 3 => "page table", _ => "2^64-1" };
            Probe.Registers = default;
            Probe.Registers.Rdx = 0x80;
            Probe.Registers.Rdi = address;
            Attack.Outcome("insb", name, Probe.Run([0x6c]));
            Probe.Registers.Rdi = address;
            Probe.Registers.Rcx = ~0ul;
            Attack.Outcome("rep insl", name, Probe.Run([0xf3, 0x6d]));
            if (i == 3)
            {
                continue; // a page table can be read, and what it holds would be sent
            }

            Probe.Registers.Rsi = address;
            Attack.Outcome("outsb", name, Probe.Run([0x6e]));
            Probe.Registers.Rsi = address;
            Probe.Registers.Rcx = ~0ul;
            Attack.Outcome("rep outsl", name, Probe.Run([0xf3, 0x6f]));
        }
    }

    /// <summary>Which MSRs can be read, and which take 0 or all bits.</summary>
    static void ModelRegisters()
    {
        Range(0, 0x400);
        Range(0x480, 0x580);
        Range(0x600, 0x700);
        Range(0x800, 0x840);
        Range(0xc80, 0xdb0);
        Range(0x40000000, 0x40000100);
        Range(0xc0000000, 0xc0000200);
        Range(0xc0010000, 0xc0010300);
        Range(0xc0011000, 0xc0011100);
        Range(0xfffffff0, 0xffffffff);
    }

    static void Range(uint first, uint end)
    {
        for (uint register = first; register < end; register++)
        {
            Probe.Registers.Rcx = register;
            bool readable = Probe.Run([0x0f, 0x32]);
            // The bases of the segments are the guest's own, and tried elsewhere.
            bool tried = register is not (0xc0000100 or 0xc0000101 or 0xc0000102);
            bool zero = tried && Write(register, 0), ones = tried && Write(register, ~0ul);
            if (readable || zero || ones)
            {
                Attack.Begin("", register);
                Pv.Kernel.Console.Put(readable ? " reads" : "");
                Pv.Kernel.Console.Put(zero ? " takes 0" : "");
                Pv.Kernel.Console.Put(ones ? " takes all bits" : "");
                Pv.Kernel.Console.EndLine();
            }
        }
    }

    static bool Write(uint register, ulong value)
    {
        Probe.Registers.Rcx = register;
        Probe.Registers.Rax = (uint)value;
        Probe.Registers.Rdx = value >> 32;
        return Probe.Run([0x0f, 0x30]);
    }

    /// <summary>Ports that the kernel cannot read at its virtual IOPL, and that user mode can read at all.</summary>
    static void Ports()
    {
        UserMode.Prepare();
        SetLevel(0);
        Faults("kernel at level 0", 0, 0x100, 0);
        SetLevel(1);
        Faults("kernel at level 1", 0, 0x400, 1);
        Faults("kernel at level 1", 0xcf0, 0xd00, 1);
        UserMode.Reset();
        UserMode.Registers.Rdx = 0x80;
        UserMode.Run([0xec]);
        Attack.Outcome("user mode", "at level 1", Trap.Last.Number == 6);
    }

    static void SetLevel(ulong level) => Check.Ok("set_iopl", Hypercall.Call(Number.PhysdevOp, 6, (ulong)&level));

    static void Faults(string name, uint first, uint end, int level)
    {
        ulong refused = 0;
        for (uint port = first; port < end; port++)
        {
            Probe.Registers.Rdx = port;
            if (!Probe.Run([0xec]))
            {
                refused++;
            }
        }

        Attack.Value(name, first == 0 ? "refused from 0" : "refused from 0xcf0", refused);
    }
}
