// Repeats a measurement and prints least, median and greatest number of instructions. native/measure.S does the counting and
// says how many of the counted instructions are its own.

using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Benchmarks;

static unsafe class Meter
{
    public const int Repeats = 41, WarmUp = 3;

    struct Samples
    {
        public fixed ulong Values[Repeats];
    }

    struct CodeBuffer
    {
        public fixed byte Bytes[64];
    }

    static Samples samples;
    static CodeBuffer code;
    static int count;
    static int stamp;
    static ulong own;

    /// <summary>Registers for the next <see cref="Instructions"/>; r10 is taken from Rcx. They are loaded anew each time.</summary>
    public static ProbeRegisters Registers;

    /// <summary>Four 32-bit stamps: start, handler entered, handler leaves, back.</summary>
    public static uint* Stamps => (uint*)MeterStamps();

    /// <summary>Must run first: what a measurement of nothing costs.</summary>
    public static void Calibrate()
    {
        fixed (byte* bytes = code.Bytes)
        {
            bytes[0] = 0xc3;
            fixed (ProbeRegisters* registers = &Registers)
            {
                own = Measure((ulong)bytes, registers);
                own = Measure((ulong)bytes, registers);
            }
        }
    }

    /// <summary>Counts one run of the code with <see cref="Registers"/>, and what it left in rax.</summary>
    public static ulong Once(ReadOnlySpan<byte> instructions, out ulong rax)
    {
        ProbeRegisters copy = Registers;
        fixed (byte* bytes = code.Bytes)
        {
            for (int i = 0; i < instructions.Length; i++)
            {
                bytes[i] = instructions[i];
            }

            bytes[instructions.Length] = 0xc3;
            ulong cost = Measure((ulong)bytes, &copy) - own;
            rax = copy.Rax;
            return cost;
        }
    }

    /// <summary>Measures instructions many times and prints the line.</summary>
    public static void Instructions(string name, ReadOnlySpan<byte> instructions)
    {
        Begin();
        for (int i = 0; i < Repeats + WarmUp; i++)
        {
            Add(Once(instructions, out _));
        }

        End(name);
    }

    /// <summary>Measures a hypercall; a result that is not the expected one makes the line useless and is said.</summary>
    public static void Hypercall(string name, long expected, ulong number, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0)
    {
        Begin();
        for (int i = 0; i < Repeats + WarmUp; i++)
        {
            Add(Call(expected, number, a1, a2, a3, a4));
        }

        End(name);
    }

    /// <summary>One hypercall, counted.</summary>
    public static ulong Call(long expected, ulong number, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0)
    {
        Registers = default;
        Registers.Rax = number;
        Registers.Rdi = a1;
        Registers.Rsi = a2;
        Registers.Rdx = a3;
        Registers.Rcx = a4;
        ulong cost = Once([0x0f, 0x05], out ulong result);
        if ((long)result != expected)
        {
            Console.Put("NOTE unexpected result ");
            Console.PutResult((long)result);
            Console.EndLine();
        }

        return cost;
    }

    /// <summary>Starts a row. What it measures lies between the guest's RDTSC of this number in a repeat, from 0 up, and the next one.</summary>
    public static void Begin(int firstStamp = 0)
    {
        count = -WarmUp;
        stamp = firstStamp;
    }

    public static void Add(ulong value)
    {
        if (count >= 0)
        {
            // Insertion keeps the samples in order.
            int at = count;
            while (at > 0 && samples.Values[at - 1] > value)
            {
                samples.Values[at] = samples.Values[at - 1];
                at--;
            }

            samples.Values[at] = value;
        }

        count++;
        if (count == Repeats - 1)
        {
            // The last repeat is the one that guests/benchmarks/paths.c writes down.
            MarkPass(stamp);
        }
    }

    public static void End(string name)
    {
        Console.Put("BENCH ");
        Console.Put(name);
        Console.Put(" ");
        Console.PutDecimal(samples.Values[0]);
        Console.Put(" ");
        Console.PutDecimal(samples.Values[Repeats / 2]);
        Console.Put(" ");
        Console.PutDecimal(samples.Values[Repeats - 1]);
        Console.EndLine();
    }

    [RuntimeImport("*", "measure"), MethodImpl(MethodImplOptions.InternalCall)]
    static extern ulong Measure(ulong code, ProbeRegisters* registers);

    [RuntimeImport("*", "mark_pass"), MethodImpl(MethodImplOptions.InternalCall)]
    static extern void MarkPass(int stamp);

    [RuntimeImport("*", "meter_stamps"), MethodImpl(MethodImplOptions.InternalCall)]
    static extern ulong MeterStamps();

    [RuntimeImport("*", "measure_kernel_fault"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void KernelFault(ulong address);

    [RuntimeImport("*", "measure_hypercall_event"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern long HypercallEvent(ulong number, ulong a1, ulong a2, ulong a3);

    [RuntimeImport("*", "stamp_event_stub"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void StampEventStub();

    [RuntimeImport("*", "measure_breakpoint"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void KernelBreakpoint();

    [RuntimeImport("*", "stamp_breakpoint_stub"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void StampBreakpointStub();

    [RuntimeImport("*", "user_breakpoint_program"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void UserBreakpointProgram();

    [RuntimeImport("*", "user_breakpoint_program_end"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void UserBreakpointProgramEnd();

    [RuntimeImport("*", "stamp_fault_stub"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void StampFaultStub();

    [RuntimeImport("*", "stamp_syscall_stub"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void StampSyscallStub();

    [RuntimeImport("*", "user_syscall_program"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void UserSyscallProgram();

    [RuntimeImport("*", "user_syscall_program_end"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void UserSyscallProgramEnd();

    [RuntimeImport("*", "user_fault_program"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void UserFaultProgram();

    [RuntimeImport("*", "user_fault_program_end"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void UserFaultProgramEnd();
}
