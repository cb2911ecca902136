// What native/traps.S leaves on the stack for C#: the general registers, the entry's number, and the frame that the
// hypervisor pushed (public arch-x86/xen-x86_64.h). The error slot is overwritten with the flags of the iret frame.

using System.Runtime.InteropServices;

namespace Xenith.Guest.Pv.Kernel;

[StructLayout(LayoutKind.Sequential)]
struct TrapFrame
{
    public ulong R15, R14, R13, R12, R11, R10, R9, R8, Rdi, Rsi, Rbp, Rbx, Rdx, Rcx, Rax;
    public ulong Number;
    public ulong Error;
    public ulong Rip;
    /// <summary>Selector in bits 15:0; bits 39:32 hold the upcall mask as it was (saved_upcall_mask).</summary>
    public ulong Cs;
    public ulong Rflags;
    public ulong Rsp;
    public ulong Ss;
}

/// <summary>Numbers of the entries that are not vectors; they follow the 256 vectors in native/traps.S.</summary>
static class Entries
{
    public const ulong Event = 256, Failsafe = 257, Syscall = 258, Nmi = 259, Sysenter = 260, Syscall32 = 261;
}

/// <summary>Registers given to and taken from a piece of code run by <see cref="Probe"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
struct ProbeRegisters
{
    public ulong Rax, Rbx, Rcx, Rdx, Rsi, Rdi, R8, R9;
}

/// <summary>Registers as they were at the first instruction (native/entry.S).</summary>
[StructLayout(LayoutKind.Sequential)]
struct EntryRegisters
{
    public ulong Rax, Rbx, Rcx, Rdx, Rsi, Rdi, Rbp, Rsp, R8, R9, R10, R11, R12, R13, R14, R15;
    public ulong Rflags, Cs, Ss, Ds, Es, Fs, Gs;
}

/// <summary>Registers with which <see cref="UserMode"/> enters user mode; the order is known to native/usermode.S.</summary>
[StructLayout(LayoutKind.Sequential)]
struct UserRegisters
{
    public ulong Rax, Rbx, Rcx, Rdx, Rsi, Rdi, Rbp, R8, R9, R10, R11, R12, R13, R14, R15;
    public ulong Rip, Ss, Rsp, Rflags, Cs, IretFlags;
}
