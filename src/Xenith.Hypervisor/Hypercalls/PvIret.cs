using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>iret (23): how a PV kernel returns from an exception, to itself or to user mode.</summary>
internal static partial class PvHypercalls
{
    private const ulong ArchitecturalIopl = 1UL << (int)VmAssistType.ArchitecturalIopl;

    /// <summary>
    /// The return frame is on the guest's stack (public/arch-x86/xen-x86_64.h, struct iret_context): RAX, R11, RCX, flags, then what IRETQ takes. A CS with
    /// RPL 3 means user mode. With VGCF_in_syscall RCX and R11 become what SYSRET would leave in them.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long Iret(ulong a1, ulong a2, ulong a3, ulong a4, ulong a5, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        PvVcpu pv = vcpu.Pv;
        ref GuestFrame frame = ref PerCpu.Frame;
        if (!GuestMemory.TryRead(frame.Rsp, out IretContext context))
        {
            CrashDump.Because(vcpu, ref frame, $"Fault while reading IRET context from guest stack");
            return 0;
        }
        if ((context.Cs & 3) == 3)
        {
            if (pv.UserRoot.IsInvalid)
            {
                CrashDump.Because(vcpu, ref frame, $"Guest switching to user mode with no user page tables");
                return 0;
            }
            PvMode.ToUser(vcpu);
        }
        if ((vcpu.Domain.VmAssist & ArchitecturalIopl) != 0)
            pv.Iopl = context.Rflags & Rflags.IoPrivilege;

        ulong flags = (context.Rflags & ~(Rflags.IoPrivilege | Rflags.Virtual8086)) | Rflags.Interrupt;
        frame.Rip = context.Rip;
        frame.Cs = (context.Cs & 0xffff) | 3;
        frame.Rflags = flags;
        frame.Rsp = context.Rsp;
        frame.Ss = (context.Ss & 0xffff) | 3;
        bool inSyscall = (context.Flags & (ulong)IretFlags.InSyscall) != 0;
        frame.Rcx = inSyscall ? context.Rip : context.Rcx;
        frame.R11 = inSyscall ? flags : context.R11;
        vcpu.Info.Store8(VcpuInfoOffsets.UpcallMask, (context.Rflags & Rflags.Interrupt) == 0 ? (byte)1 : (byte)0);
        if (pv.NmiMasked)
            EndNmi(pv);
        PerCpu.WayOut |= WayOut.FullFrame;
        return unchecked((long)context.Rax);
    }

    /// <summary>The handler of an NMI has returned; if another one came meanwhile, it is delivered on the way out.</summary>
    private static void EndNmi(PvVcpu pv)
    {
        pv.NmiMasked = false;
        if (pv.NmiPending)
            PerCpu.RaiseWork(PendingWork.Deferred);
    }
}
