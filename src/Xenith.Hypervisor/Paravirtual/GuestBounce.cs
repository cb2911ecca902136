using System;
using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// The words of an exception frame, as they lie on the guest's stack. The last five are those that a CPU pushes; the others end where these begin:
/// RCX, R11 and, for some, an error code; a failsafe callback gets RCX, R11 and four selectors.
/// </summary>
[InlineArray(Count)]
internal struct ExceptionFrame
{
    internal const int Count = 11;
    internal const int Rip = 6, Cs = 7, Rflags = 8, Rsp = 9, Ss = 10;
    private ulong _first;
}

/// <summary>
/// Makes a guest kernel's handler the next thing that runs: the counterpart of what a CPU does at an interrupt gate. The interrupted code's state
/// goes onto the kernel's stack in the layout that 64-bit PV kernels expect (public/arch-x86/xen-x86_64.h), and the frame is changed to enter the handler.
/// </summary>
internal static class GuestBounce
{
    private const ulong ClearedFlags = Rflags.Trap | Rflags.Resume | Rflags.NestedTask | Rflags.AlignmentCheck | Rflags.Virtual8086;

    /// <summary>Bit of Domain.VmAssist: exception frames show the virtual IOPL.</summary>
    private const ulong ArchitecturalIopl = 1UL << (int)VmAssistType.ArchitecturalIopl;

    /// <summary>Enters a handler that gets no error code.</summary>
    internal static void Enter(Vcpu vcpu, ref GuestFrame frame, ulong handler, bool maskEvents)
    {
        ExceptionFrame words = default;
        words[4] = frame.Rcx;
        words[5] = frame.R11;
        Push(vcpu, ref frame, handler, maskEvents, ref words, 4);
    }

    /// <summary>Enters a handler that gets an error code.</summary>
    internal static void EnterWithError(Vcpu vcpu, ref GuestFrame frame, ulong handler, bool maskEvents, uint error)
    {
        ExceptionFrame words = default;
        words[3] = frame.Rcx;
        words[4] = frame.R11;
        words[5] = error;
        Push(vcpu, ref frame, handler, maskEvents, ref words, 3);
    }

    /// <summary>
    /// Enters the failsafe callback: a selector could not be loaded. The kernel compares the four given here with what is loaded: where they
    /// differ, that one was at fault and is now null; where none does, it was the return itself that failed.
    /// </summary>
    internal static void EnterFailsafe(Vcpu vcpu, ref GuestFrame frame, ushort ds, ushort es, ushort fs, ushort gs)
    {
        ExceptionFrame words = default;
        words[0] = frame.Rcx;
        words[1] = frame.R11;
        words[2] = ds;
        words[3] = es;
        words[4] = fs;
        words[5] = gs;
        Push(vcpu, ref frame, vcpu.Pv.FailsafeCallback, vcpu.Pv.FailsafeMasksEvents, ref words, 0);
    }

    private static void Push(Vcpu vcpu, ref GuestFrame frame, ulong handler, bool maskEvents, ref ExceptionFrame words, int first)
    {
        PvVcpu pv = vcpu.Pv;
        SharedArea info = vcpu.Info;
        ulong mask = info.Load8(VcpuInfoOffsets.UpcallMask);

        ulong flags = frame.Rflags & ~(Rflags.Interrupt | Rflags.IoPrivilege);
        if (mask == 0)
            flags |= Rflags.Interrupt;
        if ((vcpu.Domain.VmAssist & ArchitecturalIopl) != 0)
            flags |= pv.Iopl;
        words[ExceptionFrame.Rip] = frame.Rip;
        words[ExceptionFrame.Rflags] = flags;
        words[ExceptionFrame.Rsp] = frame.Rsp;
        words[ExceptionFrame.Ss] = frame.Ss & 0xffff;

        // Kernel and user both run in ring 3: the RPL in the frame tells the kernel which of them was interrupted.
        ulong top;
        if (pv.InUserMode)
        {
            words[ExceptionFrame.Cs] = (frame.Cs & 0xffff) | mask << 32;
            top = pv.KernelSp;
            PvMode.ToKernel(vcpu);
        }
        else
        {
            words[ExceptionFrame.Cs] = (frame.Cs & 0xfffc) | mask << 32;
            top = frame.Rsp;
        }

        ulong bottom = unchecked((top & ~15UL) - (ulong)(uint)(ExceptionFrame.Count - first) * 8);
        if (handler == 0 || !GuestMemory.TryWrite(bottom, ((ReadOnlySpan<ulong>)words)[first..]))
        {
            CrashDump.NoWayIn(vcpu, ref frame, handler, bottom);
            return;
        }
        if (maskEvents)
            info.Store8(VcpuInfoOffsets.UpcallMask, 1);
        frame.Rip = handler;
        frame.Cs = Selectors.Ring3Code64;
        frame.Rflags &= ~ClearedFlags;
        frame.Rsp = bottom;
        frame.Ss = Selectors.Ring3Data;
    }
}
