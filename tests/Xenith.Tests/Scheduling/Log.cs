using Xenith.Hypervisor.Console;
using Xenith.Machine.Simulation;

namespace Xenith.Tests.Scheduling;

/// <summary>What something writes to the log.</summary>
internal static class Log
{
    public static string Of(Action<ConsoleLog> write)
    {
        using var machine = new SimulatedMachine();
        using (machine.Cpus[0].Enter())
            write(new ConsoleLog(new SerialPort(0x3f8, 115200)));
        return machine.Com1.Text;
    }
}
