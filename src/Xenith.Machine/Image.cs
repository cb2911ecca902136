namespace Xenith.Machine;

/// <summary>Where the linked image lies, by permission. All bounds are page-aligned virtual addresses.</summary>
public static unsafe class Image
{
    /// <summary>Ends booting: an object made from here on is a trap.</summary>
    public static void SealHeap() => Internal.Runtime.BootHeap.Seal();

    /// <summary>Code: read and execute.</summary>
    public static ulong TextStart => ImageLayout.TextStart;

    public static ulong TextEnd => ImageLayout.TextEnd;

    /// <summary>Constants: read.</summary>
    public static ulong ReadOnlyStart => ImageLayout.ReadOnlyStart;

    public static ulong ReadOnlyEnd => ImageLayout.ReadOnlyEnd;

    /// <summary>Method tables, string literals and frozen objects: read and write while booting, then read.</summary>
    public static ulong DataStart => ImageLayout.DataStart;

    public static ulong DataEnd => ImageLayout.DataEnd;

    /// <summary>Zero-initialised data, boot page tables, the boot heap and the boot CPU's block: read and write.</summary>
    public static ulong BssStart => ImageLayout.BssStart;

    public static ulong End => ImageLayout.ImageEnd;

    /// <summary>The page of code that holds a SYSCALL stub for each CPU.</summary>
    public static ulong SyscallStubs => ImageLayout.SyscallStubs;

    /// <summary>Writes the eight bytes at an address of the hypervisor once more. False if that raised a page fault: the page is not there or not writable.</summary>
    public static bool TryRewrite(ulong address)
    {
        ulong value;
        return Asm.guest_read64(address, &value) != 0 && Asm.guest_write64(address, value) != 0;
    }

    /// <summary>Physical address of a byte of the image.</summary>
    public static ulong PhysicalOf(ulong address) => address - AddressSpace.Image;

    /// <summary>The L4 table that the image booted with; it stays the idle address space.</summary>
    public static Mfn RootTable => Mfn.FromAddress(PhysicalOf((ulong)ImageLayout.BootL4));

    /// <summary>First of the consecutive L1 tables that map the image's addresses from <see cref="AddressSpace.Image"/> on.</summary>
    public static Mfn FirstL1Table => Mfn.FromAddress(PhysicalOf((ulong)ImageLayout.BootL1Image));

    /// <summary>Address of a guard page of the boot CPU's block, and whether there is a further one.</summary>
    public static bool TryGetGuardPage(int index, out ulong address)
    {
        address = 0;
        if ((uint)index >= (uint)CpuBlock.GuardPages.Length)
            return false;
        address = ImageLayout.BootCpuBlock + (ulong)CpuBlock.GuardPages[index] * AddressSpace.PageSize;
        return true;
    }

    /// <summary>The image's code in the direct map, where it is writable while booting: no page is writable and executable under one address.</summary>
    internal static byte* WritableAlias(ulong address) => (byte*)(AddressSpace.DirectMap + PhysicalOf(address));
}
