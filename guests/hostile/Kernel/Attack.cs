// One line for each attack: `ATTACK family.name: result`. The result is what the hypercall returned, or the exception that
// came; it is the same on every hypervisor that keeps the interface, so two transcripts can be compared line by line.

using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Kernel;

static class Attack
{
    /// <summary>Begins a line; its name is that of the family and one or two words.</summary>
    public static void Begin(string name, string detail = "")
    {
        Console.Put("ATTACK ");
        Check.PutName();
        Console.Put(".");
        Console.Put(name);
        if (detail.Length > 0)
        {
            Console.Put(".");
            Console.Put(detail);
        }

        Console.Put(":");
    }

    /// <summary>The same with a number in the name's place.</summary>
    public static void Begin(string name, ulong number, string detail = "")
    {
        Console.Put("ATTACK ");
        Check.PutName();
        Console.Put(".");
        Console.Put(name);
        Console.PutHex(number);
        Console.Put(detail);
        Console.Put(":");
    }

    /// <summary>One attack whose answer is a hypercall's result.</summary>
    public static void Result(string name, long result) => Result(name, "", result);

    public static void Result(string name, string detail, long result)
    {
        Begin(name, detail);
        PutResult(result);
        Console.EndLine();
    }

    /// <summary>One grant operation: what its status field says (public grant_table.h, GNTST_*).</summary>
    public static void Status(string name, string detail, long status)
    {
        Begin(name, detail);
        Console.Put(status < 0 ? " status -" : " status ");
        Console.PutDecimal((ulong)(status < 0 ? -status : status));
        Console.EndLine();
    }

    /// <summary>One attack by an instruction: it completed, or an exception came.</summary>
    public static void Outcome(string name, bool completed) => Outcome(name, "", completed);

    public static void Outcome(string name, string detail, bool completed)
    {
        Begin(name, detail);
        PutOutcome(completed);
        Console.EndLine();
    }

    public static void Value(string name, string detail, ulong value)
    {
        Begin(name, detail);
        Console.Put(" ");
        Console.PutHex(value);
        Console.EndLine();
    }

    public static void PutResult(long result)
    {
        Console.Put(" ");
        Console.PutResult(result);
    }

    public static void PutOutcome(bool completed)
    {
        Console.Put(" ");
        if (completed)
        {
            Console.Put("completed");
        }
        else
        {
            PutException(Trap.Last.Number, Trap.Last.Error);
        }
    }

    /// <summary>#PF[0x3]; vectors without an error code show 0.</summary>
    public static void PutException(ulong vector, ulong error)
    {
        Console.Put("#");
        Console.Put(vector switch
        {
            0 => "DE",
            1 => "DB",
            2 => "NMI",
            3 => "BP",
            4 => "OF",
            5 => "BR",
            6 => "UD",
            7 => "NM",
            8 => "DF",
            10 => "TS",
            11 => "NP",
            12 => "SS",
            13 => "GP",
            14 => "PF",
            16 => "MF",
            17 => "AC",
            18 => "MC",
            19 => "XM",
            Entries.Event => "event",
            Entries.Failsafe => "failsafe",
            Entries.Syscall => "syscall",
            Entries.Nmi => "nmi",
            Entries.Sysenter => "sysenter",
            Entries.Syscall32 => "syscall32",
            _ => "vector",
        });
        if (vector < 256)
        {
            Console.Put("[");
            Console.PutHex(error);
            Console.Put("]");
        }
    }
}
