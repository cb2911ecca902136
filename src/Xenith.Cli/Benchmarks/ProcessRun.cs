using System.Text;
using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Benchmarks;

/// <summary>One run of guests/benchmarks/processes.c in Debian's kernel as dom0: what processes pay for system calls, page faults, fork, exec and a switch, kernel and hypervisor together.</summary>
internal static class ProcessRun
{
    private const string Program = "programs/bench-processes";

    /// <summary>Compiles the program, static and the same for all hypervisors; gives its file.</summary>
    public static async Task<string> BuildAsync(Workshop workshop, CancellationToken cancel)
    {
        await workshop.EnsureAsync([Purpose.Build], cancel);
        var folder = Directory.CreateDirectory(Path.Combine(workshop.Repository.Output, "processes")).FullName;
        var file = Path.Combine(folder, "bench-processes");
        await HostCommand.CheckAsync(
            "gcc", ["-O2", "-Wall", "-static", "-fno-pie", "-no-pie", "-o", file, workshop.Repository.PathTo("guests", "benchmarks", "processes.c")], cancel: cancel);
        return file;
    }

    /// <returns>The figures, and how the machine ended.</returns>
    public static async Task<(Measurement Measurement, MachineEnd End)> RunAsync(Workshop workshop, HypervisorImage hypervisor, string program, TimeSpan limit, CancellationToken cancel)
    {
        var settings = new MachineSettings
        {
            Hypervisor = hypervisor,
            Modules = new BootModules((await workshop.KernelAsync(cancel)).Image, null),
            HypervisorOptions = "sched=credit",
            CountInstructions = true,
            Programs = [new ExtraProgram(Program, program)],
        };
        using var output = new MemoryStream();
        // The time at which dom0's own first program runs is a figure too: what the boot costs.
        var commands = $"""
            sed 's/^\([0-9]*\)\.\([0-9]*\) .*/BENCH dom0_uptime_ms \1\20 \1\20 \1\20/' /proc/uptime
            echo 0 > /proc/sys/kernel/randomize_va_space
            /{Program}
            """;
        var end = await new Machine(settings, await workshop.UserlandAsync(cancel)).RunAsync(new Session.Commands(commands, output), limit, cancel);
        return (Measurement.Parse(Encoding.UTF8.GetString(output.ToArray()).Split('\n')), end);
    }
}
