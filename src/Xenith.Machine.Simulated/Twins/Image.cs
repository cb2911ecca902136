// The image of the simulated machine: see Simulation/ImageModel.cs.

using Xenith.Machine.Simulation;

namespace Xenith.Machine;

/// <summary>Where the linked image lies, by permission. All bounds are page-aligned virtual addresses.</summary>
public static class Image
{
    /// <summary>Ends booting: on the metal no object can be made from here on. The hosted build goes on, with a collector of its own.</summary>
    public static void SealHeap()
    {
    }

    /// <summary>Code: read and execute.</summary>
    public static ulong TextStart => AddressSpace.Image + ImageModel.TextStart;

    public static ulong TextEnd => AddressSpace.Image + ImageModel.ReadOnlyStart;

    /// <summary>Constants: read.</summary>
    public static ulong ReadOnlyStart => AddressSpace.Image + ImageModel.ReadOnlyStart;

    public static ulong ReadOnlyEnd => AddressSpace.Image + ImageModel.DataStart;

    /// <summary>Method tables, string literals and frozen objects: read and write while booting, then read.</summary>
    public static ulong DataStart => AddressSpace.Image + ImageModel.DataStart;

    public static ulong DataEnd => AddressSpace.Image + ImageModel.BssStart;

    /// <summary>Zero-initialised data, boot page tables, the boot heap and the boot CPU's block: read and write.</summary>
    public static ulong BssStart => AddressSpace.Image + ImageModel.BssStart;

    public static ulong End => AddressSpace.Image + ImageModel.End;

    /// <summary>The L4 table that the image booted with; it stays the idle address space.</summary>
    public static Mfn RootTable => SimulatedCpu.Current.Machine.Layout.RootTable;

    /// <summary>First of the consecutive L1 tables that map the image's addresses from <see cref="AddressSpace.Image"/> on.</summary>
    public static Mfn FirstL1Table => SimulatedCpu.Current.Machine.Layout.FirstL1Table;

    /// <summary>The page of code that holds a SYSCALL stub for each CPU.</summary>
    public static ulong SyscallStubs => TextEnd - AddressSpace.PageSize;

    /// <summary>Writes the eight bytes at an address of the hypervisor once more. False if that raised a page fault: the page is not there or not writable.</summary>
    public static bool TryRewrite(ulong address) => SimulatedCpu.Current.TryTranslate(address, AccessKind.Write, AccessMode.Supervisor, out _, out _);

    /// <summary>Physical address of a byte of the image.</summary>
    public static ulong PhysicalOf(ulong address) => address - AddressSpace.Image;

    /// <summary>Address of a guard page of the boot CPU's block, and whether there is a further one.</summary>
    public static bool TryGetGuardPage(int index, out ulong address)
    {
        address = 0;
        if ((uint)index >= (uint)CpuBlock.GuardPages.Length)
            return false;
        address = AddressSpace.Image + ImageModel.BootCpuBlock + (ulong)CpuBlock.GuardPages[index] * AddressSpace.PageSize;
        return true;
    }
}
