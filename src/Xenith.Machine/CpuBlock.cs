namespace Xenith.Machine;

/// <summary>
/// Layout of a CPU's 64 KiB-aligned block. Its stacks and its record are found from the address of any local variable.
/// </summary>
internal static class CpuBlock
{
    internal const ulong Size = 0x10000;
    internal const ulong Mask = ~0xffffUL;

    /// <summary>Page 1: the descriptors that the hypervisor puts into page 14 of every GDT.</summary>
    internal const ulong GdtPage = 0x1000;

    /// <summary>Tops of the stacks that NMI, #DF, #MC and #DB get whatever the CPU was doing (IST); a guard page lies below each.</summary>
    internal const ulong DoubleFaultTop = 0x4000;
    internal const ulong NmiTop = 0x6000;
    internal const ulong MachineCheckTop = 0x8000;
    internal const ulong DebugTop = 0xa000;

    /// <summary>Pages that are never mapped.</summary>
    internal static System.ReadOnlySpan<byte> GuardPages => [2, 4, 6, 8, 10];

    /// <summary>Bytes of <see cref="GuestFrame"/>.</summary>
    internal const ulong FrameSize = 208;
}
