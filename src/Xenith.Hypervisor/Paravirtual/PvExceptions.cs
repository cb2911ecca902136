using System.Runtime.CompilerServices;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Raises exceptions in a guest: by its trap table, as a CPU does by its IDT. A guest without a handler for one of its own exceptions cannot go on and is crashed.
/// </summary>
internal static class PvExceptions
{
    private const byte MaskEvents = 4;

    /// <summary>Page-fault error code bits (SDM vol. 3, 4.7).</summary>
    internal const uint Present = 1, Write = 2, User = 4, ReservedBit = 8, InstructionFetch = 16;

    /// <summary>Raises an exception without an error code.</summary>
    internal static void Raise(Vcpu vcpu, ref GuestFrame frame, int vector)
    {
        ref TrapGate gate = ref vcpu.Pv.Traps[vector];
        if (gate.Address == 0)
        {
            CrashDump.Unhandled(vcpu, ref frame, vector, 0);
            return;
        }
        GuestBounce.Enter(vcpu, ref frame, gate.Address, (gate.Flags & MaskEvents) != 0);
    }

    /// <summary>Raises an exception with an error code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Raise(Vcpu vcpu, ref GuestFrame frame, int vector, uint error)
    {
        ref TrapGate gate = ref vcpu.Pv.Traps[vector];
        if (gate.Address == 0)
        {
            CrashDump.Unhandled(vcpu, ref frame, vector, error);
            return;
        }
        GuestBounce.EnterWithError(vcpu, ref frame, gate.Address, (gate.Flags & MaskEvents) != 0, error);
    }

    /// <summary>
    /// Raises #PF. Kernel and user pages look alike to the CPU, so the user bit of the error code is the guest's mode and not the CPU's.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void RaisePageFault(Vcpu vcpu, ref GuestFrame frame, ulong address, uint error)
    {
        error = vcpu.Pv.InUserMode ? error | User : error & ~User;
        vcpu.Info.Store64(VcpuInfoOffsets.Cr2, address);
        Raise(vcpu, ref frame, ExceptionVector.PageFault, error);
    }
}
