// The second vCPU's start, and what it finds then: every register of vcpu_guest_context (public arch-x86/xen.h) has a value of its own.

using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class SwitchBegin
{
    const ulong Seed = 0x5eed;
    const ulong DebuggingExtensions = 1 << 3, SwitchedOff = 0xffff82d040200000;
    const ulong Arithmetic = 0x8d5;

    struct Observations
    {
        public fixed ulong Debug[8];
        public fixed ulong Words[2];
    }

    static Observations observed;
    static ulong cr4, xcr0, userGs, entries, stack;
    static bool observes, started;

    /// <summary>Starts it, once. False if that failed: there is a failure on record then.</summary>
    public static bool Start()
    {
        if (started)
        {
            return Hypercall.VcpuOp(3, SecondVcpu.Id, null) == 1;
        }

        started = true;
        SwitchVectors.Find();
        SwitchState.Prepare();
        SwitchBlock* block = SwitchNative.Block(1);
        block->Mxcsr = 0x1f80;
        block->Skip = 2;
        stack = Memory.Allocate(4) + 4 * Memory.PageSize;
        byte* context = SecondVcpu.NewContext(stack);
        Fill(context, block);
        long result = SecondVcpu.Initialise(context);
        Check.Ok("initialise", result);
        if (result != 0)
        {
            return false;
        }

        Check.Ok("up", SecondVcpu.Start());
        for (int i = 0; i < 100000 && !observes; i++)
        {
            Hypercall.SchedYield();
        }

        Check.True("it runs", observes);
        return observes;
    }

    static void Fill(byte* context, SwitchBlock* block)
    {
        ulong seed = Seed;
        SwitchVectors.Make(block->VectorsIn, 0, ref seed);
        for (int i = 0; i < 512; i++)
        {
            context[i] = block->VectorsIn[i];
        }

        const ulong vectorsValid = 1;
        *(ulong*)(context + SecondVcpu.FlagsAt) |= vectorsValid;
        ulong* registers = (ulong*)(context + SecondVcpu.RegistersAt);
        for (int i = 0; i < 15; i++)
        {
            registers[i] = Value(i);
        }

        *(ulong*)(context + SecondVcpu.RegistersAt + SecondVcpu.RipAt) = (ulong)(delegate*<void>)&SwitchNative.Start;
        *(ulong*)(context + SecondVcpu.RegistersAt + SecondVcpu.RflagsAt) = 0x202 | Arithmetic;
        SetGate(context, 1, SwitchGate.Debug);
        SetGate(context, 6, SwitchGate.Opcode);
        SetGate(context, 7, SwitchGate.Device);
        SetGate(context, 13, SwitchGate.Lost);
        SetGate(context, 14, SwitchGate.Lost);
        ulong* control = (ulong*)(context + SecondVcpu.ControlAt);
        control[4] = DebuggingExtensions;
        ulong* debug = (ulong*)(context + SecondVcpu.DebugAt);
        debug[0] = SwitchWorker.Watched(1);
        debug[1] = 0x1234;
        debug[2] = 0xffffffff80001000;
        debug[3] = SwitchedOff; // the hypervisor's: not taken
        debug[6] = 0x4000;
        debug[7] = 0x90401; // L0, write, 8 bytes
        block->FsWord = 0xf5;
        block->GsWord = 0x65;
        *(ulong*)(context + SecondVcpu.FsBaseAt) = (ulong)&block->FsWord;
        *(ulong*)(context + SecondVcpu.FsBaseAt + 8) = (ulong)&block->GsWord;
        *(ulong*)(context + SecondVcpu.FsBaseAt + 16) = 0x123456789000;
    }

    /// <summary>Looks at what the assembly has not stored. It runs on the second vCPU.</summary>
    public static void Observe()
    {
        SwitchBlock* block = SwitchNative.Block(1);
        for (ulong i = 0; i < 8; i++)
        {
            observed.Debug[i] = (ulong)Hypercall.Call(Number.GetDebugreg, i);
        }

        fixed (ulong* words = observed.Words)
        {
            SwitchNative.ReadBases(words);
        }

        cr4 = SwitchNative.ReadCr4();
        userGs = SwitchNative.ReadMsr(0xc0000102);
        xcr0 = SwitchVectors.Offered == 0 ? 0 : SwitchNative.ReadXcr0();
        System.Threading.Volatile.Write(ref block->Watched, 2);
        entries = block->DebugEntries;
        Hypercall.Call(Number.SetDebugreg, 7, 0);
        System.Threading.Volatile.Write(ref observes, true);
    }

    /// <summary>Compares what it found with what it was given.</summary>
    public static void Compare()
    {
        SwitchBlock* block = SwitchNative.Block(1);
        uint differ = 0;
        for (int i = 0; i < 15; i++)
        {
            differ += block->Out[Places[i]] != Value(i) ? 1u : 0;
        }

        Check.Equal("general registers that differ", 0, differ);
        Check.Equal("rsp", stack, block->Out[SwitchBlock.Rsp]);
        Check.Equal("flags", 0x202 | Arithmetic, block->OutFlags);
        Check.Equal("x87 and SSE fields that differ", 0, SwitchVectors.LegacyDifferences(block->VectorsIn, block->VectorsOut));
        Check.Equal("FS:0", 0xf5, observed.Words[0]);
        Check.Equal("GS:0", 0x65, observed.Words[1]);
        Check.Equal("the user's GS base", 0x123456789000, userGs);
        Check.Equal("dr0", SwitchWorker.Watched(1), observed.Debug[0]);
        Check.Equal("dr1", 0x1234, observed.Debug[1]);
        Check.Equal("dr2", 0xffffffff80001000, observed.Debug[2]);
        Check.Equal("dr3", 0, observed.Debug[3]);
        Check.Equal("dr6", 0xffff4ff0, observed.Debug[6]);
        Check.Equal("dr7", 0x90401, observed.Debug[7]);
        Check.Equal("its breakpoint fires", 1, entries);
        Check.Equal("DR6.B0", 1, block->DebugStatus & 0xf);
        Check.Value("cr4", cr4);
        Check.Value("xcr0", xcr0);
    }

    /// <summary>The value of a register by its place in cpu_user_regs, which begins with r15.</summary>
    static ulong Value(int i) => unchecked(0x1111111111111111 * (ulong)(i + 1));

    /// <summary>Which field of <see cref="SwitchBlock.Out"/> each of them is: r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi.</summary>
    static System.ReadOnlySpan<byte> Places => [15, 14, 13, 12, 6, 1, 11, 10, 9, 8, 0, 2, 3, 4, 5];

    static void SetGate(byte* context, int vector, uint gate)
    {
        TrapInfo entry = Trap.Gate((byte)vector, 0);
        entry.Address = SwitchNative.Gate(1, gate);
        *(TrapInfo*)(context + SecondVcpu.TrapsAt + vector * sizeof(TrapInfo)) = entry;
    }
}
