// The fuzzer on a real machine: the hosted fuzzer's generator makes this kernel's calls, as dom0. Only what would be the kernel's own end is left out: calls that stop the domain or its vCPU, send it into
// a handler or an address space that is none, or drive the machine's devices. What the hypervisor answers is counted; that it goes on answering is the point.

using System;
using Xenith.Fuzzing.Calls;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Fuzzing;

static unsafe class FuzzRun
{
    const ulong Reports = 8;

    static FuzzStep step;
    static ulong calls, refused, faults, left;

    /// <summary>Makes so many steps of the stream of a seed, and says how it went.</summary>
    public static void Run(ulong seed, ulong count)
    {
        if (!FuzzArenaPages.Create())
        {
            Console.WriteLine("FAIL fuzz: the arena cannot be made");
            return;
        }

        CallGenerator generator = new(seed, FuzzShape.Alone);
        ulong next = count / Reports;
        for (ulong made = 0; made < count; made++)
        {
            generator.Next(ref step);
            if (IsOwnEnd())
            {
                left++;
            }
            else
            {
                Act();
            }

            if (made == next)
            {
                next += count / Reports;
                Report("NOTE fuzz", made);
            }
        }

        Report("FUZZ done", count);
    }

    static void Report(string what, ulong made)
    {
        Console.Put(what);
        Put(" steps ", made);
        Put(" calls ", calls);
        Put(" refused ", refused);
        Put(" faults ", faults);
        Put(" left out ", left);
        Console.EndLine();
    }

    static void Put(string what, ulong number)
    {
        Console.Put(what);
        Console.PutDecimal(number);
    }

    static void Act()
    {
        switch (step.Action)
        {
            case FuzzAction.Hypercall:
                Call();
                break;
            case FuzzAction.Read:
                Count(Probe.TryRead(Resolve(step.Arguments[0]), out _));
                break;
            case FuzzAction.Write:
                Count(Probe.TryWrite(Resolve(step.Arguments[0]), Resolve(step.Arguments[1])));
                break;
            case FuzzAction.Instruction:
                Execute();
                break;
        }
    }

    static void Call()
    {
        ulong page = FuzzArenaPages.Base + step.Page * Memory.PageSize;
        bool written = true;
        for (int i = 0; i < step.WordCount; i++)
        {
            written &= Probe.TryWrite(page + step.Words[i].Offset, Resolve(step.Words[i]));
        }

        if (!written && step.Number is Number.Multicall or Number.MmuextOp)
        {
            // What lies there from before may be anything.
            left++;
            return;
        }

        ulong list = step.Number == Number.MemoryOp && step.WordCount > 0 ? Resolve(step.Words[0]) : 0;
        long result = Hypercall.Call(step.Number, Resolve(step.Arguments[0]), Resolve(step.Arguments[1]), Resolve(step.Arguments[2]), Resolve(step.Arguments[3]), Resolve(step.Arguments[4]));
        calls++;
        if (result < 0)
        {
            refused++;
        }
        else if (list != 0 && result > 0 && Probe.TryRead(list, out ulong frame) && frame < 1 << 20)
        {
            FuzzArenaPages.Learn(frame);
        }
    }

    static void Execute()
    {
        int index = (int)(step.Number % (ulong)FuzzInstructions.Count);
        Probe.Registers.Rax = Resolve(step.Arguments[0]);
        Probe.Registers.Rcx = Resolve(step.Arguments[1]);
        Probe.Registers.Rdx = Resolve(step.Arguments[2]);
        Probe.Registers.Rdi = Resolve(step.Arguments[3]);
        Probe.Registers.Rsi = Resolve(step.Arguments[4]);
        Probe.Registers.Rbx = Resolve(step.Arguments[5]);
        Count(Probe.Run(FuzzInstructions.Bytes.Slice(index * FuzzInstructions.Stride, FuzzInstructions.Stride)));
    }

    static void Count(bool completed)
    {
        if (!completed)
        {
            faults++;
        }
    }

    /// <summary>True for what a kernel that wants to live does not do.</summary>
    static bool IsOwnEnd()
    {
        if (step.Action == FuzzAction.Instruction)
        {
            return IsOwnEnd((int)(step.Number % (ulong)FuzzInstructions.Count));
        }

        return step.Action is FuzzAction.Trap or FuzzAction.Time or FuzzAction.Destroy || (step.Action == FuzzAction.Hypercall && IsOwnEnd(step.Number));
    }

    static bool IsOwnEnd(ulong number)
    {
        ulong operation = Resolve(step.Arguments[0]);
        switch (number)
        {
            case Number.SetTrapTable or Number.StackSwitch or Number.SetCallbacks or Number.FpuTaskswitch or Number.SetDebugreg or Number.ConsoleIo or Number.Iret or Number.NmiOp or Number.CallbackOp:
                return true;
            case Number.SchedOp or Number.SchedOpCompat:
                return operation != 0;
            case Number.VcpuOp:
                // Another address for vcpu_info, or vCPUs that start and stop.
                return operation is < 3 or 10;
            case Number.PlatformOp:
                return true;
            case Number.MmuextOp:
                for (int i = 0; i < step.WordCount; i++)
                {
                    // Another address space.
                    if (step.Words[i].Offset % 24 == 0 && (uint)step.Words[i].Bits is 5 or 15)
                    {
                        return true;
                    }
                }

                return false;
            case Number.Multicall:
                return IsOwnEndInside();
            default:
                return false;
        }
    }

    /// <summary>A multicall must be the list that the step writes and no more: call 0 with nothing, which is what empty memory says, takes all handlers away.</summary>
    static bool IsOwnEndInside()
    {
        ulong count = 0;
        for (int i = 0; i < step.WordCount; i++)
        {
            if (step.Words[i].Offset % 64 != 0 || step.Words[i].Offset >= 256)
            {
                continue;
            }

            count++;
            if (step.Words[i].Bits is not (Number.MmuUpdate or Number.UpdateVaMapping or Number.UpdateVaMappingOtherdomain or Number.GrantTableOp or Number.EventChannelOp or Number.MemoryOp or Number.XenVersion))
            {
                return true;
            }
        }

        return Resolve(step.Arguments[0]) != FuzzArenaPages.Base + FuzzArena.Arguments * Memory.PageSize || Resolve(step.Arguments[1]) > count;
    }

    /// <summary>Ports, the breakpoints and control registers of this kernel, MSRs that it lives by.</summary>
    static bool IsOwnEnd(int instruction)
    {
        ReadOnlySpan<byte> bytes = FuzzInstructions.Bytes.Slice(instruction * FuzzInstructions.Stride, FuzzInstructions.Stride);
        int at = 0;
        while (at < 12 && bytes[at] is 0x26 or 0x2e or 0x36 or 0x3e or 0x64 or 0x65 or 0x66 or 0x67 or 0xf0 or 0xf2 or 0xf3 or 0x48)
        {
            at++;
        }

        return bytes[at] is 0xec or 0xed or 0xee or 0xef or (>= 0x6c and <= 0x6f) || (bytes[at] == 0x0f && bytes[at + 1] is 0x22 or 0x23 or 0x30 or 0x06);
    }

    static ulong Resolve(FuzzValue value) => value.Kind switch
    {
        FuzzKind.Frame => FuzzArenaPages.FrameOf(value.Slot) + value.Bits,
        FuzzKind.Machine => FuzzArenaPages.FrameOf(value.Slot) << 12 | value.Bits,
        FuzzKind.Grant => FuzzArenaPages.FrameOf(value.Slot) << 32 | value.Bits & 0xffffffff,
        FuzzKind.Address => FuzzArenaPages.Base + value.Slot * Memory.PageSize + value.Bits,
        _ => value.Bits,
    };
}
