// Runs a few bytes of machine code, given where they are used, with chosen registers, and tells whether they faulted.
// So a check of an instruction reads as the instruction: Probe.Run([0x0f, 0x20, 0xc0]) is `mov %cr0,%rax`.

using System;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class Probe
{
    struct CodeBuffer
    {
        public fixed byte Bytes[64];
    }

    static CodeBuffer code;

    /// <summary>Registers for the next run, and after it as the code left them.</summary>
    public static ProbeRegisters Registers;

    /// <summary>Where the code lies: rip - Start tells how far it came.</summary>
    public static ulong Start
    {
        get
        {
            fixed (byte* bytes = code.Bytes)
            {
                return (ulong)bytes;
            }
        }
    }

    /// <summary>Runs the code, to which a RET is added. True when no fault ended it; else see <see cref="Trap.Last"/>.</summary>
    public static bool Run(ReadOnlySpan<byte> instructions)
    {
        fixed (byte* bytes = code.Bytes)
        {
            for (int i = 0; i < instructions.Length; i++)
            {
                bytes[i] = instructions[i];
            }

            bytes[instructions.Length] = 0xc3;
            return RunAt((ulong)bytes);
        }
    }

    /// <summary>The same for code that is already somewhere.</summary>
    public static bool RunAt(ulong address)
    {
        fixed (ProbeRegisters* registers = &Registers)
        {
            Trap.ProbeActive = true;
            ulong faulted = Native.RunProbe(address, registers);
            Trap.ProbeActive = false;
            return faulted == 0;
        }
    }

    /// <summary>Reads 8 bytes. False when the read faulted.</summary>
    public static bool TryRead(ulong address, out ulong value)
    {
        Registers.Rsi = address;
        bool ok = Run([0x48, 0x8b, 0x06]); // mov (%rsi),%rax
        value = Registers.Rax;
        return ok;
    }

    /// <summary>Writes 8 bytes. False when the write faulted.</summary>
    public static bool TryWrite(ulong address, ulong value)
    {
        Registers.Rdi = address;
        Registers.Rax = value;
        return Run([0x48, 0x89, 0x07]); // mov %rax,(%rdi)
    }
}
