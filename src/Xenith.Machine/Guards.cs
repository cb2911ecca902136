namespace Xenith.Machine;

/// <summary>
/// The guarded ways in and out (native/guarded.S), for CPUs that speculate where they should not. Until <see cref="Enable"/> the code is that of CPUs that need nothing, to the
/// instruction. Afterwards each CPU does what its record says.
/// </summary>
public static unsafe class Guards
{
    private const byte Jump = 0xe9;

    /// <summary>True once the guarded ways are in use.</summary>
    public static bool IsEnabled { get; private set; }

    /// <summary>First byte of the code that a guest's own root must show. Page-aligned.</summary>
    public static ulong EntryStart => Asm.get_entry_start();

    /// <summary>End of that code. Page-aligned.</summary>
    public static ulong EntryEnd => Asm.get_entry_end();

    /// <summary>The page of the interrupt descriptor table.</summary>
    public static ulong IdtPage => (ulong)Asm.get_idt();

    /// <summary>First byte of the 64 KiB block of the CPU that runs this. Some of its pages are never mapped.</summary>
    public static ulong BlockStart => (ulong)PerCpu.Current;

    /// <summary>
    /// Puts jumps to the guarded ways into the code. Only while booting, with one CPU and no guest; CPUs that are set up later use them from the start.
    /// </summary>
    public static void Enable()
    {
        if (IsEnabled)
            return;
        IsEnabled = true;
        PerCpu.Current->Root = Asm.read_cr3();
        for (ulong* site = Asm.get_guard_sites_start(); site < Asm.get_guard_sites_end(); site += 2)
        {
            byte* code = Image.WritableAlias(site[0]);
            code[0] = Jump;
            *(int*)(code + 1) = (int)(site[1] - (site[0] + 5));
        }
        Descriptors.RenewSyscallStub();
    }

    /// <summary>What this CPU does, the value of IA32_SPEC_CTRL inside the hypervisor, and the root that its guests run on; an invalid frame for their real one.</summary>
    public static void ConfigureCpu(GuardKinds kinds, uint specCtrl, Mfn ownRoot)
    {
        PerCpu.Record* record = PerCpu.Current;
        record->VerwSelector = Selectors.HypervisorData;
        record->SpecCtrl = specCtrl;
        record->OwnRoot = ownRoot.IsInvalid ? 0 : ownRoot.Address;
        record->Root = Asm.read_cr3();
        record->RootChanged = 1;
        record->Guards = (byte)kinds;
    }

    /// <summary>Whether the guest that is loaded on this CPU runs on the CPU's own root, if it has one. Call with interrupts off, between loading a guest's root and going out.</summary>
    public static void Isolate(bool on)
    {
        PerCpu.Record* record = PerCpu.Current;
        record->GuestRoot = on ? record->OwnRoot : 0;
        record->RootChanged = 1;
    }
}
