namespace Xenith.Cli.Emulation;

/// <summary>
/// What differs between the emulators: how a machine is described to them, how its second serial port is read, and how they
/// tell the way in which it ended. One object belongs to one run in one <see cref="RunDirectory"/>.
/// </summary>
internal abstract class Emulator : IDisposable
{
    /// <summary>The program, to be started in the run directory.</summary>
    public abstract string Program { get; }

    public abstract IReadOnlyList<string> Arguments { get; }

    /// <summary>What the emulator itself logged.</summary>
    public abstract string Messages { get; }

    /// <summary>Why it gave up, where it says so elsewhere than on standard error.</summary>
    public virtual string LastWords => "";

    public static Emulator For(MachineSettings settings, RunDirectory directory, bool onTerminal) => settings.Emulator switch
    {
        EmulatorKind.Bochs => new Bochs(settings, directory),
        _ => new Qemu(settings, directory, onTerminal),
    };

    /// <summary>Lets the machine go, once the program was started.</summary>
    /// <param name="exit">Ends with the program.</param>
    /// <param name="decoder">Gets what the second serial port sends; without one it is dropped.</param>
    /// <returns>False if the program ended before the machine could start.</returns>
    public abstract Task<bool> BeginAsync(Task exit, FrameDecoder? decoder, CancellationToken cancel);

    /// <summary>Called every few milliseconds while the program runs.</summary>
    /// <returns>An end that the emulator would not make by itself.</returns>
    public virtual EndCause? Poll() => null;

    /// <summary>Reads the last bytes of what was sent, after the program ended.</summary>
    public virtual Task FinishAsync() => Task.CompletedTask;

    /// <summary>How the machine ended, if the log of the first serial port does not say.</summary>
    public abstract EndCause Cause(int exitStatus);

    public abstract void Dispose();
}
