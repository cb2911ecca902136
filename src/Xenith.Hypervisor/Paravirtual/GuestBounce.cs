using System;
using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Makes a guest kernel's handler the next thing that runs: the counterpart of what a CPU does at an interrupt gate. The interrupted code's state
/// goes onto the kernel's stack in the layout that 64-bit PV kernels expect (public/arch-x86/xen-x86_64.h), and the frame is changed to enter the handler.
/// </summary>
internal static class GuestBounce
{
    private const ulong ClearedFlags = Rflags.Trap | Rflags.Resume | Rflags.NestedTask | Rflags.AlignmentCheck | Rflags.Virtual8086;

    /// <summary>Bit of Domain.VmAssist: exception frames show the virtual IOPL.</summary>
    private const ulong ArchitecturalIopl = 1UL << (int)VmAssistType.ArchitecturalIopl;

    /// <summary>Enters a handler that gets no error code. Its address is not 0.</summary>
    internal static void Enter(Vcpu vcpu, ref GuestFrame frame, ulong handler, bool maskEvents)
    {
        ulong top = Interrupt(vcpu, ref frame, out ulong cs, out ulong flags);
        ulong bottom = unchecked((top & ~15UL) - 7 * 8);
        if (GuestMemory.TryPushFrame(bottom, ref frame, cs, flags))
            Redirect(vcpu, ref frame, handler, bottom, maskEvents);
        else
            CrashDump.NoWayIn(vcpu, ref frame, handler, bottom);
    }

    /// <summary>Enters a handler that gets an error code. Its address is not 0.</summary>
    internal static void EnterWithError(Vcpu vcpu, ref GuestFrame frame, ulong handler, bool maskEvents, uint error)
    {
        ulong top = Interrupt(vcpu, ref frame, out ulong cs, out ulong flags);
        ulong bottom = unchecked((top & ~15UL) - 8 * 8);
        if (GuestMemory.TryPushFrame(bottom, ref frame, cs, flags, error))
            Redirect(vcpu, ref frame, handler, bottom, maskEvents);
        else
            CrashDump.NoWayIn(vcpu, ref frame, handler, bottom);
    }

    /// <summary>
    /// Enters the failsafe callback: a selector could not be loaded. Four selectors lie between R11 and RIP. The kernel compares them with what is loaded: where they
    /// differ, that one was at fault and is now null.
    /// </summary>
    internal static void EnterFailsafe(Vcpu vcpu, ref GuestFrame frame, ushort ds, ushort es, ushort fs, ushort gs)
    {
        ulong top = Interrupt(vcpu, ref frame, out ulong cs, out ulong flags);
        ReadOnlySpan<ulong> words = [frame.Rcx, frame.R11, ds, es, fs, gs, frame.Rip, cs, flags, frame.Rsp, frame.Ss];
        ulong bottom = unchecked((top & ~15UL) - (ulong)(uint)words.Length * 8);
        ulong handler = vcpu.Pv.FailsafeCallback;
        if (handler != 0 && GuestMemory.TryWrite(bottom, words))
            Redirect(vcpu, ref frame, handler, bottom, vcpu.Pv.FailsafeMasksEvents);
        else
            CrashDump.NoWayIn(vcpu, ref frame, handler, bottom);
    }

    /// <summary>
    /// Goes to kernel mode. Returns where its stack begins, and CS and RFLAGS as the kernel is to see them: kernel and user both run in ring 3, so the RPL tells which of them was
    /// interrupted, and the saved upcall mask is beside it; IF is the inverse of the mask.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Interrupt(Vcpu vcpu, ref GuestFrame frame, out ulong cs, out ulong flags)
    {
        PvVcpu pv = vcpu.Pv;
        ulong mask = vcpu.Info.Load8(VcpuInfoOffsets.UpcallMask);
        flags = frame.Rflags & ~(Rflags.Interrupt | Rflags.IoPrivilege);
        if (mask == 0)
            flags |= Rflags.Interrupt;
        if ((vcpu.Domain.VmAssist & ArchitecturalIopl) != 0)
            flags |= pv.Iopl;
        cs = frame.Cs | mask << 32;
        if (!pv.InUserMode)
        {
            cs &= ~3UL;
            return frame.Rsp;
        }
        PvMode.ToKernel(vcpu);
        return pv.KernelSp;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Redirect(Vcpu vcpu, ref GuestFrame frame, ulong handler, ulong stack, bool maskEvents)
    {
        if (maskEvents)
            vcpu.Info.Store8(VcpuInfoOffsets.UpcallMask, 1);
        frame.Rip = handler;
        frame.Cs = Selectors.Ring3Code64;
        frame.Rflags &= ~ClearedFlags;
        frame.Rsp = stack;
        frame.Ss = Selectors.Ring3Data;
    }
}
