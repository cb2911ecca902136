using System.Runtime;
using System.Runtime.CompilerServices;

namespace Xenith.Machine;

/// <summary>Where the linked image lies, by permission. All bounds are page-aligned virtual addresses.</summary>
public static unsafe class Image
{
    [RuntimeImport("*", "get_text_start"), MethodImpl(MethodImplOptions.InternalCall)] private static extern ulong get_text_start();
    [RuntimeImport("*", "get_text_end"), MethodImpl(MethodImplOptions.InternalCall)] private static extern ulong get_text_end();
    [RuntimeImport("*", "get_rodata_start"), MethodImpl(MethodImplOptions.InternalCall)] private static extern ulong get_rodata_start();
    [RuntimeImport("*", "get_rodata_end"), MethodImpl(MethodImplOptions.InternalCall)] private static extern ulong get_rodata_end();
    [RuntimeImport("*", "get_data_start"), MethodImpl(MethodImplOptions.InternalCall)] private static extern ulong get_data_start();
    [RuntimeImport("*", "get_data_end"), MethodImpl(MethodImplOptions.InternalCall)] private static extern ulong get_data_end();
    [RuntimeImport("*", "get_bss_start"), MethodImpl(MethodImplOptions.InternalCall)] private static extern ulong get_bss_start();
    [RuntimeImport("*", "get_image_end"), MethodImpl(MethodImplOptions.InternalCall)] private static extern ulong get_image_end();
    [RuntimeImport("*", "get_fixup_start"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong* get_fixup_start();
    [RuntimeImport("*", "get_fixup_end"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong* get_fixup_end();
    [RuntimeImport("*", "get_syscall_stubs"), MethodImpl(MethodImplOptions.InternalCall)] internal static extern ulong get_syscall_stubs();
    [RuntimeImport("*", "get_boot_l4"), MethodImpl(MethodImplOptions.InternalCall)] private static extern ulong get_boot_l4();
    [RuntimeImport("*", "get_boot_l1_image"), MethodImpl(MethodImplOptions.InternalCall)] private static extern ulong get_boot_l1_image();

    /// <summary>Code: read and execute.</summary>
    public static ulong TextStart => get_text_start();

    public static ulong TextEnd => get_text_end();

    /// <summary>Constants: read.</summary>
    public static ulong ReadOnlyStart => get_rodata_start();

    public static ulong ReadOnlyEnd => get_rodata_end();

    /// <summary>Method tables, string literals and frozen objects: read and write while booting, then read.</summary>
    public static ulong DataStart => get_data_start();

    public static ulong DataEnd => get_data_end();

    /// <summary>Zero-initialised data, boot page tables, the boot heap and the boot CPU's block: read and write.</summary>
    public static ulong BssStart => get_bss_start();

    public static ulong End => get_image_end();

    /// <summary>Physical address of a byte of the image.</summary>
    public static ulong PhysicalOf(ulong address) => address - AddressSpace.Image;

    /// <summary>The L4 table that the image booted with; it stays the idle address space.</summary>
    public static Mfn RootTable => Mfn.FromAddress(PhysicalOf(get_boot_l4()));

    /// <summary>First of the consecutive L1 tables that map the image's addresses from <see cref="AddressSpace.Image"/> on.</summary>
    public static Mfn FirstL1Table => Mfn.FromAddress(PhysicalOf(get_boot_l1_image()));

    /// <summary>Address of a guard page of the boot CPU's block, and whether there is a further one.</summary>
    public static bool TryGetGuardPage(int index, out ulong address)
    {
        address = 0;
        if ((uint)index >= (uint)CpuBlock.GuardPages.Length)
            return false;
        address = Asm.get_boot_cpu_block() + (ulong)CpuBlock.GuardPages[index] * AddressSpace.PageSize;
        return true;
    }

    /// <summary>Writes to the image's code through the direct map, where it is writable: W^X stays whole.</summary>
    internal static byte* WritableAlias(ulong address) => (byte*)(AddressSpace.DirectMap + PhysicalOf(address));
}
