using System.Text;

namespace Xenith.Cli.Emulation;

/// <summary>
/// Somebody at the machine: waits for words on the first serial line, then types there, or has a piece of the machine's memory or a picture of its screen
/// kept. The steps are taken in order, each looking only at what came after the one before.
/// </summary>
internal sealed class ConsoleOperator(params IReadOnlyList<ConsoleOperator.Step> steps)
{
    private readonly Dictionary<string, byte[]> kept = [];
    private int next;
    private int seen;

    /// <summary>What steps have kept, by their names, once the machine has ended.</summary>
    public IReadOnlyDictionary<string, byte[]> Kept => kept;

    /// <summary>True once every step was taken.</summary>
    public bool IsDone => next == steps.Count;

    /// <summary>The words that were waited for in vain.</summary>
    public string? Awaits => IsDone ? null : steps[next].Words;

    /// <summary>Takes the steps that the log allows by now.</summary>
    public void Work(string logFile, Action<byte[]> type, Action<string> monitor)
    {
        if (IsDone || !File.Exists(logFile))
            return;
        using var stream = new FileStream(logFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var log = reader.ReadToEnd();
        while (!IsDone && log.IndexOf(steps[next].Words, seen, StringComparison.Ordinal) is var at and >= 0)
        {
            var step = steps[next];
            seen = at + step.Words.Length;
            next++;
            if (step.Text is { } text)
                type(Encoding.Latin1.GetBytes(text));
            if (step.Command is { } command)
                monitor(command);
        }
    }

    /// <summary>Reads what the emulator has written for the steps that were taken.</summary>
    public void Collect(Func<string, string> pathOf)
    {
        foreach (var step in steps.Take(next))
        {
            if (step.File is { } name && File.Exists(pathOf(name)))
                kept[name] = File.ReadAllBytes(pathOf(name));
        }
    }

    /// <summary>One thing to wait for and one to do.</summary>
    public sealed record Step(string Words)
    {
        public string? Text { get; private init; }
        public string? Command { get; private init; }
        public string? File { get; private init; }

        /// <summary>Types a text.</summary>
        public Step Type(string text) => this with { Text = text };

        /// <summary>Keeps physical memory.</summary>
        public Step KeepMemory(ulong address, int length, string name) =>
            this with { File = name, Command = $$$"""{"execute":"pmemsave","arguments":{"val":{{{address}}},"size":{{{length}}},"filename":"{{{name}}}"}}""" };

        /// <summary>Keeps a picture of the screen, as a PPM file.</summary>
        public Step KeepScreen(string name) =>
            this with { File = name, Command = $$$"""{"execute":"screendump","arguments":{"filename":"{{{name}}}"}}""" };
    }
}
