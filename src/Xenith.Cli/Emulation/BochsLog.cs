namespace Xenith.Cli.Emulation;

/// <summary>
/// What Bochs's own log tells about the machine's end. A line is the time in ticks, a letter for its weight (i, d, e, p), the
/// device in brackets, and the message.
/// </summary>
internal static class BochsLog
{
    /// <summary>The end that this line announces, if it announces one.</summary>
    public static EndCause? Cause(string line) => Message(line) switch
    {
        { } text when text.Contains("ACPI control: soft power off", StringComparison.Ordinal) => EndCause.PoweredOff,
        { } text when text.Contains("exception with no resolution", StringComparison.Ordinal) => EndCause.TripleFault,
        // The first reset, at tick 0, is the power-on.
        { } text when text.Contains("::Reset(", StringComparison.Ordinal) && line.TrimStart('0') is not ['i', ..] => EndCause.Reset,
        _ => null,
    };

    /// <summary>What Bochs itself found wrong, if this line says so: it ends then.</summary>
    public static string? Panic(string line) => line.IndexOf(">>PANIC<< ", StringComparison.Ordinal) is >= 0 and var at ? line[(at + 10)..] : null;

    /// <summary>Whether a line tells of an error or a panic, not of how devices are set up.</summary>
    public static bool IsTrouble(string line) => line.Length > 11 && line[11] is 'e' or 'p' && Message(line) is not null;

    private static string? Message(string line)
    {
        var at = line.IndexOf(']');
        return at < 0 ? null : line[(at + 1)..];
    }
}
