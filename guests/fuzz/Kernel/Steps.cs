// Makes a generated step as this kernel: words into the arena, then the call, the access or the instruction. What would be the
// kernel's own end is left out (Limits); everything else is made, and what it changed of the kernel is put right afterwards (Repair).

using System;
using Xenith.Fuzzing.Calls;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Fuzz.Kernel;

static unsafe class Steps
{
    /// <summary>The step that is to be made.</summary>
    public static FuzzStep Step;

    /// <summary>Hypercalls, those among them that were refused, steps that ended in an exception, and steps that were left out.</summary>
    public static ulong Calls, Refused, Faults, LeftOut;

    /// <summary>What the hypercall of the step answered; 0 if it was none, or an exception ended it.</summary>
    public static long Result;

    /// <summary>Makes the step, and comes back whatever it did to this kernel's flow.</summary>
    public static void Make()
    {
        Trap.Quiet = true;
        Result = 0;
        if (Native.RunGuarded((ulong)(delegate*<void>)&Act) != 0)
        {
            Faults++;
        }

        Trap.ProbeActive = false;
        Trap.Quiet = false;
        Events.Disable();
    }

    static void Act()
    {
        switch (Step.Action)
        {
            case FuzzAction.Hypercall:
                Call();
                break;
            case FuzzAction.Read:
                Count(Probe.TryRead(Resolve(Step.Arguments[0]), out _));
                break;
            case FuzzAction.Write:
                Count(Probe.TryWrite(Resolve(Step.Arguments[0]), Resolve(Step.Arguments[1])));
                break;
            case FuzzAction.Instruction:
                Execute();
                break;
            case FuzzAction.Trap:
                // int n
                ReadOnlySpan<byte> code = [0xcd, (byte)Step.Number];
                Count(Probe.Run(code));
                break;
            default:
                LeftOut++;
                break;
        }
    }

    static void Call()
    {
        ulong page = Arena.AddressOf(Step.Page);
        for (int i = 0; i < Step.WordCount; i++)
        {
            Probe.TryWrite(page + Step.Words[i].Offset, Resolve(Step.Words[i]));
        }

        ulong a1 = Resolve(Step.Arguments[0]), a2 = Resolve(Step.Arguments[1]), a3 = Resolve(Step.Arguments[2]);
        ulong a4 = Resolve(Step.Arguments[3]), a5 = Resolve(Step.Arguments[4]);
        if (Step.Number is Number.Iret or Number.Multicall or Number.MmuextOp or Number.PlatformOp or Number.MemoryOp)
        {
            // What is looked at here must be what the hypervisor will read, and not what a TLB still holds of an entry that a step changed.
            Mmu.Ext(MmuextCommand.TlbFlushLocal);
        }

        if (Step.Number == Number.Iret)
        {
            Return();
            return;
        }

        if (Limits.IsOwnEnd(Step.Number, a1, a2, a3))
        {
            LeftOut++;
            return;
        }

        ulong list = Step.Number == Number.MemoryOp && Step.WordCount > 0 ? Resolve(Step.Words[0]) : 0;
        long result = Hypercall.Call(Step.Number, a1, a2, a3, a4, a5);
        Repair.AfterCall(Step.Number);
        Calls++;
        Result = result;
        if (result < 0 && result >= -4095)
        {
            Refused++;
        }
        else if (list != 0)
        {
            for (long i = 0; i < result && i < 4 && Probe.TryRead(list + (ulong)i * 8, out ulong frame); i++)
            {
                if (frame != 0 && frame < Limits.EndOfFrames && !Limits.IsOwnFrame(frame))
                {
                    Arena.Learn(frame);
                }
            }
        }
    }

    /// <summary>The iret hypercall, from the arena's stack and back to the arena's code, which ends it. Only flags and what is not needed to come back are the generator's.</summary>
    static void Return()
    {
        ulong top = Arena.AddressOf(FuzzArena.Stack) + FuzzArena.StackTop;
        if (!Holds(top + 32, Arena.AddressOf(FuzzArena.Code)) || !Holds(top + 40, Selector.KernelCode64) || !Holds(top + 56, top) || !Probe.TryRead(Arena.AddressOf(FuzzArena.Code), out _))
        {
            LeftOut++;
            return;
        }

        Calls++;
        Probe.Registers.Rbx = top;
        Count(Probe.Run([0x48, 0x89, 0xdc, 0xb8, 0x17, 0, 0, 0, 0x0f, 0x05])); // mov %rbx,%rsp; mov $23,%eax; syscall
    }

    /// <summary>Writes a word. False if it is not there afterwards: the page may be mapped no more, or lead to a device.</summary>
    static bool Holds(ulong address, ulong value) => Probe.TryWrite(address, value) && Probe.TryRead(address, out ulong read) && read == value;

    static void Execute()
    {
        int index = (int)(Step.Number % (ulong)FuzzInstructions.Count);
        ReadOnlySpan<byte> bytes = FuzzInstructions.Bytes.Slice(index * FuzzInstructions.Stride, FuzzInstructions.Stride);
        if (Limits.IsOwnEnd(bytes))
        {
            LeftOut++;
            return;
        }

        Probe.Registers.Rax = Resolve(Step.Arguments[0]);
        Probe.Registers.Rcx = Resolve(Step.Arguments[1]);
        Probe.Registers.Rdx = Resolve(Step.Arguments[2]);
        Probe.Registers.Rdi = Resolve(Step.Arguments[3]);
        Probe.Registers.Rsi = Resolve(Step.Arguments[4]);
        Probe.Registers.Rbx = Resolve(Step.Arguments[5]);
        Count(Probe.Run(bytes));
    }

    static void Count(bool completed)
    {
        if (!completed)
        {
            Faults++;
        }
    }

    /// <summary>The 64 bits that a value stands for. Numbers that by chance name memory of this kernel are no numbers that it would use.</summary>
    public static ulong Resolve(FuzzValue value) => value.Kind switch
    {
        FuzzKind.Frame => Arena.FrameOf(value.Slot) + (value.Bits < 16 ? 0 : value.Bits),
        FuzzKind.Machine => Arena.FrameOf(value.Slot) << 12 | value.Bits,
        FuzzKind.Grant => Arena.FrameOf(value.Slot) << 32 | value.Bits & 0xffffffff,
        FuzzKind.Address => Arena.AddressOf(value.Slot) + value.Bits,
        _ => Limits.NamesOwnMemory(value.Bits) ? 0 : value.Bits,
    };
}
