using System.Text.RegularExpressions;

namespace Xenith.Cli.Emulation;

/// <summary>
/// The log of the first serial port, read while the emulator writes it. It notices the lines with which a hypervisor says that it is
/// about to stop: some then wait five seconds and reset, some halt, and nobody need wait for either.
/// </summary>
internal sealed partial class SerialLog(string file)
{
    private readonly GrowingFile reader = new(file);
    private readonly List<string> lines = [];

    /// <summary>The line that announces a crash, with the one that names its cause where the format has one.</summary>
    public string? Crash { get; private set; }

    /// <summary>The line that somebody waits for, and whether it came.</summary>
    public Predicate<string>? Awaited { get; init; }

    public bool Reached { get; private set; }

    /// <summary>Copies everything new to this stream as well.</summary>
    public Stream? Copy { get; init; }

    /// <summary>Reads what was added since the last call.</summary>
    public void Update()
    {
        reader.ReadLines(Finish, Copy);
        Copy?.Flush();
    }

    /// <summary>All lines, the unfinished last one included.</summary>
    public IReadOnlyList<string> Finished() => reader.Unfinished.Length == 0 ? lines : [.. lines, reader.Unfinished];

    private void Finish(string text)
    {
        if (PanicHead().IsMatch(lines.LastOrDefault() ?? ""))
            Crash = $"{Unprefixed(lines[^1])} {Unprefixed(text)}";
        else if (Crash is null && PanicLine().IsMatch(text))
            Crash = Unprefixed(text);
        Reached |= Awaited?.Invoke(text) ?? false;
        lines.Add(text);
    }

    /// <summary>The text without the prefix that real Xen gives its lines.</summary>
    private static string Unprefixed(string text) => text.StartsWith("(XEN) ", StringComparison.Ordinal) ? text[6..] : text;

    [GeneratedRegex(@"^(\(XEN\) )?Panic on CPU \d+:\s*$")]
    private static partial Regex PanicHead();

    [GeneratedRegex(@"^(\(XEN\) )?(Panic on CPU \d+: .*\S|(Hardware )?Dom0 crashed.*)")]
    private static partial Regex PanicLine();
}
