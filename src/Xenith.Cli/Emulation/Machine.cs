using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Xenith.Cli.Userland;

namespace Xenith.Cli.Emulation;

/// <summary>
/// One run of one emulated machine, from an empty directory to its end. Every run without a terminal is bounded twice: by the
/// limit given here, and by <c>timeout(1)</c> around QEMU, which still works if this process is killed.
/// </summary>
internal sealed class Machine(MachineSettings settings, Dom0Userland userland)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    /// <summary>From a panic's line to the end we make: time for the lines that follow it.</summary>
    private static readonly TimeSpan AfterPanic = TimeSpan.FromSeconds(1.5);

    /// <summary>From the end of the commands to the power-off.</summary>
    private static readonly TimeSpan ForPowerOff = TimeSpan.FromSeconds(30);

    /// <summary>Keeps the whole log of the first serial port here as well.</summary>
    public string? LogFile { get; init; }

    /// <exception cref="OperationCanceledException">The emulator was ended because <paramref name="cancel"/> said so.</exception>
    public async Task<MachineEnd> RunAsync(Session session, TimeSpan? limit, CancellationToken cancel)
    {
        using var directory = new RunDirectory();
        var decoder = PrepareModules(directory, session);
        directory.Link(RunDirectory.Hypervisor, settings.Hypervisor.Elf);
        if (LogFile is not null)
        {
            await File.WriteAllBytesAsync(LogFile, [], cancel);
            directory.Link(RunDirectory.SerialLog, LogFile);
        }
        using var monitorPort = Listen(directory[RunDirectory.MonitorSocket]);
        using var commandPort = Listen(directory[RunDirectory.CommandSocket]);
        var clock = Stopwatch.StartNew();
        var interactive = session is Session.Interactive;
        using var process = Start(directory.FullName, interactive, limit);
        try
        {
            return await FollowAsync(process, directory, session, decoder, monitorPort, commandPort, clock, limit, cancel);
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

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen(1);
        return socket;
    }

    private Process Start(string directory, bool interactive, TimeSpan? limit)
    {
        var arguments = QemuCommandLine.Build(settings, interactive);
        var guarded = limit is { } seconds && !interactive;
        var start = new ProcessStartInfo
        {
            FileName = guarded ? "timeout" : QemuCommandLine.Program,
            WorkingDirectory = directory,
            RedirectStandardInput = !interactive,
            RedirectStandardOutput = !interactive,
            RedirectStandardError = true,
        };
        if (guarded)
        {
            var guard = (int)limit!.Value.TotalSeconds + 60;
            foreach (var word in (string[])["-k", "5", guard.ToString(CultureInfo.InvariantCulture), QemuCommandLine.Program])
                start.ArgumentList.Add(word);
        }
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw ToolException.Failure("the emulator could not be started");
    }

    private async Task<MachineEnd> FollowAsync(
        Process process, RunDirectory directory, Session session, FrameDecoder? decoder,
        Socket monitorPort, Socket commandPort, Stopwatch clock, TimeSpan? limit, CancellationToken cancel)
    {
        var watch = session as Session.Watch;
        var log = new SerialLog(directory[RunDirectory.SerialLog]) { Copy = watch?.Output, Awaited = watch?.Until };
        var words = process.StandardError.ReadToEndAsync(cancel);
        if (session is not Session.Interactive)
        {
            process.StandardInput.Close();
            _ = process.StandardOutput.ReadToEndAsync(cancel);
        }
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var exit = process.WaitForExitAsync(cancel);
        using var monitor = await ConnectAsync(monitorPort, exit, over.Token);
        if (monitor is null)
            return new MachineEnd(EndCause.EmulatorFailed, null, (await words).Trim(), [], clock.Elapsed.TotalSeconds, 0);
        var events = monitor.FollowAsync(over.Token);
        var commands = ReceiveAsync(commandPort, decoder, over.Token);
        if (!settings.WaitForDebugger)
            await monitor.ContinueAsync(cancel);

        var cpu = new ProcessTimes(directory[RunDirectory.PidFile]);
        EndCause? forced = null;
        TimeSpan? panicAt = null, doneAt = null;
        while (!process.HasExited)
        {
            await Task.WhenAny(exit, Task.Delay(Tick, cancel));
            cancel.ThrowIfCancellationRequested();
            cpu.Sample();
            log.Update();
            if (log.Crash is not null)
                panicAt ??= clock.Elapsed;
            if (decoder?.Status is not null)
                doneAt ??= clock.Elapsed;
            forced = log.Reached ? EndCause.Reached
                : clock.Elapsed > limit ? EndCause.TimedOut
                : clock.Elapsed - panicAt > AfterPanic ? EndCause.Panicked
                : clock.Elapsed - doneAt > ForPowerOff ? EndCause.StayedOn
                : null;
            if (forced is null)
                continue;
            process.Kill(entireProcessTree: true);
            break;
        }
        await exit;
        log.Update();
        // What QEMU wrote into its sockets before it ended is still to be read.
        await Task.WhenAny(Task.WhenAll(events, commands), Task.Delay(2000, CancellationToken.None));
        await over.CancelAsync();

        var messages = File.Exists(directory[RunDirectory.EmulatorLog]) ? await File.ReadAllTextAsync(directory[RunDirectory.EmulatorLog], cancel) : "";
        var cause = forced ?? Cause(process, monitor, log, messages);
        var detail = cause == EndCause.EmulatorFailed ? (await words).Trim() : log.Crash;
        return new MachineEnd(cause, decoder?.Status, detail, log.Finished(), clock.Elapsed.TotalSeconds, cpu.Seconds) { EmulatorMessages = messages };
    }

    private static EndCause Cause(Process process, MonitorConnection monitor, SerialLog log, string messages) =>
        log.Reached ? EndCause.Reached
        : log.Crash is not null ? EndCause.Panicked
        : messages.Contains("Triple fault", StringComparison.Ordinal) ? EndCause.TripleFault
        : monitor.ShutdownReason == "guest-shutdown" ? EndCause.PoweredOff
        : monitor.ShutdownReason == "guest-reset" ? EndCause.Reset
        // "host-qmp-quit", "host-signal", "host-ui": somebody ended QEMU itself, from its own prompt for instance.
        : process.ExitCode == 0 && monitor.ShutdownReason is not null ? EndCause.PoweredOff
        : EndCause.EmulatorFailed;

    /// <returns>Null if the emulator ended before it connected.</returns>
    private static async Task<MonitorConnection?> ConnectAsync(Socket port, Task exit, CancellationToken cancel)
    {
        var accept = port.AcceptAsync(cancel).AsTask();
        if (await Task.WhenAny(accept, exit) != accept)
            return null;
        var monitor = new MonitorConnection(await accept);
        var greeting = monitor.GreetAsync(cancel);
        return await Task.WhenAny(greeting, exit) == greeting ? monitor : null;
    }

    /// <summary>Reads the second serial port to its end; without commands what it says is dropped.</summary>
    private static async Task ReceiveAsync(Socket port, FrameDecoder? decoder, CancellationToken cancel)
    {
        try
        {
            using var connection = await port.AcceptAsync(cancel);
            var buffer = new byte[16384];
            for (int count; (count = await connection.ReceiveAsync(buffer, cancel)) > 0;)
                decoder?.Take(buffer.AsSpan(0, count));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
        }
    }
}
