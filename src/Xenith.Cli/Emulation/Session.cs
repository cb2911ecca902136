namespace Xenith.Cli.Emulation;

/// <summary>What is wanted of a booted machine.</summary>
internal abstract record Session
{
    /// <summary>A shell on dom0's console, on the user's own terminal.</summary>
    public sealed record Interactive : Session;

    /// <summary>Commands for dom0's shell; what they print goes, byte for byte, to <paramref name="Output"/>.</summary>
    public sealed record Commands(string Text, Stream Output) : Session;

    /// <summary>Nothing is sent; the serial log goes to <paramref name="Output"/> while it grows.</summary>
    /// <param name="Until">The machine has done its work when this line of the log was seen, and need not power off.</param>
    public sealed record Watch(Stream Output, Predicate<string>? Until = null) : Session;
}

/// <summary>How a machine's run ended.</summary>
internal enum EndCause
{
    /// <summary>An orderly ACPI power-off.</summary>
    PoweredOff,

    /// <summary>The line that was waited for came.</summary>
    Reached,

    /// <summary>A reset asked for by the guest. No run here wants one, so it stands for a crash.</summary>
    Reset,

    /// <summary>A reset because a CPU could not even deliver a double fault.</summary>
    TripleFault,

    /// <summary>The hypervisor announced its end in the log.</summary>
    Panicked,

    /// <summary>The commands ended and the machine was told to power off, but went on.</summary>
    StayedOn,

    TimedOut,

    /// <summary>The emulator did not start, or died by itself.</summary>
    EmulatorFailed,
}

/// <param name="CommandStatus">The exit status of the commands, if they ran to their end.</param>
/// <param name="Detail">A crash's own line, or the emulator's last words.</param>
/// <param name="Log">The lines of the first serial port.</param>
/// <param name="CpuSeconds">The emulator's CPU time, to a tenth of a second.</param>
internal sealed record MachineEnd(
    EndCause Cause, int? CommandStatus, string? Detail, IReadOnlyList<string> Log, double WallSeconds, double CpuSeconds)
{
    /// <summary>What the emulator itself logged: CPU resets, accesses that no device answers.</summary>
    public string EmulatorMessages { get; init; } = "";
}
