// The kernel's main line: set up, run the checks or the benchmarks, say how many passed, power off.

using System.Runtime;
using Xenith.Guest.Pv.Benchmarks;
using Xenith.Guest.Pv.Checks;
using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class Program
{
    [RuntimeExport("guest_main")]
    static void Main(StartInfo* start, EntryRegisters* entry)
    {
        Vcpu.Initialise(start, entry);
        CommandLine.Read(start->CommandLine);
        Console.WriteLine("NOTE xenith-guest-pv");
        Trap.Install();
        Events.Install();
        StartOfDay.SharedInfoResult = Vcpu.MapShared();

        RunChecks();
        if (CommandLine.Benchmark)
        {
            RunBenchmarks();
        }

        if (CommandLine.Victims)
        {
            Victims.Run();
        }

        if (CommandLine.MapsZero)
        {
            Victims.MapPageZero();
        }

        if (CommandLine.Bug != 0)
        {
            // src/Xenith.Hypervisor/Domains/FaultInjection.cs
            const ulong firstBug = 0x5e1f0000;
            Hypercall.Call(firstBug + CommandLine.Bug);
            Console.WriteLine("NOTE the hypervisor has no bug on demand");
        }

        Console.Put("DONE passed ");
        Console.PutDecimal(Check.Passed);
        Console.Put(" failed ");
        Console.PutDecimal(Check.Failed);
        Console.EndLine();
        Power.Off(0);
    }

    static void RunChecks()
    {
        StartOfDay.Run();
        Hypercalls.Run();
        Mapping.Run();
        Pinning.Run();
        Faults.Run();
        UserModes.Run();
        Descriptors.Run();
        Privileged.Run();
        EventChannels.Run();
        Times.Run();
        Vcpus.Run();
        Grants.Run();
        GrantOperations.Run();
        MemoryOps.Run();
        PhysicalMaps.Run();
        Switches.Run();
    }

    static void RunBenchmarks()
    {
        Meter.Calibrate();
        HypercallCosts.Run();
        EntryCosts.Run();
        EmulationCosts.Run();
        PagingCosts.Run();
        GrantCosts.Run();
        BalloonCosts.Run();
        SwitchCosts.Run();
    }
}
