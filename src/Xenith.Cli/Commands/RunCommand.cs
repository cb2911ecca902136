using System.CommandLine;
using Xenith.Cli.Building;
using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;
using Xenith.Cli.Userland;

namespace Xenith.Cli.Commands;

/// <summary>'xenith run': boots one machine, and gives its shell, its commands' output, or a short tour of it.</summary>
internal static class RunCommand
{
    private const int TailLines = 20;

    public static Command Create()
    {
        var options = new RunOptions();
        var command = new Command("run", "Boot the host in an emulator: a shell in dom0 on a terminal, a short tour of the host without one");
        options.AddTo(command);
        command.SetAction((parse, cancel) => RunAsync(options, parse, cancel));
        return command;
    }

    private static async Task<int> RunAsync(RunOptions options, ParseResult parse, CancellationToken cancel)
    {
        var ownInitrd = parse.GetValue(options.Initrd);
        var alone = parse.GetValue(options.NoKernel);
        var commands = parse.GetValue(options.Exec);
        var icount = parse.GetValue(options.Icount);
        var onTerminal = !Console.IsInputRedirected && !Console.IsOutputRedirected;
        if (RunConflicts.Find(options, parse, onTerminal) is { } conflict)
            throw ToolException.Usage(conflict);
        var disc = parse.GetValue(options.Disc);
        var bochs = parse.GetValue(options.Emulator) == RunOptions.Bochs;
        var boot = parse.GetValue(options.Boot) switch
        {
            "multiboot2" => BootPath.Multiboot2,
            null when !bochs => BootPath.Direct,
            RunOptions.Direct => BootPath.Direct,
            _ => BootPath.Multiboot1,
        };

        var workshop = await Workshop.OpenAsync(Say, cancel);
        await workshop.EnsureAsync([.. bochs ? (Purpose[])[Purpose.Bochs] : [], .. boot == BootPath.Direct ? (Purpose[])[] : [Purpose.BootDisc]], cancel);
        var settings = new MachineSettings
        {
            Hypervisor = disc is not null ? HypervisorImage.None : await workshop.HypervisorAsync(parse.GetValue(options.Hypervisor), cancel),
            Modules = alone || disc is not null ? null : new BootModules(parse.GetValue(options.Kernel) ?? (await workshop.KernelAsync(cancel)).Image, ownInitrd),
            Cpus = parse.GetValue(options.Cpus),
            MemoryMiB = parse.GetValue(options.Memory) ?? 1024,
            HypervisorOptions = parse.GetValue(options.Xen)!,
            KernelOptions = parse.GetValue(options.Dom0)!,
            Disks = parse.GetValue(options.Disks) ?? [],
            Root = parse.GetValue(options.Rootfs) is { } root ? root with { File = root.File == RunOptions.Debian ? await workshop.RootFileSystemAsync(cancel) : root.File } : null,
            Nic = parse.GetValue(options.Nic) switch { "e1000e" => NicModel.E1000e, "virtio" => NicModel.Virtio, _ => null },
            Accelerator = parse.GetValue(options.Accel) == "kvm" ? Accelerator.Kvm : Accelerator.Tcg,
            Emulator = bochs ? EmulatorKind.Bochs : EmulatorKind.Qemu,
            CpuModel = parse.GetValue(options.CpuModel),
            Boot = boot,
            Disc = disc,
            CountInstructions = icount,
            WaitForDebugger = parse.GetValue(options.Gdb),
            ExtraArguments = parse.GetValue(options.Qemu)!,
            Programs = [.. parse.GetValue(options.With)!.Select(file => new ExtraProgram($"programs/{file.Name}", file.FullName))],
        };
        if (settings.WaitForDebugger)
            Say($"waiting for: gdb{(settings.Hypervisor.Symbols is { } symbols ? $" {symbols}" : "")} -ex 'target remote :1234'");

        var stdout = Console.OpenStandardOutput();
        Session session =
            commands is not null ? new Session.Commands(commands, stdout)
            : onTerminal ? new Session.Interactive()
            : alone || ownInitrd is not null || disc is not null ? new Session.Watch(stdout)
            : new Session.Commands(Dom0Userland.Resource("tour.sh"), stdout);
        TimeSpan? limit = parse.GetValue(options.Timeout) is { } seconds ? TimeSpan.FromSeconds(seconds)
            : session is Session.Interactive || settings.WaitForDebugger ? null
            : TimeSpan.FromSeconds(icount || bochs ? 900 : 300);

        var machine = new Machine(settings, await workshop.UserlandAsync(cancel)) { LogFile = parse.GetValue(options.Log) };
        var end = await machine.RunAsync(session, limit, cancel);
        if (session is Session.Interactive)
            Console.Out.Write("\e[?1l\e>"); // The runtime switched the keypad for its own line editor.
        return Report(end, session, limit);
    }

    /// <summary>Says on standard error what went wrong, if anything did, and gives the exit status.</summary>
    private static int Report(MachineEnd end, Session session, TimeSpan? limit)
    {
        var unfinished = session is Session.Commands && end.CommandStatus is null;
        switch (end.Cause)
        {
            case EndCause.PoweredOff when !unfinished:
                return end.CommandStatus ?? ExitStatus.Success;
            case EndCause.EmulatorFailed when end.Log.Count == 0:
                throw ToolException.Usage($"the emulator did not start: {OneLine(end.Detail)}");
        }
        // The log is on the screen already where it is what the session shows.
        if (session is Session.Commands)
        {
            foreach (var line in end.Log.Where(line => !string.IsNullOrWhiteSpace(line)).TakeLast(TailLines))
                Console.Error.WriteLine($"    {line}");
        }
        var when = unfinished ? " before the commands ended" : end.CommandStatus is { } status ? $" after the commands ended with status {status}" : "";
        Say(end.Cause switch
        {
            EndCause.PoweredOff => $"the machine powered off{when}",
            EndCause.Reset => $"the machine reset itself{when}: a crash of dom0 or of the hypervisor",
            EndCause.TripleFault => $"the machine reset itself{when}: triple fault",
            EndCause.Panicked => $"the host crashed{when}: {end.Detail}",
            EndCause.StayedOn => $"the machine did not power off{when}",
            EndCause.TimedOut => $"the time limit of {limit!.Value.TotalSeconds} s was reached{when}",
            _ => $"the emulator ended by itself{when}: {OneLine(end.Detail)}",
        });
        return end.Cause == EndCause.TimedOut ? ExitStatus.TimedOut : ExitStatus.Crashed;
    }

    /// <summary>An emulator's complaint without its own name before each line.</summary>
    private static string OneLine(string? words) => string.Join("; ", (words ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(line => line.StartsWith($"{QemuCommandLine.Program}: ", StringComparison.Ordinal) ? line[(QemuCommandLine.Program.Length + 2)..] : line)) is { Length: > 0 } text ? text : "no word of why";

    private static void Say(string message) => Console.Error.WriteLine($"xenith: {message}");
}
