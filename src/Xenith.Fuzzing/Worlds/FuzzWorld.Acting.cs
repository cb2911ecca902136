// What a vCPU does. The guest's kernel is a few lines here: it fills in the structures of a call, makes the call again where the hypervisor has wound it back, and returns from every handler at
// once.

using System;
using Xenith.Fuzzing.Calls;
using Xenith.Hypervisor;
using Xenith.Machine;
using Xenith.Machine.Simulation;

namespace Xenith.Fuzzing.Worlds;

public sealed partial class FuzzWorld
{
    private const ulong MemoryOp = 12;

    private StepOutcome Act(in FuzzStep step, WorldVcpu vcpu, SimulatedCpu cpu)
    {
        if (!TryEnterKernel(cpu))
            return StepOutcome.Idle;
        if (vcpu.IsHalfWay)
        {
            vcpu.IsHalfWay = false;
            if ((step.Flags & FuzzFlags.Forget) == 0)
            {
                cpu.Frame = vcpu.Unfinished;
                GoOn(cpu, vcpu, FuzzFlags.None);
                if (!IsStillRunning(cpu) || !TryEnterKernel(cpu))
                    return StepOutcome.Idle;
            }
        }
        StepOutcome outcome = StepOutcome.Done;
        switch (step.Action)
        {
            case FuzzAction.Hypercall:
                outcome = Call(in step, vcpu, cpu);
                break;
            case FuzzAction.Read:
                if (!cpu.TryReadAsUser(Resolve(step.Arguments[0], vcpu.Domain), out ulong _))
                    Fault(cpu, Resolve(step.Arguments[0], vcpu.Domain), AccessKind.Read);
                break;
            case FuzzAction.Write:
                Store(cpu, Resolve(step.Arguments[0], vcpu.Domain), Resolve(step.Arguments[1], vcpu.Domain), 0);
                break;
            case FuzzAction.Instruction:
                Execute(in step, vcpu, cpu);
                break;
            default:
                Raise(cpu, (int)(step.Number & 0xff), (uint)step.Arguments[0].Bits & 0xffff);
                break;
        }
        NoteTrap(cpu);
        return outcome;
    }

    private StepOutcome Call(in FuzzStep step, WorldVcpu vcpu, SimulatedCpu cpu)
    {
        for (int i = 0; i < step.WordCount; i++)
        {
            FuzzValue word = step.Words[i];
            cpu.TryWriteAsUser(WorldDomain.AddressOf(step.Page) + word.Offset, Resolve(word, vcpu.Domain));
        }
        ref GuestFrame frame = ref cpu.Frame;
        frame.Rax = step.Number;
        frame.Rdi = Resolve(step.Arguments[0], vcpu.Domain);
        frame.Rsi = Resolve(step.Arguments[1], vcpu.Domain);
        frame.Rdx = Resolve(step.Arguments[2], vcpu.Domain);
        frame.R10 = Resolve(step.Arguments[3], vcpu.Domain);
        frame.R8 = Resolve(step.Arguments[4], vcpu.Domain);
        frame.R9 = Resolve(step.Arguments[5], vcpu.Domain);
        ulong list = step.Number == MemoryOp && step.WordCount > 0 ? Resolve(step.Words[0], vcpu.Domain) : 0;
        StepOutcome outcome = GoOn(cpu, vcpu, step.Flags);
        if (list != 0 && Result > 0)
            Learn(cpu, vcpu, list);
        return outcome;
    }

    /// <summary>Makes the call that the registers say, again and again for as long as the guest finds itself on its SYSCALL instruction.</summary>
    private StepOutcome GoOn(SimulatedCpu cpu, WorldVcpu vcpu, FuzzFlags flags)
    {
        ulong syscall = WorldDomain.AddressOf(FuzzArena.Code) + FuzzArena.Syscall;
        ref GuestFrame frame = ref cpu.Frame;
        for (int round = 0; round < MostRounds; round++)
        {
            frame.Rip = syscall + 2;
            if ((flags & FuzzFlags.Hurry) != 0)
                PerCpu.RaiseWork(PendingWork.Schedule);
            Result = cpu.Hypercall(frame.Rax, frame.Rdi, frame.Rsi, frame.Rdx, frame.R10, frame.R8);
            NoteTrap(cpu);
            if (Trap is not null || !IsStillRunning(cpu) || !IsRewound(cpu, syscall))
                return StepOutcome.Done;
            if ((flags & FuzzFlags.Leave) == 0)
                continue;
            vcpu.Unfinished = frame;
            vcpu.IsHalfWay = true;
            return StepOutcome.HalfWay;
        }
        throw new InvalidOperationException("a hypercall never ends");
    }

    /// <summary>True if the guest is on its SYSCALL again: at once, or after the handler that runs now, from which it then returns.</summary>
    private static bool IsRewound(SimulatedCpu cpu, ulong syscall)
    {
        ref GuestFrame frame = ref cpu.Frame;
        if (frame.Rip == syscall)
            return true;
        if (frame.Rip != WorldDomain.AddressOf(FuzzArena.Code) + FuzzArena.Handler)
            return false;
        // RCX, R11, RIP.
        return cpu.TryReadAsUser(frame.Rsp + 16, out ulong interrupted) && interrupted == syscall;
    }

    /// <summary>Puts the vCPU where its kernel would be: past its handlers, on its stack. False if it is in user mode and cannot get out.</summary>
    private bool TryEnterKernel(SimulatedCpu cpu)
    {
        if (cpu.UserMode)
        {
            Reset(cpu);
            cpu.GuestTrap(ExceptionVector.Breakpoint);
            NoteTrap(cpu);
            if (!IsStillRunning(cpu) || cpu.UserMode)
                return false;
        }
        Reset(cpu);
        return true;
    }

    private static void Reset(SimulatedCpu cpu)
    {
        ref GuestFrame frame = ref cpu.Frame;
        frame.Rip = WorldDomain.AddressOf(FuzzArena.Code);
        frame.Rsp = WorldDomain.AddressOf(FuzzArena.Stack) + FuzzArena.StackTop;
        frame.Rflags = Rflags.Interrupt | Rflags.AlwaysOne;
        (frame.Cs, frame.Ss) = (Selectors.Ring3Code64, Selectors.Ring3Data);
    }

    /// <summary>The vCPU has not been taken off the CPU.</summary>
    private bool IsStillRunning(SimulatedCpu cpu) => !cpu.IsAsleep && _let[cpu.Id] >= 0 && Find(_let[cpu.Id]) is { IsCurrent: true };

    private void Execute(in FuzzStep step, WorldVcpu vcpu, SimulatedCpu cpu)
    {
        int index = (int)(step.Number % (ulong)FuzzInstructions.Count);
        ref GuestFrame frame = ref cpu.Frame;
        frame.Rax = Resolve(step.Arguments[0], vcpu.Domain);
        frame.Rcx = Resolve(step.Arguments[1], vcpu.Domain);
        frame.Rdx = Resolve(step.Arguments[2], vcpu.Domain);
        frame.Rdi = Resolve(step.Arguments[3], vcpu.Domain);
        frame.Rsi = Resolve(step.Arguments[4], vcpu.Domain);
        frame.Rbx = Resolve(step.Arguments[5], vcpu.Domain);
        if (index < FuzzInstructions.Stores)
        {
            Store(cpu, frame.Rdi, frame.Rax, index);
            return;
        }
        frame.Rip = WorldDomain.AddressOf(FuzzArena.Code) + (ulong)index * FuzzInstructions.Stride;
        cpu.GuestTrap(FuzzInstructions.VectorOf(index));
    }

    /// <summary>A store, or where the page tables do not allow it the fault that it raises. The instruction matters only to who emulates it.</summary>
    private static void Store(SimulatedCpu cpu, ulong address, ulong value, int instruction)
    {
        if (cpu.TryWriteAsUser(address, value))
            return;
        ref GuestFrame frame = ref cpu.Frame;
        frame.Rip = WorldDomain.AddressOf(FuzzArena.Code) + (ulong)instruction * FuzzInstructions.Stride;
        frame.Rdi = address;
        frame.Rax = value;
        Fault(cpu, address, AccessKind.Write);
    }

    private static void Fault(SimulatedCpu cpu, ulong address, AccessKind kind)
    {
        if (cpu.TryTranslate(address, kind, AccessMode.User, out _, out uint error))
            return;
        if (AddressSpace.IsCanonical(address))
            cpu.GuestTrap(ExceptionVector.PageFault, error);
        else
            cpu.GuestTrap(ExceptionVector.GeneralProtection);
    }

    private static void Raise(SimulatedCpu cpu, int vector, uint error)
    {
        // An interrupt instruction comes as a protection fault that names the gate.
        if (vector >= 32)
            cpu.GuestTrap(ExceptionVector.GeneralProtection, (uint)vector << 3 | 2);
        else if (vector is not (ExceptionVector.Nmi or ExceptionVector.DoubleFault or ExceptionVector.MachineCheck or ExceptionVector.PageFault))
            cpu.GuestTrap(vector, error);
    }

    /// <summary>The guest looks which frames it was given.</summary>
    private void Learn(SimulatedCpu cpu, WorldVcpu vcpu, ulong list)
    {
        for (ulong i = 0; i < (ulong)Math.Min(Result, 4); i++)
        {
            if (cpu.TryReadAsUser(unchecked(list + i * 8), out ulong frame) && Host.Memory.Frames.Contains(new Mfn(frame)))
                _domains[vcpu.Domain].Learn(new Mfn(frame));
        }
    }

    /// <summary>The 64 bits that a value stands for in this world, as a vCPU of a domain says it.</summary>
    private ulong Resolve(in FuzzValue value, int domain)
    {
        unchecked
        {
            return value.Kind switch
            {
                FuzzKind.Frame => FrameOf(in value).Value + value.Bits,
                FuzzKind.Machine => FrameOf(in value).Address | value.Bits,
                FuzzKind.Grant => FrameOf(in value).Value << 32 | value.Bits & 0xffff_ffff,
                FuzzKind.Address => WorldDomain.AddressOf(value.Slot) + value.Bits,
                _ => value.Bits,
            };
        }
    }

    private Mfn FrameOf(in FuzzValue value) => _domains[value.Domain % _domains.Length].FrameOf(value.Slot);
}
