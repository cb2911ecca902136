// Where the parts of the image lie: symbols of the linker script and of the boot code. A symbol is imported as if it were a method that
// is never called; its address is the value. None of these is inlined: where the native compiler sees two such addresses, it takes them for constants
// that it knows, and decides comparisons by numbers of its own.

using System.Runtime;
using System.Runtime.CompilerServices;

namespace Xenith.Machine;

internal static unsafe class ImageLayout
{
    /// <summary>Virtual address of physical address 0 in the image's mapping (native/image.h).</summary>
    internal const ulong ImageBase = 0xffff_82d0_4000_0000;

    /// <summary>Virtual address of physical address 0 in the direct map.</summary>
    internal const ulong DirectMapBase = 0xffff_8300_0000_0000;

    internal static ulong ImageStart
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong)(delegate*<void>)&__image_start;
    }

    internal static ulong ImageEnd
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong)(delegate*<void>)&__image_end;
    }

    /// <summary>Code: readable and executable.</summary>
    internal static ulong TextStart
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong)(delegate*<void>)&__text_start;
    }

    internal static ulong TextEnd
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong)(delegate*<void>)&__text_end;
    }

    /// <summary>Constants, fixups and unwind information: readable.</summary>
    internal static ulong ReadOnlyStart
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong)(delegate*<void>)&__rodata_start;
    }

    internal static ulong ReadOnlyEnd
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong)(delegate*<void>)&__rodata_end;
    }

    /// <summary>Vtables, literals and preinitialised statics: writable until boot is over.</summary>
    internal static ulong DataStart
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong)(delegate*<void>)&__data_start;
    }

    internal static ulong DataEnd
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong)(delegate*<void>)&__data_end;
    }

    /// <summary>Zeroed memory: statics, boot page tables, the boot heap, the boot CPU's block.</summary>
    internal static ulong BssStart
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong)(delegate*<void>)&__bss_start;
    }

    internal static ulong HeapStart
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong)(delegate*<void>)&__heap_start;
    }

    internal static ulong HeapEnd
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong)(delegate*<void>)&__heap_end;
    }

    /// <summary>The .eh_frame section.</summary>
    internal static byte* UnwindStart
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (byte*)(delegate*<void>)&__eh_frame_start;
    }

    internal static byte* UnwindEnd
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (byte*)(delegate*<void>)&__eh_frame_end;
    }

    /// <summary>Pairs of addresses: an instruction that may fault, where to go on.</summary>
    internal static ulong* FixupStart
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong*)(delegate*<void>)&__fixup_start;
    }

    internal static ulong* FixupEnd
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong*)(delegate*<void>)&__fixup_end;
    }

    /// <summary>Names of the code's addresses; see <see cref="Symbols"/>.</summary>
    internal static byte* SymbolTable
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (byte*)(delegate*<void>)&__symbols_start;
    }

    internal static byte* SymbolTableEnd
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (byte*)(delegate*<void>)&__symbols_end;
    }

    /// <summary>Pages of code, readable and executable, for the SYSCALL stubs.</summary>
    internal static ulong SyscallStubs
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong)(delegate*<void>)&__syscall_stubs;
    }

    /// <summary>The block of the CPU that boots: 64 KiB, aligned.</summary>
    internal static ulong BootCpuBlock
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong)(delegate*<void>)&boot_cpu_block;
    }

    /// <summary>The page tables that boot.S made.</summary>
    internal static ulong* BootL4
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong*)(delegate*<void>)&boot_l4;
    }

    internal static ulong* BootL3Identity
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong*)(delegate*<void>)&boot_l3_identity;
    }

    internal static ulong* BootL3Image
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong*)(delegate*<void>)&boot_l3_image;
    }

    internal static ulong* BootL2Image
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong*)(delegate*<void>)&boot_l2_image;
    }

    /// <summary>4 KiB pages of the image; the first entry maps physical address 0.</summary>
    internal static ulong* BootL1Image
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong*)(delegate*<void>)&boot_l1_image;
    }

    internal static ulong* BootL3Direct
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong*)(delegate*<void>)&boot_l3_direct;
    }

    internal static ulong* BootL2Direct
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (ulong*)(delegate*<void>)&boot_l2_direct;
    }

    [RuntimeImport("*", "__image_start")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __image_start();

    [RuntimeImport("*", "__image_end")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __image_end();

    [RuntimeImport("*", "__text_start")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __text_start();

    [RuntimeImport("*", "__text_end")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __text_end();

    [RuntimeImport("*", "__rodata_start")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __rodata_start();

    [RuntimeImport("*", "__rodata_end")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __rodata_end();

    [RuntimeImport("*", "__data_start")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __data_start();

    [RuntimeImport("*", "__data_end")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __data_end();

    [RuntimeImport("*", "__bss_start")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __bss_start();

    [RuntimeImport("*", "__heap_start")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __heap_start();

    [RuntimeImport("*", "__heap_end")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __heap_end();

    [RuntimeImport("*", "__eh_frame_start")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __eh_frame_start();

    [RuntimeImport("*", "__eh_frame_end")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __eh_frame_end();

    [RuntimeImport("*", "__fixup_start")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __fixup_start();

    [RuntimeImport("*", "__fixup_end")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __fixup_end();

    [RuntimeImport("*", "__symbols_start")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __symbols_start();

    [RuntimeImport("*", "__symbols_end")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __symbols_end();

    [RuntimeImport("*", "__syscall_stubs")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void __syscall_stubs();

    [RuntimeImport("*", "boot_cpu_block")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void boot_cpu_block();

    [RuntimeImport("*", "boot_l4")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void boot_l4();

    [RuntimeImport("*", "boot_l3_identity")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void boot_l3_identity();

    [RuntimeImport("*", "boot_l3_image")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void boot_l3_image();

    [RuntimeImport("*", "boot_l2_image")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void boot_l2_image();

    [RuntimeImport("*", "boot_l1_image")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void boot_l1_image();

    [RuntimeImport("*", "boot_l3_direct")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void boot_l3_direct();

    [RuntimeImport("*", "boot_l2_direct")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void boot_l2_direct();
}
