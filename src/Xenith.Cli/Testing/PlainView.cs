namespace Xenith.Cli.Testing;

/// <summary>
/// One line for each machine that was booted, and one for each part: for files, pipes and continuous integration. Of the
/// hosted tests, which are many and quick, only those that did not pass get a line.
/// </summary>
internal sealed class PlainView(TextWriter output) : IProgressView
{
    private const double WorthALine = 1;
    private readonly Lock gate = new();
    private int passed, failed, skipped;

    public void Say(string message) => Write($"     {message}");

    public void Show(string text) => Write(text);

    public void Begin(TestPart part)
    {
        passed = failed = skipped = 0;
        Write($"== {part.Name}: {part.Point}");
    }

    public void Started(string part, string test)
    {
    }

    public void Finished(TestResult result)
    {
        lock (gate)
        {
            _ = result.Verdict switch { Verdict.Passed => passed++, Verdict.Failed => failed++, _ => skipped++ };
            if (result.Verdict == Verdict.Passed && result.Seconds < WorthALine && result.Part == "hosted")
                return;
            var word = result.Verdict switch { Verdict.Passed => "ok  ", Verdict.Failed => "FAIL", _ => "skip" };
            output.WriteLine($"{word} {result.Name} ({result.Seconds:f1} s){(result.Detail is { } detail ? ": " + detail : "")}");
            output.Flush();
        }
    }

    public void End(TestPart part, TimeSpan time) =>
        Write($"   {part.Name}: {passed} passed, {failed} failed{(skipped > 0 ? $", {skipped} skipped" : "")} in {time.TotalSeconds:f0} s");

    private void Write(string line)
    {
        lock (gate)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }
}
