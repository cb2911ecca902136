using System.Globalization;

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

    /// <summary>Whether a line tells of an error or a panic, or of the CPU's modes, not of how devices are set up.</summary>
    public static bool Matters(string line) =>
        line.Length > 11 && Message(line) is { } text && (line[11] is 'e' or 'p' || text.Contains(" CR4=", StringComparison.Ordinal) || text.Contains(ApicBase, StringComparison.Ordinal));

    /// <summary>CR4 of the boot CPU when the machine ended; null if it did not end.</summary>
    public static uint? Cr4(string messages) => Hexadecimal(messages, " CR4=0x", 8);

    /// <summary>The last value that a CPU wrote into the MSR with the mode of its local APIC; null if none did.</summary>
    public static uint? ApicMode(string messages)
    {
        var line = messages.Split('\n').LastOrDefault(line => line.Contains(ApicBase, StringComparison.Ordinal) && line.Contains("wrote ", StringComparison.Ordinal));
        return line is null ? null : Hexadecimal(line, ":", 8);
    }

    private const string ApicBase = "MSR_APICBASE";

    private static uint? Hexadecimal(string text, string before, int digits)
    {
        var at = text.LastIndexOf(before, StringComparison.Ordinal) + before.Length;
        return at >= before.Length && at + digits <= text.Length
            && uint.TryParse(text.AsSpan(at, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value) ? value : null;
    }

    private static string? Message(string line)
    {
        var at = line.IndexOf(']');
        return at < 0 ? null : line[(at + 1)..];
    }
}
