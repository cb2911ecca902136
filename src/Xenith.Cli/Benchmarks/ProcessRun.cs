using System.Text;
using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Benchmarks;

/// <summary>One run of guests/benchmarks/processes.c in Debian's kernel as dom0: what processes pay for system calls, page faults, fork, exec and a switch, kernel and hypervisor together.</summary>
internal static class ProcessRun
{
    /// <summary>So many CPUs has the machine whose boot alone is measured.</summary>
    public const int SeveralCpus = 4;

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

    /// <param name="cpus">1: processes and boot; more: the boot.</param>
    /// <returns>The figures, and how the machine ended.</returns>
    public static async Task<(Measurement Measurement, MachineEnd End)> RunAsync(Workshop workshop, HypervisorImage hypervisor, string program, int cpus, TimeSpan limit, CancellationToken cancel)
    {
        var settings = new MachineSettings
        {
            Hypervisor = hypervisor,
            Modules = new BootModules((await workshop.KernelAsync(cancel)).Image, null),
            HypervisorOptions = "sched=credit",
            Cpus = cpus,
            CountInstructions = true,
            Programs = [new ExtraProgram(Program, program)],
        };
        using var output = new MemoryStream();
        // What the boot costs: dom0's own time when its kernel starts the first process, and the machine's when the first program of ours runs.
        var suffix = cpus == 1 ? "" : $"_{cpus}_cpus";
        var commands = $"""
            dmesg | sed -n 's/^\[ *\([0-9]*\)\.\([0-9]*\)\] Run \/init.*/BENCH dom0_to_init_us{suffix} \1\2 \1\2 \1\2/p'
            /{Program} boot machine_to_programs_us{suffix}
            {(cpus == 1 ? $"echo 0 > /proc/sys/kernel/randomize_va_space; /{Program}" : "echo 'DONE passed 2 failed 0'")}
            """;
        var end = await new Machine(settings, await workshop.UserlandAsync(cancel)).RunAsync(new Session.Commands(commands, output), limit, cancel);
        return (Measurement.Parse(Encoding.UTF8.GetString(output.ToArray()).Split('\n')), end);
    }
}
