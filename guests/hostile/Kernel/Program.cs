// The kernel's main line: set up as the test guest does, then one family of attacks after the other, or the one from which
// the domain is not to come back.

using System.Runtime;
using Xenith.Guest.Hostile.Attacks;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Kernel;

static unsafe class Program
{
    [RuntimeExport("guest_main")]
    static void Main(StartInfo* start, EntryRegisters* entry)
    {
        Vcpu.Initialise(start, entry);
        CommandLine.Read(start->CommandLine);
        Pv.Kernel.Console.WriteLine("NOTE xenith-guest-hostile");
        Trap.Install();
        Events.Install();
        Vcpu.MapShared();
        Grants.Prepare();

        if (CommandLine.HasCrash)
        {
            Crashes.Run();
        }
        else
        {
            RunAttacks();
        }

        Pv.Kernel.Console.Put("DONE passed ");
        Pv.Kernel.Console.PutDecimal(Check.Passed);
        Pv.Kernel.Console.Put(" failed ");
        Pv.Kernel.Console.PutDecimal(Check.Failed);
        Pv.Kernel.Console.EndLine();
        Power.Off(0);
    }

    static void RunAttacks()
    {
        WritableTables.Run();
        ForgedEntries.Run();
        TableGraphs.Run();
        Counts.Run();
        Extents.Run();
        NonCanonical.Run();
        DescriptorPages.Run();
        ReturnFrames.Run();
        Instructions.Run();
        Storms.Run();
        Pointers.Run();
        Races.Run();
    }
}
