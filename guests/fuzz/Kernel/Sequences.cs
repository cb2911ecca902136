// One sequence after the other: an arena, the steps of a seed, and then what must hold whatever they were: this kernel's own
// page tables and memory are as they were, and a hypervisor that can count its references finds none too many or too few
// (src/Xenith.Hypervisor/Memory/ReferenceAudit.cs).

using Xenith.Fuzzing.Calls;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Fuzz.Kernel;

static unsafe class Sequences
{
    /// <summary>Steps of a sequence: twice as many as hosted, since making an arena costs more here.</summary>
    const int Length = 48;

    /// <summary>A line is printed after so many, and the hypervisor counts its references.</summary>
    const ulong Interval = 50;

    /// <summary>Pages with a pattern, which no call names.</summary>
    const ulong WatchedPages = 64;

    static ulong watched, mappings;

    public static void Run()
    {
        Limits.Prepare();
        watched = Memory.Allocate(WatchedPages);
        Fill();
        if (!Arena.Prepare())
        {
            Console.WriteLine("FAIL fuzz: there is no grant table");
            return;
        }

        Trap.Tolerated = 1 << 1 | 1 << 2 | 1 << 7; // #DB, NMI, #NM
        ulong end = Native.ReadTsc() + Options.Seconds * TicksPerSecond();
        mappings = Mappings();
        ulong made = 0;
        bool whole = true;
        Count();
        for (; made < Options.Count && Native.ReadTsc() < end && whole; made++)
        {
            ulong seed = Options.Seed + made;
            whole = Run(seed) && IsWhole(seed);
            if (made % Interval == Interval - 1)
            {
                Count();
                Report("NOTE fuzz", made + 1);
            }
        }

        Count();
        Report(whole ? "FUZZ done" : "FUZZ failed", made);
    }

    static bool Run(ulong seed)
    {
        if (!Arena.Create())
        {
            return Fail(seed, "the arena cannot be made");
        }

        CallGenerator generator = new(seed, FuzzShape.Alone);
        for (int i = 0; i < Length; i++)
        {
            generator.Next(ref Steps.Step);
            if (Options.Steps)
            {
                Announce(seed, i);
            }

            Steps.Make();
            if (Options.Steps)
            {
                Console.Put("RESULT ");
                Console.PutResult(Steps.Result);
                Console.EndLine();
            }
        }

        Repair.AfterSequence();
        if (!Arena.Destroy())
        {
            return Fail(seed, "no memory is left for the next arena");
        }

        return true;
    }

    /// <summary>What no call named is as it was.</summary>
    static bool IsWhole(ulong seed)
    {
        if (Mappings() != mappings)
        {
            return Fail(seed, "the kernel's page tables have changed");
        }

        for (ulong i = 0; i < WatchedPages * Memory.PageSize / 8; i++)
        {
            if (((ulong*)watched)[i] != Pattern(i))
            {
                Put("NOTE word ", i);
                Console.Put(" of the watched pages is ");
                Console.PutHex(((ulong*)watched)[i]);
                Console.EndLine();
                return Fail(seed, "memory that no call named has changed");
            }
        }

        return true;
    }

    /// <summary>A hypervisor with its own checks compares the references to each frame with what refers to it, and prints what is wrong; another does not know this call.</summary>
    static void Count()
    {
        const ulong countReferences = 0x5e1f0050;
        Hypercall.Call(countReferences);
    }

    /// <summary>The entries that map the kernel's image and what it never lends, without accessed and dirty bits.</summary>
    static ulong Mappings()
    {
        ulong sum = 0;
        for (ulong page = Native.ImageStart(); page < Native.PagePoolStart(); page += Memory.PageSize)
        {
            sum = (sum ^ (PageTable.Leaf(page) & ~(Pte.Accessed | Pte.Dirty))) * 0x9e3779b97f4a7c15;
        }

        return sum;
    }

    static void Fill()
    {
        for (ulong i = 0; i < WatchedPages * Memory.PageSize / 8; i++)
        {
            ((ulong*)watched)[i] = Pattern(i);
        }
    }

    static ulong Pattern(ulong index) => index * 0x9e3779b97f4a7c15 ^ 0x5ec0de;

    /// <summary>What the hypervisor says of the clock, read before anything can have written over it.</summary>
    static ulong TicksPerSecond()
    {
        VcpuTimeInfo* time = &Vcpu.Info->Time;
        ulong ticks = (1000000000ul << 32) / time->TscToSystemMul;
        return time->TscShift < 0 ? ticks << -time->TscShift : ticks >> time->TscShift;
    }

    static bool Fail(ulong seed, string what)
    {
        Console.Put("FAIL fuzz seed ");
        Console.PutDecimal(seed);
        Console.Put(": ");
        Console.WriteLine(what);
        return false;
    }

    static void Announce(ulong seed, int index)
    {
        Put("STEP ", seed);
        Put(".", (ulong)index);
        Put(" action ", (ulong)Steps.Step.Action);
        Put(" number ", Steps.Step.Number);
        for (int i = 0; i < 4; i++)
        {
            Console.Put(" ");
            Console.PutHex(Steps.Resolve(Steps.Step.Arguments[i]));
        }

        Console.EndLine();
    }

    static void Report(string what, ulong made)
    {
        Console.Put(what);
        Put(" sequences ", made);
        Put(" seeds from ", Options.Seed);
        Put(" calls ", Steps.Calls);
        Put(" refused ", Steps.Refused);
        Put(" faults ", Steps.Faults);
        Put(" left out ", Steps.LeftOut);
        Put(" frames replaced ", Arena.Replaced);
        Console.EndLine();
    }

    static void Put(string what, ulong number)
    {
        Console.Put(what);
        Console.PutDecimal(number);
    }
}
