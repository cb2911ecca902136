namespace Xenith.Hypervisor.Hypercalls;

/// <summary>A kind of guest that makes hypercalls. The table is compiled once for each kind, so its conditions cost nothing at run time.</summary>
internal interface ICaller
{
    /// <summary>True for paravirtualised guests, whose kernels have their descriptor tables and page tables managed by the hypervisor.</summary>
    static abstract bool Pv { get; }
}

/// <summary>A 64-bit PV guest kernel, by SYSCALL: RDI, RSI, RDX, R10 and R8 are the arguments, RAX the number and the result.</summary>
internal readonly struct Pv64 : ICaller
{
    /// <inheritdoc/>
    public static bool Pv => true;
}
