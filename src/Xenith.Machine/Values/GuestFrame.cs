using System.Runtime.InteropServices;

namespace Xenith.Machine;

/// <summary>
/// The registers of whoever was interrupted, as the entry code lays them out at the top of a CPU's stack. The order is that of
/// native/entry.S: what every entry must save lies high, what only a full save needs lies low, so that the hypercall path can skip it.
/// </summary>
/// <remarks>
/// XMM0 and XMM8 are here because compiled C# uses these two and no other vector register. After a hypercall by SYSCALL the six
/// callee-saved registers and RCX, R11, CS, SS, Vector and Error are filled in only when the slow way out is taken.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct GuestFrame
{
    public ulong Xmm0Low, Xmm0High, Xmm8Low, Xmm8High;
    public ulong R15, R14, R13, R12, Rbp, Rbx;
    public ulong R11, R10, R9, R8, Rax, Rcx, Rdx, Rsi, Rdi;

    /// <summary>IDT vector, or <see cref="EntryVector"/> for entries that are no interrupt.</summary>
    public ulong Vector;

    /// <summary>The CPU's error code; 0 where the vector has none.</summary>
    public ulong Error;
    public ulong Rip, Cs, Rflags, Rsp, Ss;

    /// <summary>True if the interrupted code ran outside the hypervisor.</summary>
    public readonly bool FromGuest => (Cs & 3) != 0;
}

/// <summary>Values of <see cref="GuestFrame.Vector"/> beyond the 256 vectors of the IDT.</summary>
public static class EntryVector
{
    /// <summary>SYSCALL from a guest kernel: a hypercall.</summary>
    public const ulong Hypercall = 0x100;

    /// <summary>SYSCALL from 64-bit user mode of a PV guest.</summary>
    public const ulong UserSyscall = 0x101;

    /// <summary>SYSCALL from 32-bit user mode of a PV guest.</summary>
    public const ulong UserSyscall32 = 0x102;

    /// <summary>SYSENTER from 32-bit user mode of a PV guest.</summary>
    public const ulong UserSysenter = 0x103;
}
