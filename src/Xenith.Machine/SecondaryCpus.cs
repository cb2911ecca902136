using System.Runtime;
using System.Runtime.CompilerServices;

namespace Xenith.Machine;

/// <summary>
/// The CPUs that wait for a start-up interrupt while the first one boots (SDM vol. 3, 9.4). A started CPU begins in real mode at a page below 1 MiB; the code there
/// (native/secondary.S) brings it to 64-bit mode, onto the main stack of its block, and calls the export `secondary_main`. One CPU is started at a time.
/// </summary>
public static unsafe class SecondaryCpus
{
    /// <summary>CPUs that there is room for, the first included.</summary>
    public const uint Most = 256;

    /// <summary>Pages of a CPU's block.</summary>
    public const int BlockPages = (int)(CpuBlock.Size / AddressSpace.PageSize);

    /// <summary>Address of a CPU's block: that of CPU 0 is part of the image, the others lie one after the other in a place of their own.</summary>
    public static ulong BlockOf(uint cpu) => cpu == 0 ? ImageLayout.BootCpuBlock : AddressSpace.CpuBlocks + cpu * CpuBlock.Size;

    /// <summary>True for the pages of a block that stay unmapped.</summary>
    public static bool IsGuardPage(int page)
    {
        foreach (byte guard in CpuBlock.GuardPages)
        {
            if (guard == page)
                return true;
        }
        return false;
    }

    /// <summary>The page of a block that holds the CPU's descriptors.</summary>
    public static int DescriptorPage => (int)(CpuBlock.GdtPage / AddressSpace.PageSize);

    /// <summary>Writes into a CPU's block, which is mapped and zeroed, what the CPU finds there when it starts.</summary>
    public static void Prepare(uint cpu, object context, Mfn descriptors)
    {
        PerCpu.Record* record = (PerCpu.Record*)BlockOf(cpu);
        record->Id = cpu;
        record->Context = context;
        record->Ledger = new Ledger();
        record->GdtFrame = descriptors.Value;
        Descriptors.WriteSyscallStub(cpu, BlockOf(cpu));
    }

    /// <summary>Gets ready for the start of one CPU: its block, the code in a page below 1 MiB, and the identity mapping that the switch to 64-bit mode needs.</summary>
    public static void Arm(uint cpu, Mfn page)
    {
        byte* code = Code, end = CodeEnd;
        byte* to = DirectMap.At(page);
        for (int i = 0; i < end - code; i++)
            to[i] = code[i];
        *Block = BlockOf(cpu);
        PageTableView.At(Image.RootTable).Write(0, new PageTableEntry(Mfn.FromAddress(Image.PhysicalOf((ulong)ImageLayout.BootL3Identity)), PageFlags.Present | PageFlags.Writable | PageFlags.Accessed));
    }

    /// <summary>Takes the identity mapping away again, if the CPU has not done so itself.</summary>
    public static void Disarm() => PageTableView.At(Image.RootTable).Write(0, default);

    // Like those of ImageLayout, and for its reason, none of these is inlined.
    private static byte* Code
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (byte*)(delegate*<void>)&secondary_code;
    }

    private static byte* CodeEnd
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (byte*)(delegate*<void>)&secondary_code_end;
    }

    /// <summary>Where the code finds the address of its CPU's block.</summary>
    private static ulong* Block
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong*)(delegate*<void>)&secondary_block;
    }

    [RuntimeImport("*", "secondary_code")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void secondary_code();

    [RuntimeImport("*", "secondary_code_end")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void secondary_code_end();

    [RuntimeImport("*", "secondary_block")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void secondary_block();
}
