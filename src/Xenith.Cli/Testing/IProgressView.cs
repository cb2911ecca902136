namespace Xenith.Cli.Testing;

/// <summary>Shows a test run while it goes on. Called from several threads.</summary>
internal interface IProgressView
{
    void Say(string message);

    void Begin(TestPart part);

    void Started(string part, string test);

    void Finished(TestResult result);

    void End(TestPart part, TimeSpan time);
}
