namespace Xenith.Cli.Testing;

/// <summary>Shows a test run while it goes on. Called from several threads.</summary>
internal interface IProgressView
{
    /// <summary>What goes on just now; the next message may take its place.</summary>
    void Say(string message);

    /// <summary>What is worth keeping: a text of one or more lines.</summary>
    void Show(string text);

    void Begin(TestPart part);

    void Started(string part, string test);

    void Finished(TestResult result);

    void End(TestPart part, TimeSpan time);
}
