// The ledger of the checks and the transcript's format. Every line of ours starts with PASS, FAIL, VALUE, NOTE, BENCH or
// DONE, so that a script can take the transcript out of a serial log, and nothing in it depends on the machine's state.

using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class Check
{
    struct Name
    {
        public fixed byte Characters[64];
    }

    static Name current; // a copy: a static of a reference type would need the runtime's start-up
    static bool failed;

    public static ulong Passed;
    public static ulong Failed;

    /// <summary>Runs one named check if the command line selects it.</summary>
    public static void Run(string name, delegate*<void> body)
    {
        if (!CommandLine.Selects(name))
        {
            return;
        }

        SetName(name);
        failed = false;
        Trap.Guarded = true;
        Trap.Resume = false;
        ulong abandoned = Native.RunGuarded((ulong)body);
        Trap.Guarded = false;
        Trap.ProbeActive = false;
        if (abandoned == 0 && !failed)
        {
            Passed++;
            Console.Put("PASS ");
            Console.Put(name);
            Console.EndLine();
        }
        else
        {
            Failed++;
        }
    }

    public static void True(string what, bool condition)
    {
        if (!condition)
        {
            BeginFailure(what);
            Console.EndLine();
        }
    }

    public static void Equal(string what, ulong expected, ulong actual)
    {
        if (expected != actual)
        {
            BeginFailure(what);
            Console.Put(": expected ");
            Console.PutHex(expected);
            Console.Put(", got ");
            Console.PutHex(actual);
            Console.EndLine();
        }
    }

    /// <summary>A hypercall's result must be this value; negative ones are shown by name.</summary>
    public static void Result(string what, long expected, long actual)
    {
        if (expected != actual)
        {
            BeginFailure(what);
            Console.Put(": expected ");
            Console.PutResult(expected);
            Console.Put(", got ");
            Console.PutResult(actual);
            Console.EndLine();
        }
    }

    public static void Ok(string what, long actual) => Result(what, 0, actual);

    /// <summary>The code must have ended in this vector with this error code.</summary>
    public static void Faulted(string what, bool completed, ulong vector, ulong error)
    {
        if (completed)
        {
            BeginFailure(what);
            Console.Put(": no fault");
            Console.EndLine();
            return;
        }

        if (Trap.Last.Number != vector || Trap.Last.Error != error)
        {
            BeginFailure(what);
            Console.Put(": expected vector ");
            Console.PutDecimal(vector);
            Console.Put(" error ");
            Console.PutHex(error);
            Console.Put(", got ");
            Console.PutDecimal(Trap.Last.Number);
            Console.Put(" error ");
            Console.PutHex(Trap.Last.Error);
            Console.EndLine();
        }
    }

    /// <summary>A value for the transcript: equal on every correct hypervisor of this version.</summary>
    public static void Value(string what, ulong value)
    {
        Console.Put("VALUE ");
        PutName();
        Console.Put(" ");
        Console.Put(what);
        Console.Put(" = ");
        Console.PutHex(value);
        Console.EndLine();
    }

    /// <summary>A hypercall's result for the transcript.</summary>
    public static void ValueResult(string what, long value)
    {
        Console.Put("VALUE ");
        PutName();
        Console.Put(" ");
        Console.Put(what);
        Console.Put(" = ");
        Console.PutResult(value);
        Console.EndLine();
    }

    /// <summary>A trap that no probe asked for.</summary>
    public static void Unexpected(ref TrapFrame frame, ulong cr2)
    {
        BeginFailure("unexpected trap ");
        Console.PutDecimal(frame.Number);
        Console.Put(" error ");
        Console.PutHex(frame.Error);
        Console.Put(" rip ");
        Console.PutHex(frame.Rip);
        Console.Put(" cs ");
        Console.PutHex(frame.Cs);
        Console.Put(" rsp ");
        Console.PutHex(frame.Rsp);
        Console.Put(" cr2 ");
        Console.PutHex(cr2);
        Console.EndLine();
    }

    static void SetName(string name)
    {
        for (int i = 0; i < 64; i++)
        {
            current.Characters[i] = i < name.Length ? (byte)name[i] : (byte)0;
        }
    }

    /// <summary>Puts the name of the check that runs.</summary>
    public static void PutName()
    {
        for (int i = 0; i < 64 && current.Characters[i] != 0; i++)
        {
            Console.Put(current.Characters[i]);
        }
    }

    static void BeginFailure(string what)
    {
        failed = true;
        Console.Put("FAIL ");
        PutName();
        Console.Put(": ");
        Console.Put(what);
    }
}
