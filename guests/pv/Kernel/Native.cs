// The assembly that this kernel calls: hypercall stubs and the few sequences that C# cannot write.
// Each is a bare `call symbol` with the System V convention; the labels are in native/*.S.

using System.Runtime;
using System.Runtime.CompilerServices;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class Native
{
    /// <summary>One hypercall by SYSCALL: number in rax, arguments in rdi, rsi, rdx, r10, r8.</summary>
    [RuntimeImport("*", "hypercall"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern long Hypercall(ulong number, ulong a1, ulong a2, ulong a3, ulong a4, ulong a5);

    /// <summary>One hypercall through the page that the domain builder filled (only in the variant that asks for it).</summary>
    [RuntimeImport("*", "hypercall_by_page"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern long HypercallByPage(ulong number, ulong a1, ulong a2, ulong a3);

    [RuntimeImport("*", "hypercall_page_address"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong HypercallPageAddress();

    [RuntimeImport("*", "read_tsc"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadTsc();

    [RuntimeImport("*", "image_start"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ImageStart();

    [RuntimeImport("*", "image_end"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ImageEnd();

    [RuntimeImport("*", "page_pool_start"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong PagePoolStart();

    [RuntimeImport("*", "page_pool_end"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong PagePoolEnd();

    [RuntimeImport("*", "kernel_stack_top"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong KernelStackTop();

    /// <summary>Address of the entry stub of a vector, or of one of the callbacks in <see cref="Entries"/>.</summary>
    [RuntimeImport("*", "trap_stub_address"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong TrapStubAddress(ulong vector);

    /// <summary>Calls code(); 0 when it returned, 1 when <see cref="AbandonRunAddress"/> was jumped to meanwhile.</summary>
    [RuntimeImport("*", "run_guarded"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong RunGuarded(ulong code);

    [RuntimeImport("*", "abandon_run_address"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong AbandonRunAddress();

    [RuntimeImport("*", "run_probe"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong RunProbe(ulong code, ProbeRegisters* registers);

    [RuntimeImport("*", "probe_landing_address"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ProbeLandingAddress();

    [RuntimeImport("*", "probe_stack_address"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ProbeStackAddress();

    [RuntimeImport("*", "failsafe_selectors_address"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong* FailsafeSelectors();

    [RuntimeImport("*", "enter_user"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void EnterUser(UserRegisters* registers);

    [RuntimeImport("*", "user_landing_address"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong UserLandingAddress();

    [RuntimeImport("*", "user_stack_address"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong UserStackAddress();

    /// <summary>Top of the stack that entries from user mode use.</summary>
    [RuntimeImport("*", "entry_stack_top"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong EntryStackTop();
}
