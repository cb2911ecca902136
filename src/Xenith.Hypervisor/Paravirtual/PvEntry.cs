using System.Runtime;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// Where the entry code (native/entry.S) comes in when a PV guest raises an exception, makes a system call from user mode, or cannot be returned to.
/// Interrupts are off on entry; the common way out follows.
/// </summary>
internal static class PvEntry
{
    [RuntimeExport("hv_guest_trap")]
    internal static void GuestTrap(ref GuestFrame frame)
    {
        Vcpu vcpu = Serving.Vcpu;
        FaultInjection.Point();
        if (frame.Vector == ExceptionVector.PageFault)
            // CR2 is the newest fault's: read it before anything else can fault.
            PageFaults.Handle(vcpu, ref frame, Cpu.PageFaultAddress);
        else
            GuestTraps.Handle(vcpu, ref frame);
    }

    [RuntimeExport("hv_user_syscall")]
    internal static void UserSyscall(ref GuestFrame frame)
    {
        Vcpu vcpu = Serving.Vcpu;
        PvVcpu pv = vcpu.Pv;
        if (frame.Vector == EntryVector.UserSyscall && pv.SyscallCallback != 0)
            GuestBounce.Enter(vcpu, ref frame, pv.SyscallCallback, pv.SyscallMasksEvents);
        else
            OtherSyscall(vcpu, ref frame);
    }

    private static void OtherSyscall(Vcpu vcpu, ref GuestFrame frame)
    {
        PvVcpu pv = vcpu.Pv;
        switch (frame.Vector)
        {
            case EntryVector.UserSyscall32 when pv.Syscall32Callback != 0:
                GuestBounce.Enter(vcpu, ref frame, pv.Syscall32Callback, pv.Syscall32MasksEvents);
                break;
            case EntryVector.UserSysenter when pv.SysenterCallback != 0:
                GuestBounce.Enter(vcpu, ref frame, pv.SysenterCallback, pv.SysenterMasksEvents);
                break;
            case EntryVector.UserSysenter:
                PvExceptions.Raise(vcpu, ref frame, ExceptionVector.GeneralProtection, 0);
                break;
            default:
                // An instruction that the kernel has not set up: to the process it does not exist. SYSCALL has left RIP behind itself.
                frame.Rip = unchecked(frame.Rip - 2);
                PvExceptions.Raise(vcpu, ref frame, ExceptionVector.InvalidOpcode);
                break;
        }
    }

    /// <summary>
    /// IRETQ could not load what the frame says; its exception is in the frame. A page of the guest's LDT may just not be mapped yet; else the guest gets the exception
    /// as if it had gone where the frame says and raised it there.
    /// </summary>
    [RuntimeExport("hv_return_failed")]
    internal static void ReturnFailed(ref GuestFrame frame)
    {
        Vcpu vcpu = Serving.Vcpu;
        if (frame.Vector == ExceptionVector.PageFault)
            PageFaults.Handle(vcpu, ref frame, Cpu.PageFaultAddress);
        else
            PvExceptions.Raise(vcpu, ref frame, (int)frame.Vector, (uint)frame.Error);
    }
}
