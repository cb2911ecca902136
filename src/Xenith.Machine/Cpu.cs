namespace Xenith.Machine;

/// <summary>The CPU that executes this: its special registers and instructions.</summary>
public static unsafe class Cpu
{
    /// <summary>CPUID for a leaf and sub-leaf.</summary>
    public static CpuidResult Cpuid(uint leaf, uint subleaf = 0)
    {
        CpuidResult result;
        Asm.read_cpuid(leaf, subleaf, &result);
        return result;
    }

    /// <summary>RDTSC.</summary>
    public static ulong ReadTsc() => Asm.read_tsc();

    /// <summary>RDMSR of a register that is known to exist.</summary>
    public static ulong ReadMsr(uint msr) => Asm.read_msr(msr);

    /// <summary>WRMSR of a register that is known to exist with a value known to be legal.</summary>
    public static void WriteMsr(uint msr, ulong value) => Asm.write_msr(msr, value);

    /// <summary>RDMSR; false if the CPU raised #GP.</summary>
    public static bool TryReadMsr(uint msr, out ulong value)
    {
        ulong read = 0;
        bool ok = Asm.try_read_msr(msr, &read) != 0;
        value = read;
        return ok;
    }

    /// <summary>WRMSR; false if the CPU raised #GP.</summary>
    public static bool TryWriteMsr(uint msr, ulong value) => Asm.try_write_msr(msr, value) != 0;

    /// <summary>XSETBV; false if the CPU raised #GP or #UD.</summary>
    public static bool TrySetExtendedControl(uint index, ulong value) => Asm.try_xsetbv(index, value) != 0;

    public static ulong ReadCr0() => Asm.read_cr0();

    public static void WriteCr0(ulong value) => Asm.write_cr0(value);

    /// <summary>CR2: the address of the newest page fault. Read it before interrupts are enabled.</summary>
    public static ulong PageFaultAddress => Asm.read_cr2();

    public static ulong ReadCr3() => Asm.read_cr3();

    /// <summary>Loads the page-table root. Flushes the TLB but for global entries.</summary>
    public static void WriteCr3(ulong value) => Asm.write_cr3(value);

    /// <summary>Loads the page-table root and flushes this CPU's whole TLB, global entries too.</summary>
    public static void LoadRoot(ulong value) => Asm.load_root(value);

    public static ulong ReadCr4() => Asm.read_cr4();

    public static void WriteCr4(ulong value) => Asm.write_cr4(value);

    /// <summary>Flushes this CPU's whole TLB, global entries too.</summary>
    public static void FlushTlb() => Asm.flush_tlb_all();

    /// <summary>INVLPG.</summary>
    public static void InvalidatePage(ulong address) => Asm.invalidate_page(address);

    /// <summary>WBINVD.</summary>
    public static void WriteBackInvalidate() => Asm.write_back_invalidate();

    public static void EnableInterrupts() => Asm.enable_interrupts();

    public static void DisableInterrupts() => Asm.disable_interrupts();

    /// <summary>True if this CPU takes maskable interrupts now.</summary>
    public static bool InterruptsEnabled => (Asm.read_flags() & Rflags.Interrupt) != 0;

    /// <summary>STI; HLT; CLI: sleeps until an interrupt has been handled. Call with interrupts off.</summary>
    public static void WaitForInterrupt() => Asm.wait_for_interrupt();

    /// <summary>PAUSE: one turn of a loop that waits for another CPU.</summary>
    public static void Pause() => Asm.pause_spinning();

    /// <summary>CLI; HLT for ever.</summary>
    public static void Stop() => Asm.stop_forever();

    /// <summary>Spins until the TSC has gone so far on.</summary>
    public static void WaitTicks(ulong ticks) => Asm.wait_ticks(ticks);

    /// <summary>Makes the CPU shut down, which restarts a PC.</summary>
    public static void TripleFault() => Asm.triple_fault();

    /// <summary>CLTS.</summary>
    public static void ClearTaskSwitched() => Asm.clear_task_switched();

    /// <summary>Reads DR0..DR3, DR6 or DR7.</summary>
    public static ulong ReadDebugRegister(uint index) => Asm.read_dr(index);

    /// <summary>Writes DR0..DR3, DR6 or DR7; the value must be legal for the register.</summary>
    public static void WriteDebugRegister(uint index, ulong value) => Asm.write_dr(index, value);

    /// <summary>SWAPGS: exchanges the GS bases of guest kernel and guest user.</summary>
    public static void SwapGs() => Asm.swap_gs();

    /// <summary>Leaves the boot code for good: empties this CPU's stack and goes the way out to a guest, whose first step is the scheduler.</summary>
    public static void StartScheduling()
    {
        byte marker;
        Asm.start_scheduling(((ulong)&marker & ~0xffffUL) + CpuBlock.Size);
    }
}
