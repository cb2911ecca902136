namespace Xenith.Cli.Emulation;

/// <summary>
/// Bochs, which interprets every instruction and has what QEMU's translator lacks: SMAP as it is in hardware, x2APIC, the TSC
/// deadline timer, AVX-512, VT-x. Its serial ports write files, which are read while they grow. Debian's build contains Bochs's
/// debugger, which is told to go on. A reset would start the machine anew, so the log is watched for one.
/// </summary>
internal sealed class Bochs : Emulator
{
    private const string ConfigurationFile = "bochsrc";
    private const string DebuggerFile = "debugger.rc";

    private readonly RunDirectory directory;
    private readonly GrowingFile output;
    private readonly GrowingFile log;
    private FrameDecoder? decoder;
    private EndCause? cause;
    private string? panic;

    public Bochs(MachineSettings settings, RunDirectory directory)
    {
        this.directory = directory;
        File.WriteAllText(directory[ConfigurationFile], BochsConfiguration.Text(settings));
        File.WriteAllText(directory[DebuggerFile], "continue\n");
        output = new GrowingFile(directory[RunDirectory.CommandOutput]);
        log = new GrowingFile(directory[RunDirectory.EmulatorLog]);
    }

    public override string Program => BochsConfiguration.Program;

    public override IReadOnlyList<string> Arguments { get; } = ["-q", "-f", ConfigurationFile, "-rc", DebuggerFile];

    public override string LastWords => panic ?? "";

    /// <summary>Panics, errors and the CPU's modes: the rest is hundreds of lines about each device.</summary>
    public override string Messages => !File.Exists(directory[RunDirectory.EmulatorLog]) ? "" : string.Join(
        '\n', File.ReadLines(directory[RunDirectory.EmulatorLog]).Where(BochsLog.Matters));

    public override Task<bool> BeginAsync(Task exit, FrameDecoder? decoder, CancellationToken cancel)
    {
        this.decoder = decoder;
        return Task.FromResult(true);
    }

    /// <summary>Only a reset has to be ended from here: Bochs would go on.</summary>
    public override EndCause? Poll()
    {
        output.Read(bytes => decoder?.Take(bytes));
        log.ReadLines(line =>
        {
            cause ??= BochsLog.Cause(line);
            panic ??= BochsLog.Panic(line);
        });
        return cause == EndCause.Reset ? cause : null;
    }

    public override Task FinishAsync()
    {
        Poll();
        return Task.CompletedTask;
    }

    public override EndCause Cause(int exitStatus) => cause ?? EndCause.EmulatorFailed;

    public override void Dispose()
    {
    }
}
