using System;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>Exceptions of a PV guest other than page faults: most are the guest's own affair and go to its trap table.</summary>
internal static class GuestTraps
{
    /// <summary>Error code of #GP (SDM vol. 3, 6.13): bit 0 an external event, bit 1 the index is one of the IDT.</summary>
    private const uint External = 1, Idt = 2;

    /// <summary>The values of DR6 when nothing has been hit (SDM vol. 3, 18.2.3).</summary>
    private const ulong Dr6Default = 0xffff_0ff0;

    internal static void Handle(Vcpu vcpu, ref GuestFrame frame)
    {
        int vector = (int)frame.Vector;
        switch (vector)
        {
            case ExceptionVector.GeneralProtection:
                Cpu.EnableInterrupts();
                GeneralProtection(vcpu, ref frame);
                break;
            case ExceptionVector.InvalidOpcode:
                if (!ForcedCpuid.TryEmulate(vcpu, ref frame))
                    PvExceptions.Raise(vcpu, ref frame, vector);
                break;
            case ExceptionVector.DeviceNotAvailable:
                DeviceNotAvailable(vcpu, ref frame);
                break;
            case ExceptionVector.Debug:
                Debug(vcpu, ref frame);
                break;
            case ExceptionVector.Nmi:
                Interrupts.NonMaskable.Handle(ref frame);
                break;
            case ExceptionVector.MachineCheck:
                HostFaults.MachineCheck(Host.Current);
                break;
            case ExceptionVector.DoubleFault:
                HostFaults.DoubleFault(Host.Current, ref frame);
                break;
            case ExceptionVector.InvalidTss:
            case ExceptionVector.SegmentNotPresent:
            case ExceptionVector.StackFault:
            case ExceptionVector.AlignmentCheck:
                PvExceptions.Raise(vcpu, ref frame, vector, (uint)frame.Error);
                break;
            default:
                PvExceptions.Raise(vcpu, ref frame, vector);
                break;
        }
    }

    private static void GeneralProtection(Vcpu vcpu, ref GuestFrame frame)
    {
        uint error = (uint)frame.Error;
        bool handled = (error & (External | Idt)) == Idt
            ? TryInterruptInstruction(vcpu, ref frame, error)
            : PrivilegedEmulation.TryEmulate(vcpu, ref frame);
        if (!handled)
            PvExceptions.Raise(vcpu, ref frame, ExceptionVector.GeneralProtection, error);
    }

    /// <summary>
    /// INT n: none of our gates but those of INT3 and INTO is open to ring 3, so it comes as #GP that names the gate. The trap table decides who may use it.
    /// The vector is taken from the instruction where that can be read; some emulated CPUs give a wrong one in the error code.
    /// </summary>
    private static bool TryInterruptInstruction(Vcpu vcpu, ref GuestFrame frame, uint error)
    {
        const byte interruptOpcode = 0xcd;
        int vector = (int)(error >> 3 & 0xff);
        ulong length = 2;
        if (GuestCode.TryDecode(vcpu, ref frame, out Instruction instruction, out _) && instruction.Map == OpcodeMap.Primary && instruction.Opcode == interruptOpcode)
        {
            vector = unchecked((byte)instruction.Immediate);
            length = instruction.Length;
        }
        // The kernel counts as ring 1, as 32-bit PV kernels do in fact run there. Xen takes the system call 0x80 past this check.
        const int systemCall = 0x80;
        int callerLevel = vcpu.Pv.InUserMode ? 3 : 1;
        ref TrapGate gate = ref vcpu.Pv.Traps[vector];
        if ((gate.Flags & 3) < callerLevel && (vector != systemCall || gate.Address == 0))
            return false;
        frame.Rip = unchecked(frame.Rip + length);
        PvExceptions.Raise(vcpu, ref frame, vector);
        return true;
    }

    /// <summary>CR0.TS was set on behalf of the guest. Delivering the exception clears it, so that the handler need not.</summary>
    private static void DeviceNotAvailable(Vcpu vcpu, ref GuestFrame frame)
    {
        Cpu.ClearTaskSwitched();
        if (!vcpu.Pv.TaskSwitched)
            return;
        PvControlRegisters.SetTaskSwitched(vcpu, false);
        PvExceptions.Raise(vcpu, ref frame, ExceptionVector.DeviceNotAvailable);
    }

    private static void Debug(Vcpu vcpu, ref GuestFrame frame)
    {
        ulong dr6 = Cpu.ReadDebugRegister(6);
        Cpu.WriteDebugRegister(6, Dr6Default);
        // What was hit adds up until the guest clears it; bits that are 1 when nothing happened are cleared by what happened.
        vcpu.Pv.Dr6 = (vcpu.Pv.Dr6 | (dr6 & ~Dr6Default)) & (dr6 | ~Dr6Default);
        PvExceptions.Raise(vcpu, ref frame, ExceptionVector.Debug);
    }
}
