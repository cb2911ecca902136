using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>What came of an attempt to emulate.</summary>
internal enum EmulationResult
{
    /// <summary>Not ours: the guest gets the exception that the CPU raised.</summary>
    Reflect,

    /// <summary>Done: go on behind the instruction.</summary>
    Done,

    /// <summary>The frame says already where the guest goes on: an exception was raised, or the instruction is to be made again.</summary>
    Redirected,
}

/// <summary>
/// Instructions that a PV kernel uses as if it were in ring 0, and that raise #GP in ring 3: port I/O, CLI and STI, control and debug registers, MSRs and a few
/// more. Exactly those that Xen emulates; all others are the guest's own #GP.
/// </summary>
internal static class PrivilegedEmulation
{
    /// <summary>DR6.BS (SDM vol. 3, 18.2.3): an instruction was stepped over.</summary>
    private const ulong SingleStep = 1UL << 14;

    /// <summary>Emulates the instruction at RIP. False if the guest must get #GP.</summary>
    internal static bool TryEmulate(Vcpu vcpu, ref GuestFrame frame)
    {
        if (!GuestCode.TryDecode(vcpu, ref frame, out Instruction instruction, out int bits) || instruction.HasLock)
            return false;
        EmulationResult result = instruction.Map switch
        {
            OpcodeMap.Primary => Primary(vcpu, ref frame, in instruction, bits),
            OpcodeMap.Secondary => Secondary(vcpu, ref frame, in instruction),
            _ => EmulationResult.Reflect,
        };
        if (result == EmulationResult.Done)
            StepOver(vcpu, ref frame, in instruction);
        return result != EmulationResult.Reflect;
    }

    /// <summary>Goes on behind an emulated instruction, with the trap that a CPU in single-step mode would take there.</summary>
    internal static void StepOver(Vcpu vcpu, ref GuestFrame frame, in Instruction instruction)
    {
        frame.Rip = unchecked(frame.Rip + instruction.Length);
        frame.Rflags &= ~Rflags.Resume;
        if ((frame.Rflags & Rflags.Trap) != 0)
        {
            vcpu.Pv.Dr6 |= SingleStep;
            PvExceptions.Raise(vcpu, ref frame, ExceptionVector.Debug);
        }
    }

    private static EmulationResult Primary(Vcpu vcpu, ref GuestFrame frame, in Instruction instruction, int bits)
    {
        switch (instruction.Opcode)
        {
            case 0x6c: // INS
            case 0x6d:
            case 0x6e: // OUTS
            case 0x6f:
                return StringPortEmulation.Emulate(vcpu, ref frame, in instruction, bits);
            case 0xe4: // IN, OUT with an immediate port
            case 0xe5:
            case 0xe6:
            case 0xe7:
                return PortInstruction(vcpu, ref frame, in instruction, unchecked((byte)instruction.Immediate));
            case 0xec: // IN, OUT with the port in DX
            case 0xed:
            case 0xee:
            case 0xef:
                return PortInstruction(vcpu, ref frame, in instruction, unchecked((ushort)frame.Rdx));
            case 0xfa: // CLI
            case 0xfb: // STI
                // With enough privilege they are accepted and do nothing: events are masked in vcpu_info, and POPF would not trap to undo it.
                return PortPermission.LevelSuffices(vcpu) ? EmulationResult.Done : EmulationResult.Reflect;
            default:
                return EmulationResult.Reflect;
        }
    }

    private static EmulationResult PortInstruction(Vcpu vcpu, ref GuestFrame frame, in Instruction instruction, ushort port)
    {
        int size = (instruction.Opcode & 1) == 0 ? 1 : instruction.OperandSize == 2 ? 2 : 4;
        if (!PortPermission.IsGranted(vcpu, port, size))
            return EmulationResult.Reflect;
        if ((instruction.Opcode & 2) != 0)
            PortEmulation.Write(vcpu.Domain, port, size, unchecked((uint)(frame.Rax & GuestRegisters.Mask(size))));
        else
            GuestRegisters.Write(ref frame, 0, size, false, PortEmulation.Read(vcpu.Domain, port, size));
        if (vcpu.Pv.Dr7Ports == 0)
            return EmulationResult.Done;
        return PortBreakpoint(vcpu, ref frame, in instruction, port, size);
    }

    /// <summary>A breakpoint on a port is a trap: it comes behind the instruction.</summary>
    internal static EmulationResult PortBreakpoint(Vcpu vcpu, ref GuestFrame frame, in Instruction instruction, ushort port, int size)
    {
        ulong hits = PvDebugRegisters.PortHits(vcpu.Pv, port, size);
        if (hits == 0)
            return EmulationResult.Done;
        vcpu.Pv.Dr6 |= hits | ((frame.Rflags & Rflags.Trap) != 0 ? SingleStep : 0);
        frame.Rip = unchecked(frame.Rip + instruction.Length);
        frame.Rflags &= ~Rflags.Resume;
        PvExceptions.Raise(vcpu, ref frame, ExceptionVector.Debug);
        return EmulationResult.Redirected;
    }

    private static EmulationResult Secondary(Vcpu vcpu, ref GuestFrame frame, in Instruction instruction)
    {
        bool isKernel = !vcpu.Pv.InUserMode;
        switch (instruction.Opcode)
        {
            case 0x01:
                return SystemGroup(vcpu, ref frame, in instruction, isKernel);
            case 0x31: // RDTSC
                return ReadTsc(vcpu, ref frame, isKernel);
            case 0xa2: // CPUID, where the CPU lets it fault
                ForcedCpuid.Execute(vcpu, ref frame, isForced: false);
                return EmulationResult.Done;
        }
        if (!isKernel)
            return EmulationResult.Reflect;
        switch (instruction.Opcode)
        {
            case 0x06: // CLTS
                PvControlRegisters.SetTaskSwitched(vcpu, false);
                return EmulationResult.Done;
            case 0x09: // WBINVD
                if (vcpu.Domain.IsPrivileged)
                    Cpu.WriteBackInvalidate();
                return EmulationResult.Done;
            case 0x20: // MOV from and to control registers
            case 0x22:
                return ControlRegisterEmulation.Emulate(vcpu, ref frame, in instruction);
            case 0x21: // MOV from and to debug registers
            case 0x23:
                return ControlRegisterEmulation.EmulateDebug(vcpu, ref frame, in instruction);
            case 0x30: // WRMSR
                return PvMsr.TryWrite(vcpu, unchecked((uint)frame.Rcx), (frame.Rdx & 0xffff_ffff) << 32 | (frame.Rax & 0xffff_ffff))
                    ? EmulationResult.Done
                    : EmulationResult.Reflect;
            case 0x32: // RDMSR
                if (!PvMsr.TryRead(vcpu, unchecked((uint)frame.Rcx), out ulong value))
                    return EmulationResult.Reflect;
                SetPair(ref frame, value);
                return EmulationResult.Done;
            default:
                return EmulationResult.Reflect;
        }
    }

    /// <summary>0F 01 with a register operand: XSETBV and RDTSCP.</summary>
    private static EmulationResult SystemGroup(Vcpu vcpu, ref GuestFrame frame, in Instruction instruction, bool isKernel)
    {
        const int xsetbv = 2 << 3 | 1, rdtscp = 7 << 3 | 1;
        if (instruction.Mod != 3 || instruction.HasOperandSizePrefix || instruction.RepeatPrefix != 0)
            return EmulationResult.Reflect;
        switch (instruction.Digit << 3 | (instruction.Rm & 7))
        {
            // Without CR4.OSXSAVE there is no such instruction (SDM vol. 2, XSETBV); that bit is the guest's own.
            case xsetbv when (vcpu.Pv.Cr4 & Cr4.OsXsave) == 0:
                PvExceptions.Raise(vcpu, ref frame, ExceptionVector.InvalidOpcode);
                return EmulationResult.Redirected;
            case xsetbv when isKernel:
                ulong value = (frame.Rdx & 0xffff_ffff) << 32 | (frame.Rax & 0xffff_ffff);
                return PvControlRegisters.TryWriteXcr0(vcpu, unchecked((uint)frame.Rcx), value) ? EmulationResult.Done : EmulationResult.Reflect;
            case rdtscp:
                EmulationResult result = ReadTsc(vcpu, ref frame, isKernel);
                if (result == EmulationResult.Done)
                    frame.Rcx = vcpu.Pv.TscAux;
                return result;
            default:
                return EmulationResult.Reflect;
        }
    }

    private static EmulationResult ReadTsc(Vcpu vcpu, ref GuestFrame frame, bool isKernel)
    {
        if (!isKernel && (vcpu.Pv.Cr4 & Cr4.TimeStampDisable) != 0)
            return EmulationResult.Reflect;
        SetPair(ref frame, Cpu.ReadTsc());
        return EmulationResult.Done;
    }

    private static void SetPair(ref GuestFrame frame, ulong value)
    {
        frame.Rax = value & 0xffff_ffff;
        frame.Rdx = value >> 32;
    }
}
