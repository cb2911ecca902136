// What a kernel that wants to live does not do: stop its domain or its only vCPU, leave its address space, give its own memory
// away, turn the machine off. A list in memory is looked at as it lies there, just before the call: what an earlier step left may be anything.

using System;
using Xenith.Fuzzing.Calls;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Fuzz.Kernel;

static unsafe class Limits
{
    /// <summary>Longer lists than the generator makes are not looked through, and left out where an entry could be the end.</summary>
    const ulong LongestList = 64;

    static ulong firstOwn, endOwn;

    /// <summary>No frame of RAM has a number beyond.</summary>
    public const ulong EndOfFrames = 1 << 20;

    /// <summary>Notes the frames that the domain builder put this kernel into.</summary>
    public static void Prepare()
    {
        const ulong more = 16; // what the builder may have put behind its page tables
        ulong end = Memory.PfnOf(Vcpu.Start->PtBase) + Vcpu.Start->NrPtFrames + more;
        firstOwn = ulong.MaxValue;
        endOwn = 0;
        for (ulong pfn = 0; pfn < end; pfn++)
        {
            ulong frame = Memory.MfnOfPfn(pfn);
            firstOwn = frame < firstOwn ? frame : firstOwn;
            endOwn = frame >= endOwn ? frame + 1 : endOwn;
        }
    }

    /// <summary>True for frames of the kernel itself.</summary>
    public static bool IsOwnFrame(ulong frame) => frame >= firstOwn && frame < endOwn;

    /// <summary>True if a number names such a frame, as a frame number, a machine address, a page-table entry or a grant.</summary>
    public static bool NamesOwnMemory(ulong bits) => IsOwnFrame(bits) || IsOwnFrame(Pte.MfnOf(bits)) || IsOwnFrame(bits >> 32) || IsOwnFrame((uint)bits);

    /// <summary>True for a hypercall that this kernel would not outlive, or that tells the machine's console nonsense.</summary>
    public static bool IsOwnEnd(ulong number, ulong a1, ulong a2, ulong a3)
    {
        uint operation = (uint)a1;
        switch (number)
        {
            case Number.SchedOpCompat:
                return operation is 1 or 2;
            case Number.SchedOp:
                // block, shutdown, poll, remote_shutdown, shutdown_code, watchdog
                return operation is >= 1 and <= 6;
            case Number.MemoryOp:
                return operation is 1 or 11 && GivesOwnMemory(a2);
            case Number.ConsoleIo or Number.Iret:
                return true;
            case Number.PlatformOp:
                // Sleep; CPUs that go and come
                return !Probe.TryRead(a1, out ulong command) || (uint)command is 51 or (>= 56 and <= 60);
            case Number.VcpuOp:
                // down; another place for vcpu_info, once and for all
                return operation is 2 or 10;
            case Number.EventChannelOp:
                // The other event ABI, for good
                return operation == 11;
            case Number.PhysdevOp:
                // A frame for EOI bits, for good
                return operation is 17 or 28;
            case Number.MmuextOp:
                return HasNewBase(a1, a2);
            case Number.Multicall:
                return HasOwnEnd(a1, a2);
            default:
                return false;
        }
    }

    /// <summary>An address space that has not this kernel in it. The upper bit of a count says that the call goes on with one.</summary>
    static bool HasNewBase(ulong list, ulong count)
    {
        count = (uint)count & 0x7fffffff;
        if (count > LongestList)
        {
            return true;
        }

        for (ulong i = 0; i < count && Probe.TryRead(list + i * 24, out ulong command); i++)
        {
            if ((uint)command == MmuextCommand.NewBaseptr)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Blocks of frames that are given back or exchanged (struct xen_memory_reservation: list, count, order), and that reach into this kernel.</summary>
    static bool GivesOwnMemory(ulong reservation)
    {
        if (!Probe.TryRead(reservation, out ulong list) || !Probe.TryRead(reservation + 8, out ulong count) || !Probe.TryRead(reservation + 16, out ulong order))
        {
            return false;
        }

        order = (uint)order;
        if (count > LongestList || order > 20)
        {
            return true;
        }

        for (ulong i = 0; i < count && Probe.TryRead(list + i * 8, out ulong frame); i++)
        {
            if (frame < endOwn && frame + (1ul << (int)order) > firstOwn)
            {
                return true;
            }
        }

        return false;
    }

    static bool HasOwnEnd(ulong list, ulong count)
    {
        count = (uint)count;
        if (count > LongestList)
        {
            return true;
        }

        for (ulong i = 0; i < count; i++)
        {
            ulong entry = list + i * 64;
            if (!Probe.TryRead(entry, out ulong number) || !Probe.TryRead(entry + 16, out ulong a1) || !Probe.TryRead(entry + 24, out ulong a2) || !Probe.TryRead(entry + 32, out ulong a3))
            {
                return false;
            }

            if (number == Number.Multicall || IsOwnEnd(number, a1, a2, a3))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True for instructions that write ports or control registers that this kernel lives by, or wait.</summary>
    public static bool IsOwnEnd(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < 12 && bytes[at] is 0x26 or 0x2e or 0x36 or 0x3e or 0x64 or 0x65 or 0x66 or 0x67 or 0xf0 or 0xf2 or 0xf3 or 0x48)
        {
            at++;
        }

        return bytes[at] switch
        {
            // out, outs, hlt
            0xee or 0xef or 0x6e or 0x6f or 0xf4 => true,
            // mov to cr3, cr4
            0x0f => bytes[at + 1] == 0x22 && bytes[at + 2] is 0xd8 or 0xe0,
            _ => false,
        };
    }
}
