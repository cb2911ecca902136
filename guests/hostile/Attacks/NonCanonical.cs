// Addresses that no CPU can load, and addresses of the hypervisor, wherever the interface takes one: to be loaded into a
// register by the hypervisor, to be jumped to, to be written to later.

using Xenith.Guest.Hostile.Kernel;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Attacks;

static unsafe class NonCanonical
{
    const ulong ContextSize = 5168, UserRegistersAt = 520, TrapsAt = 720;

    public static void Run()
    {
        Check.Run("address.callback", &Callbacks);
        Check.Run("address.gate", &Gates);
        Check.Run("address.segment_base", &SegmentBases);
        Check.Run("address.msr", &ModelRegisters);
        Check.Run("address.stack", &Stacks);
        Check.Run("address.root", &Roots);
        Check.Run("address.descriptor_frames", &DescriptorFrames);
        Check.Run("address.area", &Areas);
        Check.Run("address.debug", &DebugRegisters);
        Check.Run("address.invlpg", &Invalidations);
        Check.Run("address.context", &Contexts);
    }

    const int Addresses = 8;

    static ulong Address(int i) => i switch
    {
        0 => 0x0000800000000000,
        1 => 0x8000000000000000,
        2 => 0xffff7fffffffffff,
        3 => 0x00007fffffffffff,
        4 => 0xffff800000000000,
        5 => 0xffff82d040200000,
        6 => 0xffff87ffffffffff,
        _ => ~0ul,
    };

    static string Name(int i) => i switch
    {
        0 => "first of the hole",
        1 => "2^63",
        2 => "last of the hole",
        3 => "last of the lower half",
        4 => "first of the hypervisor",
        5 => "hypervisor",
        6 => "last of the hypervisor",
        _ => "2^64-1",
    };

    static void Callbacks()
    {
        for (int i = 0; i < Addresses; i++)
        {
            Attack.Result("event", Name(i), Hypercall.RegisterCallback(CallbackType.Event, 0, Address(i)));
            Attack.Result("failsafe", Name(i), Hypercall.RegisterCallback(CallbackType.Failsafe, 0, Address(i)));
            Attack.Result("syscall", Name(i), Hypercall.RegisterCallback(CallbackType.Syscall, 0, Address(i)));
            Attack.Result("sysenter", Name(i), Hypercall.RegisterCallback(CallbackType.Sysenter, 0, Address(i)));
            Attack.Result("syscall32", Name(i), Hypercall.RegisterCallback(CallbackType.Syscall32, 0, Address(i)));
            Attack.Result("nmi", Name(i), Hypercall.RegisterCallback(CallbackType.Nmi, 0, Address(i)));
            Attack.Result("nmi_op", Name(i), RegisterNmi(Address(i)));
            Attack.Result("set_callbacks", Name(i), Hypercall.Call(Number.SetCallbacks, Address(i), Address(i), Address(i)));
        }

        Hypercall.Call(Number.SetCallbacks, Native.TrapStubAddress(Entries.Event), Native.TrapStubAddress(Entries.Failsafe), Native.TrapStubAddress(Entries.Syscall));
        Check.Ok("syscall32 back", Hypercall.RegisterCallback(CallbackType.Syscall32, 0, Native.TrapStubAddress(Entries.Syscall32)));
        Check.Ok("sysenter back", Hypercall.RegisterCallback(CallbackType.Sysenter, 0, Native.TrapStubAddress(Entries.Sysenter)));
        Check.Ok("event callback back", Events.Install());
        Check.Ok("gates back", Trap.Install());
    }

    /// <summary>xennmi_callback: the handler's address and padding.</summary>
    static long RegisterNmi(ulong address)
    {
        ulong* op = stackalloc ulong[2];
        op[0] = address;
        op[1] = 0;
        return Hypercall.Call(Number.NmiOp, 0, (ulong)op);
    }

    static void Gates()
    {
        for (int i = 0; i < Addresses; i++)
        {
            Attack.Result("set_trap_table", Name(i), Trap.SetGate(0x91, 3, Address(i)));
        }

        Check.Ok("gates back", Trap.Install());
        for (int flags = 0; flags < 256; flags = flags * 2 + 1)
        {
            Check.Ok("flags", Trap.SetGate(0x91, (byte)flags, Native.TrapStubAddress(0x91)));
        }

        TrapInfo* table = stackalloc TrapInfo[2];
        for (int i = 0; i < 5; i++)
        {
            table[0] = Trap.Gate(0x91, 3);
            table[0].Cs = i switch { 0 => 0, 1 => 0xe008, 2 => 0xe010, 3 => 0x0007, _ => 0xffff };
            table[1] = default;
            Attack.Result("selector", i switch { 0 => "0", 1 => "0xe008", 2 => "0xe010", 3 => "in the LDT", _ => "0xffff" }, Hypercall.SetTrapTable(table));
        }

        Check.Ok("gates back", Trap.Install());
    }

    static void SegmentBases()
    {
        for (int i = 0; i < Addresses; i++)
        {
            Attack.Result("fs", Name(i), Hypercall.Call(Number.SetSegmentBase, 0, Address(i)));
            Attack.Result("gs, user", Name(i), Hypercall.Call(Number.SetSegmentBase, 1, Address(i)));
            Attack.Result("gs, kernel", Name(i), Hypercall.Call(Number.SetSegmentBase, 2, Address(i)));
            Attack.Result("gs selector, user", Name(i), Hypercall.Call(Number.SetSegmentBase, 3, Address(i)));
            for (int register = 0; register < 3; register++)
            {
                Check.Ok("0 again", Hypercall.Call(Number.SetSegmentBase, (ulong)register, 0));
            }

            Check.Ok("0 again", Hypercall.Call(Number.SetSegmentBase, 3, 0));
        }

        Attack.Result("gs selector, user", "of the hypervisor's code", Hypercall.Call(Number.SetSegmentBase, 3, 0xe008));
        Attack.Result("gs selector, user", "of no table", Hypercall.Call(Number.SetSegmentBase, 3, 0x1003));
        Check.Ok("0 again", Hypercall.Call(Number.SetSegmentBase, 3, 0));
    }

    static void ModelRegisters()
    {
        for (int i = 0; i < Addresses; i++)
        {
            Attack.Outcome("fs_base", Name(i), Write(0xc0000100, Address(i)));
            Attack.Outcome("gs_base", Name(i), Write(0xc0000101, Address(i)));
            Attack.Outcome("kernel_gs_base", Name(i), Write(0xc0000102, Address(i)));
            Attack.Outcome("lstar", Name(i), Write(0xc0000082, Address(i)));
            Attack.Outcome("cstar", Name(i), Write(0xc0000083, Address(i)));
            Attack.Outcome("sysenter_esp", Name(i), Write(0x175, Address(i)));
            Attack.Outcome("sysenter_eip", Name(i), Write(0x176, Address(i)));
            Attack.Outcome("debugctl", Name(i), Write(0x1d9, Address(i)));
            Attack.Outcome("efer", Name(i), Write(0xc0000080, Address(i)));
            Attack.Outcome("apic_base", Name(i), Write(0x1b, Address(i)));
            Check.True("0 again", Write(0xc0000100, 0) && Write(0xc0000101, 0) && Write(0xc0000102, 0));
            Probe.Registers.Rax = Address(i);
            Attack.Outcome("wrfsbase", Name(i), Probe.Run([0xf3, 0x48, 0x0f, 0xae, 0xd0]));
            Probe.Registers.Rax = Address(i);
            Attack.Outcome("wrgsbase", Name(i), Probe.Run([0xf3, 0x48, 0x0f, 0xae, 0xd8]));
            Check.True("0 again", Write(0xc0000100, 0) && Write(0xc0000101, 0));
        }
    }

    static bool Write(uint register, ulong value)
    {
        Probe.Registers.Rcx = register;
        Probe.Registers.Rax = (uint)value;
        Probe.Registers.Rdx = value >> 32;
        return Probe.Run([0x0f, 0x30]);
    }

    static void Stacks()
    {
        for (int i = 0; i < Addresses; i++)
        {
            Attack.Result("stack_switch", Name(i), Hypercall.StackSwitch(Selector.Data, Address(i)));
        }

        Attack.Result("stack_switch", "selector 0", Hypercall.StackSwitch(0, Native.EntryStackTop()));
        Attack.Result("stack_switch", "selector of code", Hypercall.StackSwitch(Selector.Code64, Native.EntryStackTop()));
        Attack.Result("stack_switch", "selector of the hypervisor", Hypercall.StackSwitch(0xe010, Native.EntryStackTop()));
        Attack.Result("stack_switch", "selector of 2^64-1", Hypercall.StackSwitch(~0ul, Native.EntryStackTop()));
        Check.Ok("stack_switch", Hypercall.StackSwitch(Selector.Data, Native.EntryStackTop()));
    }

    static void Roots()
    {
        for (int i = 0; i < Addresses; i++)
        {
            Attack.Result("new_baseptr", Name(i), Mmu.Ext(MmuextCommand.NewBaseptr, Address(i)));
            Attack.Result("new_user_baseptr", Name(i), Mmu.Ext(MmuextCommand.NewUserBaseptr, Address(i)));
            Attack.Result("pin", Name(i), Mmu.Ext(MmuextCommand.PinL4, Address(i)));
            Attack.Result("unpin", Name(i), Mmu.Ext(MmuextCommand.Unpin, Address(i)));
            Attack.Result("copy_page", Name(i), Mmu.Ext(MmuextCommand.CopyPage, Address(i), Address(i)));
            Probe.Registers.Rax = Address(i);
            Attack.Outcome("cr3", Name(i), Probe.Run([0x0f, 0x22, 0xd8]));
        }
    }

    static void DescriptorFrames()
    {
        ulong* frames = stackalloc ulong[14];
        for (int i = 0; i < Addresses; i++)
        {
            for (int frame = 0; frame < 14; frame++)
            {
                frames[frame] = Address(i);
            }

            Attack.Result("set_gdt", Name(i), Hypercall.Call(Number.SetGdt, (ulong)frames, 7168));
            Attack.Result("update_descriptor", Name(i), Hypercall.Call(Number.UpdateDescriptor, Address(i) & ~7ul, 0));
            Attack.Result("set_ldt", Name(i), Mmu.Ext(MmuextCommand.SetLdt, Address(i) & ~4095ul, 1));
            Probe.Registers.Rax = 7;
            Attack.Outcome("selector in it", Name(i), Probe.Run([0x8e, 0xc0, 0x31, 0xc0, 0x8e, 0xc0]));
            Check.Ok("no LDT", Mmu.Ext(MmuextCommand.SetLdt, 0, 0));
        }
    }

    static void Areas()
    {
        ulong none = 0;
        ulong* info = stackalloc ulong[2];
        for (int i = 0; i < Addresses; i++)
        {
            ulong area = Address(i);
            Attack.Result("runstate", Name(i), Hypercall.VcpuOp(5, 0, &area));
            Hypercall.SchedYield();
            Check.Ok("none", Hypercall.VcpuOp(5, 0, &none));
            Attack.Result("time", Name(i), Hypercall.VcpuOp(13, 0, &area));
            Hypercall.SchedYield();
            Check.Ok("none", Hypercall.VcpuOp(13, 0, &none));
            info[0] = Address(i);
            info[1] = 0;
            Attack.Result("vcpu_info", Name(i), Hypercall.VcpuOp(10, 0, info));
            info[0] = Memory.MfnOf(Memory.AddressOfPfn(Memory.PfnOf(Vcpu.Start->PtBase)));
            info[1] = Address(i);
            Attack.Result("vcpu_info's offset", Name(i), Hypercall.VcpuOp(10, 0, info));
            Attack.Result("eoi page", Name(i), Hypercall.Call(Number.PhysdevOp, 28, (ulong)&area));
            Attack.Result("io bitmap", Name(i), IoBitmap(Address(i)));
        }

        Check.Ok("no bitmap", IoBitmap(0));
    }

    /// <summary>physdev_set_iobitmap: the bitmap's address and the number of ports.</summary>
    static long IoBitmap(ulong address)
    {
        ulong* op = stackalloc ulong[2];
        op[0] = address;
        op[1] = address == 0 ? 0 : 1024u;
        long result = Hypercall.Call(Number.PhysdevOp, 7, (ulong)op);
        if (address != 0 && result == 0)
        {
            Probe.Registers.Rdx = 0x80;
            ulong* level = stackalloc ulong[1];
            *level = 0;
            Check.Ok("set_iopl 0", Hypercall.Call(Number.PhysdevOp, 6, (ulong)level));
            Attack.Outcome("port by that bitmap", "", Probe.Run([0xec]));
            *level = 1;
            Check.Ok("set_iopl 1", Hypercall.Call(Number.PhysdevOp, 6, (ulong)level));
        }

        return result;
    }

    static void DebugRegisters()
    {
        for (int i = 0; i < Addresses; i++)
        {
            for (ulong register = 0; register < 8; register++)
            {
                Attack.Result(register switch { 0 => "dr0", 1 => "dr1", 2 => "dr2", 3 => "dr3", 4 => "dr4", 5 => "dr5", 6 => "dr6", _ => "dr7" }, Name(i), Hypercall.Call(Number.SetDebugreg, register, Address(i)));
                Check.True("0 again", register is 4 or 5 || Hypercall.Call(Number.SetDebugreg, register, 0) == 0);
            }
        }
    }

    static void Invalidations()
    {
        for (int i = 0; i < Addresses; i++)
        {
            ulong vcpus = ~0ul;
            Attack.Result("invlpg_local", Name(i), Mmu.Ext(MmuextCommand.InvlpgLocal, Address(i)));
            Attack.Result("invlpg_all", Name(i), Mmu.Ext(MmuextCommand.InvlpgAll, Address(i)));
            Attack.Result("invlpg_multi", Name(i), Mmu.Ext(MmuextCommand.InvlpgMulti, Address(i), (ulong)&vcpus));
            Attack.Result("mask of invlpg_multi", Name(i), Mmu.Ext(MmuextCommand.InvlpgMulti, 0, Address(i)));
            Attack.Result("mask of tlb_flush_multi", Name(i), Mmu.Ext(MmuextCommand.TlbFlushMulti, 0, Address(i)));
            Attack.Result("mask of update_va_mapping", Name(i), Hypercall.Call(Number.UpdateVaMapping, Vcpu.Start->PtBase, PageTable.Leaf(Vcpu.Start->PtBase), Address(i) & ~3ul | 2));
        }
    }

    /// <summary>vcpu_guest_context of the second vCPU, good but for one field.</summary>
    static void Contexts()
    {
        byte* context = (byte*)Memory.Allocate(2);
        for (int i = 0; i < Addresses; i++)
        {
            Attack.Result("rip", Name(i), Initialise(context, 520 + 128, Address(i)));
            Attack.Result("rsp", Name(i), Initialise(context, 520 + 152, Address(i)));
            Attack.Result("kernel_sp", Name(i), Initialise(context, 4976, Address(i)));
            Attack.Result("ldt_base", Name(i), Initialise(context, 4816, Address(i), 4824, 1));
            Attack.Result("gdt_frames", Name(i), Initialise(context, 4832, Address(i), 4960, 1));
            Attack.Result("gdt_ents", Name(i), Initialise(context, 4960, Address(i)));
            Attack.Result("cr0", Name(i), Initialise(context, 4984, Address(i)));
            Attack.Result("cr3", Name(i), Initialise(context, 4984 + 24, Address(i)));
            Attack.Result("cr1", Name(i), Initialise(context, 4984 + 8, Address(i)));
            Attack.Result("cr4", Name(i), Initialise(context, 4984 + 32, Address(i)));
            Attack.Result("dr0", Name(i), Initialise(context, 5048, Address(i)));
            Attack.Result("dr7", Name(i), Initialise(context, 5048 + 56, Address(i)));
            Attack.Result("event_callback", Name(i), Initialise(context, 5112, Address(i)));
            Attack.Result("failsafe_callback", Name(i), Initialise(context, 5120, Address(i)));
            Attack.Result("syscall_callback", Name(i), Initialise(context, 5128, Address(i)));
            Attack.Result("fs_base", Name(i), Initialise(context, 5144, Address(i)));
            Attack.Result("gs_base_kernel", Name(i), Initialise(context, 5152, Address(i)));
            Attack.Result("gs_base_user", Name(i), Initialise(context, 5160, Address(i)));
            Attack.Result("trap_ctxt", Name(i), Initialise(context, (int)TrapsAt + 14 * 16 + 8, Address(i), (int)TrapsAt + 14 * 16, 14 | Selector.Code64 << 16));
        }
    }

    /// <summary>
    /// What initialising the second vCPU answers. The one good field of the frame, cr3, is set bad as well, so the call fails at
    /// the latest there and the vCPU stays without a context; what fails earlier shows by its error.
    /// </summary>
    static long Initialise(byte* context, int at, ulong value, int also = 0, ulong alsoValue = 0)
    {
        for (ulong i = 0; i < ContextSize; i++)
        {
            context[i] = 0;
        }

        *(ulong*)(context + 512) = 1 << 2;
        *(ulong*)(context + UserRegistersAt + 128) = Native.TrapStubAddress(0);
        *(ushort*)(context + UserRegistersAt + 136) = (ushort)Selector.Code64;
        *(ulong*)(context + UserRegistersAt + 144) = 0x202;
        *(ushort*)(context + UserRegistersAt + 160) = (ushort)Selector.Data;
        *(ulong*)(context + at) = value;
        if (also != 0)
        {
            *(ulong*)(context + also) = alsoValue;
        }

        return Hypercall.VcpuOp(0, 1, context);
    }
}
