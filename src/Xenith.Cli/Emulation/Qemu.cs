using System.Net.Sockets;

namespace Xenith.Cli.Emulation;

/// <summary>QEMU, with its monitor and the machine's second serial port on sockets in the run directory.</summary>
internal sealed class Qemu : Emulator
{
    /// <summary>What QEMU wrote into its sockets before it ended is read for no longer than this.</summary>
    private static readonly TimeSpan Straggling = TimeSpan.FromSeconds(2);

    private readonly MachineSettings settings;
    private readonly RunDirectory directory;
    private readonly Socket monitorPort;
    private readonly Socket commandPort;
    private readonly Socket? consolePort;
    private readonly CancellationTokenSource over = new();
    private MonitorConnection? monitor;
    private Task events = Task.CompletedTask;
    private Task commands = Task.CompletedTask;
    private Socket? console;
    private Task draining = Task.CompletedTask;

    public Qemu(MachineSettings settings, RunDirectory directory, bool onTerminal)
    {
        this.settings = settings;
        this.directory = directory;
        Arguments = QemuCommandLine.Build(settings, onTerminal);
        monitorPort = Listen(directory[RunDirectory.MonitorSocket]);
        commandPort = Listen(directory[RunDirectory.CommandSocket]);
        if (settings.Operator is not null)
            consolePort = Listen(directory[RunDirectory.ConsoleSocket]);
    }

    public override string Program => QemuCommandLine.Program;

    public override IReadOnlyList<string> Arguments { get; }

    public override string Messages =>
        File.Exists(directory[RunDirectory.EmulatorLog]) ? File.ReadAllText(directory[RunDirectory.EmulatorLog]) : "";

    public override async Task<bool> BeginAsync(Task exit, FrameDecoder? decoder, CancellationToken cancel)
    {
        try
        {
            monitor = await ConnectAsync(exit, cancel);
            if (monitor is null)
                return false;
            events = monitor.FollowAsync(over.Token);
            commands = ReceiveAsync(decoder);
            draining = DrainConsoleAsync();
            if (!settings.WaitForDebugger)
                await monitor.ContinueAsync(cancel);
            return true;
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            // QEMU connected, then found that it cannot make this machine: a KVM that refuses a register, for one.
            await exit;
            return false;
        }
    }

    public override EndCause? Poll()
    {
        if (console is not null && monitor is not null)
            settings.Operator?.Work(directory[RunDirectory.SerialLog], bytes => console.Send(bytes), monitor.Send);
        return null;
    }

    public override async Task FinishAsync()
    {
        settings.Operator?.Collect(name => directory[name]);
        await Task.WhenAny(Task.WhenAll(events, commands, draining), Task.Delay(Straggling));
        await over.CancelAsync();
    }

    public override EndCause Cause(int exitStatus) =>
        Messages.Contains("Triple fault", StringComparison.Ordinal) ? EndCause.TripleFault
        : monitor?.ShutdownReason == "guest-shutdown" ? EndCause.PoweredOff
        : monitor?.ShutdownReason == "guest-reset" ? EndCause.Reset
        // "host-qmp-quit", "host-signal", "host-ui": somebody ended QEMU itself, from its own prompt for instance.
        : exitStatus == 0 && monitor?.ShutdownReason is not null ? EndCause.PoweredOff
        : EndCause.EmulatorFailed;

    public override void Dispose()
    {
        over.Cancel();
        monitor?.Dispose();
        monitorPort.Dispose();
        commandPort.Dispose();
        consolePort?.Dispose();
        console?.Dispose();
    }

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen(1);
        return socket;
    }

    /// <returns>Null if the emulator ended before it connected.</returns>
    private async Task<MonitorConnection?> ConnectAsync(Task exit, CancellationToken cancel)
    {
        var accept = monitorPort.AcceptAsync(cancel).AsTask();
        if (await Task.WhenAny(accept, exit) != accept)
            return null;
        var connection = new MonitorConnection(await accept);
        var greeting = connection.GreetAsync(cancel);
        return await Task.WhenAny(greeting, exit) == greeting ? connection : null;
    }

    /// <summary>Writes what the first serial port sends into the log, to its end.</summary>
    private async Task DrainConsoleAsync()
    {
        if (consolePort is null)
            return;
        try
        {
            console = await consolePort.AcceptAsync(over.Token);
            var buffer = new byte[16384];
            await using var log = new FileStream(directory[RunDirectory.SerialLog], FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
            for (int count; (count = await console.ReceiveAsync(buffer, over.Token)) > 0;)
                await log.WriteAsync(buffer.AsMemory(0, count), over.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    /// <summary>Reads the second serial port to its end.</summary>
    private async Task ReceiveAsync(FrameDecoder? decoder)
    {
        try
        {
            using var connection = await commandPort.AcceptAsync(over.Token);
            var buffer = new byte[16384];
            for (int count; (count = await connection.ReceiveAsync(buffer, over.Token)) > 0;)
                decoder?.Take(buffer.AsSpan(0, count));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
        }
    }
}
