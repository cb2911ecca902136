// The state of a vCPU that is set once and has to be there after every round: bases, selectors, control and debug registers, page-table roots.
// It is set by the vCPU itself, with values of its own.

using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

/// <summary>A vCPU's own page tables: what lies at <see cref="SwitchState.Address"/> in its kernel and in its user mode.</summary>
struct SwitchRoots
{
    public ulong Kernel, User;

    /// <summary>The page there, as it is mapped elsewhere.</summary>
    public ulong Data;
}

static unsafe class SwitchState
{
    /// <summary>In an L4 slot of its own, which the first tables leave empty; the user's code follows.</summary>
    public const ulong Address = 1ul << 39, CodeAddress = Address + Memory.PageSize;

    const uint Fs = 0, UserGs = 1, KernelGs = 2;
    const ulong DebuggingExtensions = 1 << 3, FsGsBase = 1 << 16, OsXsave = 1 << 18;
    const uint SecondGsMsr = 0xc0000102;
    const ulong UserTurns = 250000;

    static ulong stack0, stack1, cr4, controlled0, controlled1;

    // What the handlers had counted before a round; one of each for each vCPU.
    struct Counts
    {
        public ulong Device, Opcode, Debug, User, Lost;
    }

    static Counts counts0, counts1;

    /// <summary>The end of a small stack for handlers, of each vCPU.</summary>
    public static ulong Stack(uint vcpu) => vcpu == 0 ? stack0 : stack1;

    public static void Prepare()
    {
        if (stack0 == 0)
        {
            stack0 = Memory.Allocate(2) + 2 * Memory.PageSize;
            stack1 = Memory.Allocate(2) + 2 * Memory.PageSize;
        }
    }

    static ulong FsWord(uint vcpu) => 0xf500000000000000ul + vcpu;

    static ulong GsWord(uint vcpu) => 0x6500000000000000ul + vcpu;

    static ulong UserGsBase(uint vcpu) => 0x123400000000ul + vcpu * 0x1000ul;

    static ulong Marker(uint vcpu) => 0x3a12ce0000000000ul + vcpu;

    public static void Set(uint vcpu, SwitchBlock* block, uint job)
    {
        block->FsWord = FsWord(vcpu);
        block->GsWord = GsWord(vcpu);
        block->Components = SwitchVectors.Offered;
        if (SwitchVectors.Offered != 0)
        {
            SwitchNative.WriteCr4(SwitchNative.ReadCr4() | OsXsave);
            SwitchNative.WriteXcr0(SwitchVectors.Offered);
        }

        switch (job)
        {
            case SwitchJob.Bases:
                Hypercall.Call(Number.SetSegmentBase, Fs, (ulong)&block->FsWord);
                Hypercall.Call(Number.SetSegmentBase, KernelGs, (ulong)&block->GsWord);
                Hypercall.Call(Number.SetSegmentBase, UserGs, UserGsBase(vcpu));
                break;
            case SwitchJob.Selectors:
                LoadSelectors(vcpu);
                break;
            case SwitchJob.Control:
                SetControl(vcpu);
                break;
            case SwitchJob.Components when SwitchVectors.Offered != 0 && vcpu == 1:
                SwitchNative.WriteXcr0(SwitchVectors.Legacy);
                block->Components = SwitchVectors.Legacy;
                break;
            case SwitchJob.Roots:
            case SwitchJob.User:
                SetRoots(vcpu, block);
                break;
            case SwitchJob.Breakpoints:
                Hypercall.Call(Number.SetDebugreg, 0, SwitchWorker.Watched(vcpu));
                Hypercall.Call(Number.SetDebugreg, 1, 0x1000 + vcpu);
                Hypercall.Call(Number.SetDebugreg, 2, 0x2000 + vcpu);
                Hypercall.Call(Number.SetDebugreg, 3, 0x3000 + vcpu);
                Hypercall.Call(Number.SetDebugreg, 6, 0);
                Hypercall.Call(Number.SetDebugreg, 7, 0x90401); // L0, write, 8 bytes
                break;
        }
    }

    public static void Clear(uint vcpu, SwitchBlock* block, uint job)
    {
        switch (job)
        {
            case SwitchJob.Bases:
            case SwitchJob.User:
                Hypercall.Call(Number.SetSegmentBase, Fs, 0);
                Hypercall.Call(Number.SetSegmentBase, KernelGs, 0);
                Hypercall.Call(Number.SetSegmentBase, UserGs, 0);
                break;
            case SwitchJob.Selectors:
                SwitchNative.LoadSelectors(0, 0, 0, 0);
                break;
            case SwitchJob.Control:
                SwitchNative.WriteCr4(vcpu == 0 ? cr4 : cr4 | OsXsave);
                break;
            case SwitchJob.Components when SwitchVectors.Offered != 0:
                SwitchNative.WriteXcr0(SwitchVectors.Offered);
                break;
            case SwitchJob.Breakpoints:
                for (ulong register = 0; register < 4; register++)
                {
                    Hypercall.Call(Number.SetDebugreg, register, 0);
                }

                Hypercall.Call(Number.SetDebugreg, 7, 0);
                break;
        }

        if (job is SwitchJob.Roots or SwitchJob.User)
        {
            Mmu.Ext(MmuextCommand.NewBaseptr, Memory.MfnOf(Vcpu.Start->PtBase));
        }
    }

    /// <summary>Remembers what the handlers have counted.</summary>
    public static void Before(SwitchBlock* block)
    {
        ref Counts counts = ref CountsOf(block);
        counts.Device = block->DeviceEntries;
        counts.Opcode = block->OpcodeEntries;
        counts.Debug = block->DebugEntries;
        counts.User = block->UserEntries;
        counts.Lost = block->Lost;
    }

    public static void After(ref SwitchOutcome outcome, uint vcpu, SwitchBlock* block, uint job, uint operation)
    {
        ref Counts counts = ref CountsOf(block);
        // A handler runs where its vCPU asked for it, and nowhere else.
        Expect(ref outcome, operation == SwitchOperation.Twice ? 1u : 0, block->DeviceEntries - counts.Device);
        ulong opcodes = operation switch
        {
            SwitchOperation.Fault => 1,
            SwitchOperation.Base when (Controlled(vcpu) & FsGsBase) == 0 => 1,
            _ => 0,
        };
        Expect(ref outcome, opcodes, block->OpcodeEntries - counts.Opcode);
        Expect(ref outcome, operation == SwitchOperation.Watch ? 1u : 0, block->DebugEntries - counts.Debug);
        Expect(ref outcome, operation == SwitchOperation.User ? 1u : 0, block->UserEntries - counts.User);
        Expect(ref outcome, 0, block->Lost - counts.Lost);

        switch (job)
        {
            case SwitchJob.Bases:
                ulong* words = stackalloc ulong[2];
                SwitchNative.ReadBases(words);
                Expect(ref outcome, FsWord(vcpu), words[0]);
                Expect(ref outcome, GsWord(vcpu), words[1]);
                Expect(ref outcome, UserGsBase(vcpu), SwitchNative.ReadMsr(SecondGsMsr));
                break;
            case SwitchJob.Selectors:
                for (int i = 0; i < 4; i++)
                {
                    Expect(ref outcome, SelectorOf(vcpu, i), block->Selectors[i]);
                }

                break;
            case SwitchJob.Control:
                Expect(ref outcome, Controlled(vcpu), SwitchNative.ReadCr4());
                break;
            case SwitchJob.Components when SwitchVectors.Offered != 0:
                Expect(ref outcome, block->Components, SwitchNative.ReadXcr0());
                break;
            case SwitchJob.Roots:
                Expect(ref outcome, Marker(vcpu), *(ulong*)Address);
                break;
            case SwitchJob.Breakpoints:
                Expect(ref outcome, 1, block->DebugStatus & 0xf);
                Expect(ref outcome, 0x90401, (ulong)Hypercall.Call(Number.GetDebugreg, 7));
                Expect(ref outcome, SwitchWorker.Watched(vcpu), (ulong)Hypercall.Call(Number.GetDebugreg, 0));
                for (ulong register = 1; register < 4; register++)
                {
                    Expect(ref outcome, register * 0x1000 + vcpu, (ulong)Hypercall.Call(Number.GetDebugreg, register));
                }

                break;
        }
    }

    /// <summary>Registers for a run of user mode that looks at its memory, FS and GS all the time.</summary>
    public static uint ToUser(SwitchBlock* block, uint vcpu)
    {
        block->In[SwitchBlock.Rbx] = Marker(vcpu);
        block->In[SwitchBlock.Rcx] = UserTurns;
        block->In[SwitchBlock.R12] = 0;
        block->In[SwitchBlock.R13] = Address;
        block->In[SwitchBlock.R14] = GsWord(vcpu);
        block->In[SwitchBlock.R15] = FsWord(vcpu);
        block->UserRip = CodeAddress;
        return SwitchOperation.User;
    }

    /// <summary>Tables of both vCPUs, made by the first. Each has its own page at <see cref="Address"/>, in kernel and user mode.</summary>
    public static void MakeRoots()
    {
        if (SwitchWorker.FirstRoots.Kernel != 0)
        {
            return;
        }

        ulong code = Memory.Allocate();
        byte* from = (byte*)(delegate*<void>)&SwitchNative.UserCode;
        byte* end = (byte*)(delegate*<void>)&SwitchNative.UserCodeEnd;
        for (ulong i = 0; from + i < end; i++)
        {
            ((byte*)code)[i] = from[i];
        }

        SwitchWorker.FirstRoots = MakeRoots(0, code);
        SwitchWorker.SecondRoots = MakeRoots(1, code);
    }

    static SwitchRoots MakeRoots(uint vcpu, ulong code)
    {
        SwitchRoots roots = default;
        roots.Kernel = Memory.Allocate();
        roots.User = Memory.Allocate();
        roots.Data = Memory.Allocate();
        ulong level1 = Memory.Allocate(), level2 = Memory.Allocate(), level3 = Memory.Allocate();
        ((ulong*)roots.Data)[0] = Marker(vcpu);
        ((ulong*)roots.Data)[1] = FsWord(vcpu);
        ((ulong*)roots.Data)[2] = GsWord(vcpu);
        ((ulong*)level1)[0] = Pte.Frame(Memory.MfnOf(roots.Data), Pte.UserPage | Pte.NoExecute);
        ((ulong*)level1)[1] = Pte.Frame(Memory.MfnOf(code), Pte.Present | Pte.User | Pte.Accessed);
        ((ulong*)level2)[0] = Pte.Frame(Memory.MfnOf(level1), Pte.Table);
        ((ulong*)level3)[0] = Pte.Frame(Memory.MfnOf(level2), Pte.Table);
        int slot = PageTable.IndexAt(Address, 4);
        ((ulong*)roots.Kernel)[slot] = Pte.Frame(Memory.MfnOf(level3), Pte.Table);
        ((ulong*)roots.Kernel)[511] = ((ulong*)Vcpu.Start->PtBase)[511];
        ((ulong*)roots.User)[slot] = ((ulong*)roots.Kernel)[slot];
        Check.Ok("L1", PageTable.MakeReadOnly(level1));
        Check.Ok("L2", PageTable.MakeReadOnly(level2));
        Check.Ok("L3", PageTable.MakeReadOnly(level3));
        Check.Ok("kernel root", PageTable.MakeReadOnly(roots.Kernel));
        Check.Ok("user root", PageTable.MakeReadOnly(roots.User));
        return roots;
    }

    static void SetRoots(uint vcpu, SwitchBlock* block)
    {
        ref SwitchRoots roots = ref vcpu == 0 ? ref SwitchWorker.FirstRoots : ref SwitchWorker.SecondRoots;
        Mmu.Ext(MmuextCommand.NewBaseptr, Memory.MfnOf(roots.Kernel));
        Mmu.Ext(MmuextCommand.NewUserBaseptr, Memory.MfnOf(roots.User));
        Hypercall.StackSwitch(Selector.Data, Stack(vcpu));
        Hypercall.RegisterCallback(CallbackType.Syscall, 0, SwitchNative.Gate(vcpu, SwitchGate.Returned));
        Hypercall.Call(Number.SetSegmentBase, Fs, Address + 8);
        Hypercall.Call(Number.SetSegmentBase, UserGs, Address + 16);
    }

    static void SetControl(uint vcpu)
    {
        ulong now = SwitchNative.ReadCr4();
        if (vcpu == 0)
        {
            cr4 = now;
            SwitchNative.WriteCr4(now | DebuggingExtensions | FsGsBase);
            controlled0 = SwitchNative.ReadCr4();
        }
        else
        {
            SwitchNative.WriteCr4(now & ~(DebuggingExtensions | FsGsBase));
            controlled1 = SwitchNative.ReadCr4();
        }
    }

    static ulong Controlled(uint vcpu) => vcpu == 0 ? controlled0 : controlled1;

    static ulong SelectorOf(uint vcpu, int i) => ((uint)i & 1) == vcpu ? Selector.Data : 0;

    static void LoadSelectors(uint vcpu) =>
        SwitchNative.LoadSelectors(SelectorOf(vcpu, 0), SelectorOf(vcpu, 1), SelectorOf(vcpu, 2), SelectorOf(vcpu, 3));

    static ref Counts CountsOf(SwitchBlock* block)
    {
        if (block == SwitchNative.Block(0))
        {
            return ref counts0;
        }

        return ref counts1;
    }

    static void Expect(ref SwitchOutcome outcome, ulong wanted, ulong found)
    {
        if (wanted != found)
        {
            outcome.Other++;
            SwitchWorker.Note(ref outcome, 100, wanted, found);
        }
    }
}
