using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>MOV to and from control and debug registers by a PV kernel.</summary>
internal static class ControlRegisterEmulation
{
    /// <summary>0F 20 and 0F 22: CR0, CR2, CR3, CR4. LOCK or REX name others (CR8), which are not the guest's.</summary>
    internal static EmulationResult Emulate(Vcpu vcpu, ref GuestFrame frame, in Instruction instruction)
    {
        ref ulong operand = ref GuestRegisters.Of(ref frame, instruction.Rm);
        return (instruction.Opcode & 2) == 0
            ? Read(vcpu, instruction.Register, ref operand)
            : Write(vcpu, instruction.Register, operand);
    }

    /// <summary>0F 21 and 0F 23: DR0 to DR7. The numbers above are undefined, and with CR4.DE so are 4 and 5.</summary>
    internal static EmulationResult EmulateDebug(Vcpu vcpu, ref GuestFrame frame, in Instruction instruction)
    {
        ref ulong operand = ref GuestRegisters.Of(ref frame, instruction.Rm);
        bool isUndefined = instruction.Register > 7 || instruction.Register is 4 or 5 && (vcpu.Pv.Cr4 & Cr4.DebuggingExtensions) != 0;
        if (isUndefined)
        {
            PvExceptions.Raise(vcpu, ref frame, ExceptionVector.InvalidOpcode);
            return EmulationResult.Redirected;
        }
        if ((instruction.Opcode & 2) != 0)
            return PvDebugRegisters.Write(vcpu.Pv, instruction.Register, operand) == XenError.None ? EmulationResult.Done : EmulationResult.Reflect;
        if (!PvDebugRegisters.TryRead(vcpu.Pv, instruction.Register, out ulong value))
            return EmulationResult.Reflect;
        operand = value;
        return EmulationResult.Done;
    }

    private static EmulationResult Read(Vcpu vcpu, int register, ref ulong operand)
    {
        switch (register)
        {
            case 0:
                operand = PvControlRegisters.ReadCr0(vcpu.Pv);
                return EmulationResult.Done;
            case 2:
                operand = vcpu.Info.Load64(VcpuInfoOffsets.Cr2);
                return EmulationResult.Done;
            case 3:
                operand = vcpu.Pv.KernelRoot.Address;
                return EmulationResult.Done;
            case 4:
                operand = PvControlRegisters.ReadCr4(vcpu.Pv);
                return EmulationResult.Done;
            default:
                return EmulationResult.Reflect;
        }
    }

    private static EmulationResult Write(Vcpu vcpu, int register, ulong value)
    {
        switch (register)
        {
            case 0:
                return PvControlRegisters.TryWriteCr0(vcpu, value) ? EmulationResult.Done : EmulationResult.Reflect;
            case 2:
                vcpu.Info.Store64(VcpuInfoOffsets.Cr2, value);
                return EmulationResult.Done;
            case 3:
                return NewRoot(vcpu, Mfn.FromAddress(value));
            case 4:
                PvControlRegisters.WriteCr4(vcpu, value);
                return EmulationResult.Done;
            default:
                return EmulationResult.Reflect;
        }
    }

    private static EmulationResult NewRoot(Vcpu vcpu, Mfn root) => MmuOperations.SetKernelRoot(vcpu, root) switch
    {
        XenError.None => EmulationResult.Done,
        // Checking the tables was interrupted: the guest makes the instruction again.
        XenError.Restart => EmulationResult.Redirected,
        _ => EmulationResult.Reflect,
    };
}
