// The kernel's main line: set up as the test guest does, then one sequence of calls after the other until the time or the
// count is over.

using System.Runtime;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Fuzz.Kernel;

static unsafe class Program
{
    [RuntimeExport("guest_main")]
    static void Main(StartInfo* start, EntryRegisters* entry)
    {
        Vcpu.Initialise(start, entry);
        Options.Read(start->CommandLine);
        Console.WriteLine("NOTE xenith-guest-fuzz");
        Trap.Install();
        Events.Install();
        Vcpu.MapShared();
        Sequences.Run();
        Power.Off(0);
    }
}
