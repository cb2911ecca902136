using System.Diagnostics;
using System.Globalization;
using Xenith.Cli.Images;
using Xenith.Cli.Userland;

namespace Xenith.Cli.Emulation;

/// <summary>
/// One run of one emulated machine, from an empty directory to its end. Every run without a terminal is bounded twice: by the
/// limit given here, and by <c>timeout(1)</c> around the emulator, which still works if this process is killed.
/// </summary>
internal sealed class Machine(MachineSettings settings, Dom0Userland userland)
{
    private const string Guard = "timeout";

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    /// <summary>From a panic's line to the end we make: time for the lines that follow it.</summary>
    private static readonly TimeSpan AfterPanic = TimeSpan.FromSeconds(1.5);

    /// <summary>From the end of the commands to the power-off: the small userland's, and a whole system's that stops its services first.</summary>
    private static readonly TimeSpan ForPowerOff = TimeSpan.FromSeconds(30), ForShutdown = TimeSpan.FromMinutes(5);

    /// <summary>Keeps the whole log of the first serial port here as well.</summary>
    public string? LogFile { get; init; }

    /// <exception cref="OperationCanceledException">The emulator was ended because <paramref name="cancel"/> said so.</exception>
    public async Task<MachineEnd> RunAsync(Session session, TimeSpan? limit, CancellationToken cancel)
    {
        using var directory = new RunDirectory();
        var decoder = PrepareModules(directory, session);
        directory.Link(RunDirectory.Hypervisor, settings.Hypervisor.Elf);
        if (settings.Disc is { } disc)
            directory.Link(RunDirectory.Disc, disc);
        else if (settings.Boot != BootPath.Direct)
            await WriteDiscAsync(directory, cancel);
        if (LogFile is not null)
        {
            await File.WriteAllBytesAsync(LogFile, [], cancel);
            directory.Link(RunDirectory.SerialLog, LogFile);
        }
        var interactive = session is Session.Interactive;
        using var emulator = Emulator.For(settings, directory, interactive);
        var clock = Stopwatch.StartNew();
        using var process = Start(emulator, directory, interactive, limit);
        try
        {
            return await FollowAsync(process, emulator, directory, session, decoder, clock, limit, cancel);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    /// <summary>Lays out what the boot loader gives to the hypervisor.</summary>
    private FrameDecoder? PrepareModules(RunDirectory directory, Session session)
    {
        if (settings.Modules is not { } modules)
            return null;
        directory.Link(RunDirectory.Kernel, modules.Kernel);
        if (modules.Initrd is { } initrd)
        {
            if (initrd != BootModules.None)
                directory.Link(RunDirectory.Initrd, initrd);
            return null;
        }
        var plan = SessionPlan.For(session, settings);
        userland.Write(directory[RunDirectory.Initrd], plan);
        return session is Session.Commands commands ? new FrameDecoder(plan.Token, commands.Output) : null;
    }

    private async Task WriteDiscAsync(RunDirectory directory, CancellationToken cancel)
    {
        var menu = new GrubMenu(
            settings.Boot == BootPath.Multiboot2 ? BootProtocol.Multiboot2 : BootProtocol.Multiboot1, settings.HypervisorLine, settings.KernelLine)
        {
            GraphicsMode = settings.GraphicsMode,
        };
        string? Present(string name) => File.Exists(directory[name]) ? directory[name] : null;
        await BootDisc.WriteAsync(
            directory[RunDirectory.Disc], menu, settings.Hypervisor, Present(RunDirectory.Kernel), Present(RunDirectory.Initrd), cancel);
    }

    private static Process Start(Emulator emulator, RunDirectory directory, bool interactive, TimeSpan? limit)
    {
        var guarded = limit is { } seconds && !interactive;
        var start = new ProcessStartInfo
        {
            FileName = guarded ? Guard : emulator.Program,
            WorkingDirectory = directory.FullName,
            RedirectStandardInput = !interactive,
            RedirectStandardOutput = !interactive,
            RedirectStandardError = true,
        };
        if (guarded)
        {
            var guard = (int)limit!.Value.TotalSeconds + 60;
            foreach (var word in (string[])["-k", "5", guard.ToString(CultureInfo.InvariantCulture), emulator.Program])
                start.ArgumentList.Add(word);
        }
        foreach (var argument in emulator.Arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw ToolException.Failure("the emulator could not be started");
    }

    private async Task<MachineEnd> FollowAsync(
        Process process, Emulator emulator, RunDirectory directory, Session session, FrameDecoder? decoder,
        Stopwatch clock, TimeSpan? limit, CancellationToken cancel)
    {
        var watch = session as Session.Watch;
        var log = new SerialLog(directory[RunDirectory.SerialLog]) { Copy = watch?.Output, Awaited = watch?.Until };
        var words = process.StandardError.ReadToEndAsync(cancel);
        if (session is not Session.Interactive)
        {
            process.StandardInput.Close();
            _ = process.StandardOutput.ReadToEndAsync(cancel);
        }
        var exit = process.WaitForExitAsync(cancel);
        if (!await emulator.BeginAsync(exit, decoder, cancel))
            return new MachineEnd(EndCause.EmulatorFailed, null, (await words).Trim(), [], clock.Elapsed.TotalSeconds, 0);

        var cpu = new ProcessTimes(process.Id, process.StartInfo.FileName == Guard);
        EndCause? forced = null;
        TimeSpan? panicAt = null, doneAt = null;
        while (!process.HasExited)
        {
            await Task.WhenAny(exit, Task.Delay(Tick, cancel));
            cancel.ThrowIfCancellationRequested();
            cpu.Sample();
            log.Update();
            var end = emulator.Poll();
            if (log.Crash is not null)
                panicAt ??= clock.Elapsed;
            if (decoder?.Status is not null)
                doneAt ??= clock.Elapsed;
            forced = log.Reached ? EndCause.Reached
                : clock.Elapsed > limit ? EndCause.TimedOut
                : clock.Elapsed - panicAt > AfterPanic ? EndCause.Panicked
                : clock.Elapsed - doneAt > (settings.Root is null ? ForPowerOff : ForShutdown) ? EndCause.StayedOn
                : panicAt is null ? end
                : null;
            if (forced is null)
                continue;
            process.Kill(entireProcessTree: true);
            break;
        }
        await exit;
        await emulator.FinishAsync();
        log.Update();

        var cause = forced ?? (log.Reached ? EndCause.Reached : log.Crash is not null ? EndCause.Panicked : emulator.Cause(process.ExitCode));
        var detail = cause == EndCause.EmulatorFailed ? $"{(await words).Trim()} {emulator.LastWords}".Trim() : log.Crash;
        return new MachineEnd(cause, decoder?.Status, detail, log.Finished(), clock.Elapsed.TotalSeconds, cpu.Seconds) { EmulatorMessages = emulator.Messages };
    }
}
