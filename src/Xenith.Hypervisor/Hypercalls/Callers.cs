namespace Xenith.Hypervisor.Hypercalls;

/// <summary>A kind of guest that makes hypercalls. The table is compiled once for each kind, so its conditions cost nothing at run time.</summary>
internal interface ICaller
{
    /// <summary>True for paravirtualised guests, whose kernels have their descriptor tables and page tables managed by the hypervisor.</summary>
    static abstract bool Pv { get; }

    /// <summary>True for kernels whose arguments are 32 bits wide, and whose structures have the layout of public/arch-x86/xen-x86_32.h.</summary>
    static abstract bool Is32Bit { get; }
}

/// <summary>A 64-bit PV guest kernel, by SYSCALL: RDI, RSI, RDX, R10 and R8 are the arguments, RAX the number and the result.</summary>
internal readonly struct Pv64 : ICaller
{
    /// <inheritdoc/>
    public static bool Pv => true;

    /// <inheritdoc/>
    public static bool Is32Bit => false;
}

/// <summary>A 32-bit PV guest kernel in ring 1, by INT 0x82: EBX, ECX, EDX, ESI and EDI are the arguments, EAX the number and the result.</summary>
internal readonly struct Pv32 : ICaller
{
    /// <inheritdoc/>
    public static bool Pv => true;

    /// <inheritdoc/>
    public static bool Is32Bit => true;
}
