using System;

namespace Xenith.Machine;

/// <summary>
/// Descriptor tables, task-state segment and system-call registers of this CPU. Every PV guest's GDT shows the hypervisor's
/// descriptors in its page 14, so the selectors are the same whoever runs.
/// </summary>
public static unsafe class Descriptors
{
    /// <summary>Offset of page 14 from the base of a GDT.</summary>
    private const ulong ReservedPageOffset = Selectors.FirstReservedPage * 4096UL;

    /// <summary>Bytes set aside for the SYSCALL stub of each CPU.</summary>
    private const int StubSize = 64;

    /// <summary>Sets up GDT, TSS, IDT and SYSCALL registers of the CPU that runs this; its record gets its ledger.</summary>
    public static void InitializeCpu(uint id)
    {
        PerCpu.Record* record = PerCpu.Current;
        ulong block = (ulong)record;
        record->Id = id;
        // Another CPU's ledger was made for it: after boot nothing can be.
        if (record->Ledger is null)
            record->Ledger = new Ledger();
        if (id == 0)
            record->GdtFrame = Mfn.FromAddress(Image.PhysicalOf(block + CpuBlock.GdtPage)).Value;
        PerCpu.ClearVcpuInfo();

        BuildTss(record, block);
        BuildGdt(block, (ulong)record->Tss);
        LoadGdt(block + CpuBlock.GdtPage - ReservedPageOffset);
        Asm.reload_code_segment();
        Asm.try_load_ds(0);
        Asm.try_load_es(0);
        Asm.try_load_fs(0);
        Asm.try_load_user_gs(0);
        Asm.load_tr(Selectors.Tss);
        Asm.load_ldt(0);
        if (id == 0)
            BuildIdt();
        LoadPseudo(record, (ulong)Asm.get_idt(), 4095, false);
        BuildSyscallStub(id, block);
    }

    /// <summary>The frame that holds this CPU's descriptors: what page 14 of the current vCPU's GDT must map.</summary>
    public static Mfn ReservedGdtFrame => new(PerCpu.Current->GdtFrame);

    /// <summary>Makes this CPU use its own GDT, whose guest part is empty.</summary>
    public static void LoadIdleGdt() => LoadGdt((ulong)PerCpu.Current + CpuBlock.GdtPage - ReservedPageOffset);

    /// <summary>Makes this CPU use the GDT that is mapped at an address of the per-domain area.</summary>
    public static void LoadGdt(ulong address) => LoadPseudo(PerCpu.Current, address, 15 * 4096 - 1, true);

    /// <summary>Loads the LDT register with a table of so many 8-byte entries at an address; 0 entries for none.</summary>
    public static void LoadLdt(ulong address, uint entries)
    {
        if (entries == 0)
        {
            Asm.load_ldt(0);
            return;
        }
        WriteSystemDescriptor((ulong*)((ulong)PerCpu.Current + CpuBlock.GdtPage) + (Selectors.Ldt & 0xfff) / 8, address, entries * 8 - 1, 0x82);
        Asm.load_ldt(Selectors.Ldt);
    }

    private static void LoadPseudo(PerCpu.Record* record, ulong address, ushort limit, bool gdt)
    {
        byte* pseudo = record->PseudoDescriptor;
        *(ushort*)pseudo = limit;
        *(ulong*)(pseudo + 2) = address;
        if (gdt)
            Asm.load_gdt(pseudo);
        else
            Asm.load_idt(pseudo);
    }

    private static void BuildTss(PerCpu.Record* record, ulong block)
    {
        // SDM vol. 3, 8.7: RSP0 at 4, IST1 at 36, I/O map base at 102.
        byte* tss = record->Tss;
        *(ulong*)(tss + 4) = block + CpuBlock.Size;
        *(ulong*)(tss + 36) = block + CpuBlock.DoubleFaultTop;
        *(ulong*)(tss + 44) = block + CpuBlock.NmiTop;
        *(ulong*)(tss + 52) = block + CpuBlock.MachineCheckTop;
        *(ulong*)(tss + 60) = block + CpuBlock.DebugTop;
        *(ushort*)(tss + 102) = 104;
    }

    private static void BuildGdt(ulong block, ulong tss)
    {
        // Accessed bits are set beforehand: the CPU never has to write them.
        ulong* gdt = (ulong*)(block + CpuBlock.GdtPage);
        gdt[(Selectors.HypervisorCode & 0xfff) / 8] = 0x00af_9b00_0000_ffff;
        gdt[(Selectors.HypervisorData & 0xfff) / 8] = 0x00cf_9300_0000_ffff;
        gdt[(Selectors.Ring3Code32 & 0xff8) / 8] = 0x00cf_fb00_0000_ffff;
        gdt[(Selectors.Ring3Data & 0xff8) / 8] = 0x00cf_f300_0000_ffff;
        gdt[(Selectors.Ring3Code64 & 0xff8) / 8] = 0x00af_fb00_0000_ffff;
        WriteSystemDescriptor(gdt + (Selectors.Tss & 0xfff) / 8, tss, 103, 0x89);
    }

    /// <summary>A 16-byte system descriptor (SDM vol. 3, 8.2.3).</summary>
    private static void WriteSystemDescriptor(ulong* at, ulong address, uint limit, uint access)
    {
        at[0] = (limit & 0xffff) | (address & 0xff_ffff) << 16 | (ulong)access << 40 | (ulong)(limit >> 16 & 15) << 48 | (address >> 24 & 0xff) << 56;
        at[1] = address >> 32;
    }

    private static void BuildIdt()
    {
        ulong stubs = Asm.get_trap_stubs();
        ulong* idt = Asm.get_idt();
        for (int vector = 0; vector < 256; vector++)
        {
            ulong target = stubs + (ulong)vector * 16;
            ulong stack = vector switch
            {
                ExceptionVector.DoubleFault => 1,
                ExceptionVector.Nmi => 2,
                ExceptionVector.MachineCheck => 3,
                ExceptionVector.Debug => 4,
                _ => 0,
            };
            // INT3 and INTO of a guest go straight to their gates; INT n with any other n is #GP and reflected from there.
            ulong access = vector is ExceptionVector.Breakpoint or ExceptionVector.Overflow ? 0xeeUL : 0x8eUL;
            idt[vector * 2] = (target & 0xffff) | (ulong)Selectors.HypervisorCode << 16 | stack << 32 | access << 40 | (target >> 16 & 0xffff) << 48;
            idt[vector * 2 + 1] = target >> 32;
        }
    }

    /// <summary>
    /// SYSCALL leaves RSP with the guest's value and no free register. So each CPU has a stub of its own with the addresses of its stack
    /// and record in it.
    /// </summary>
    private static void BuildSyscallStub(uint id, ulong block)
    {
        ulong compatibility = WriteSyscallStub(id, block);
        Cpu.WriteMsr(Msr.Lstar, ImageLayout.SyscallStubs + id * StubSize);
        Cpu.WriteMsr(Msr.Cstar, compatibility);
        Cpu.WriteMsr(Msr.Star, (ulong)Selectors.HypervisorCode << 32 | (ulong)Selectors.Ring3Code32 << 48);
        // SYSENTER has a stack of the CPU's own from the start. AMD's CPUs have none in long mode; with a null CS it stays a fault whatever the CPU.
        const uint auth = 0x6874_7541, hygo = 0x6f67_7948;
        bool hasSysenter = Cpu.Cpuid(0).Ebx is not (auth or hygo);
        Cpu.TryWriteMsr(Msr.SysenterCs, hasSysenter ? Selectors.HypervisorCode : 0UL);
        Cpu.TryWriteMsr(Msr.SysenterEsp, block + CpuBlock.Size);
        Cpu.TryWriteMsr(Msr.SysenterEip, Asm.get_sysenter_entry());
        Cpu.WriteMsr(Msr.SyscallMask, Rflags.Interrupt | Rflags.Trap | Rflags.Direction | Rflags.NestedTask | Rflags.AlignmentCheck | Rflags.IoPrivilege | Rflags.Resume);
    }

    /// <summary>Writes a CPU's stub, unless it is there already; returns the address of its part for 32-bit callers.</summary>
    internal static ulong WriteSyscallStub(uint id, ulong block)
    {
        ulong code = ImageLayout.SyscallStubs + id * StubSize;
        ulong frame = block + CpuBlock.Size - CpuBlock.FrameSize;
        byte* to = stackalloc byte[StubSize];
        int at = 0;
        at = StoreStackPointer(to, code, at, frame);
        Bytes(to, ref at, 0x66, 0x83, 0x3d);                            // cmpw $0, UserMode and TaskSwitched
        Relative(to, code, ref at, block + 32, 1);
        to[at++] = 0;
        Bytes(to, ref at, 0x0f, 0x85);                                  // jne syscall_slow
        Relative(to, code, ref at, Guards.IsEnabled ? Asm.get_guarded_syscall_slow() : Asm.get_syscall_slow(), 0);
        to[at++] = 0xe9;                                                // jmp hypercall_entry
        Relative(to, code, ref at, Guards.IsEnabled ? Asm.get_guarded_hypercall() : Asm.get_hypercall_entry(), 0);
        int compatibility = at;
        at = StoreStackPointer(to, code, at, frame);
        to[at++] = 0xe9;                                                // jmp syscall32_entry
        Relative(to, code, ref at, Guards.IsEnabled ? Asm.get_guarded_syscall32() : Asm.get_syscall32_entry(), 0);
        // All are written while booting; afterwards nobody can.
        Span<byte> stub = new(to, at);
        if (!stub.SequenceEqual(new ReadOnlySpan<byte>((byte*)code, at)))
            stub.CopyTo(new Span<byte>(Image.WritableAlias(code), at));
        return code + (ulong)compatibility;
    }

    /// <summary>Writes this CPU's stub again: the ways in have become others.</summary>
    internal static void RenewSyscallStub() => BuildSyscallStub(PerCpu.Current->Id, (ulong)PerCpu.Current);

    private static int StoreStackPointer(byte* to, ulong code, int at, ulong frame)
    {
        Bytes(to, ref at, 0x48, 0x89, 0x25);                            // mov %rsp, frame.Rsp
        Relative(to, code, ref at, frame + 192, 0);
        Bytes(to, ref at, 0x48, 0x8d, 0x25);                            // lea frame, %rsp
        Relative(to, code, ref at, frame, 0);
        return at;
    }

    private static void Bytes(byte* to, ref int at, byte a, byte b, byte c)
    {
        to[at++] = a;
        to[at++] = b;
        to[at++] = c;
    }

    private static void Bytes(byte* to, ref int at, byte a, byte b)
    {
        to[at++] = a;
        to[at++] = b;
    }

    /// <summary>A 32-bit displacement from the end of the instruction, which has <paramref name="after"/> more bytes.</summary>
    private static void Relative(byte* to, ulong code, ref int at, ulong target, int after)
    {
        *(int*)(to + at) = (int)(target - (code + (ulong)(at + 4 + after)));
        at += 4;
    }
}
