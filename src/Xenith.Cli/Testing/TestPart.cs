namespace Xenith.Cli.Testing;

/// <summary>
/// A part of the tests: what '--full NAME' runs and one row of docs/verified.md tells about. At full count a part takes less
/// than nine minutes on two cores; what takes longer is two parts.
/// </summary>
internal abstract class TestPart
{
    public abstract string Name { get; }

    /// <summary>One sentence: what is shown when it passes.</summary>
    public abstract string Point { get; }

    /// <summary>Why the part does not run, if it does not.</summary>
    public virtual string? WaitsFor => null;

    /// <summary>False if an ordinary run has no time for any of it: it runs only with '--full'.</summary>
    public virtual bool HasSlice => true;

    /// <summary>The hypervisor that machines of this part boot, for the report; null where it is ours or there is none.</summary>
    /// <param name="choice">The user's own choice, if he made one.</param>
    public virtual string? OtherHypervisor(string? choice) => null;

    public abstract Task RunAsync(TestRun run);

    /// <summary>All parts, in the order in which they run: the quick ones, on which the others stand, first.</summary>
    public static IReadOnlyList<TestPart> All { get; } =
        [new BuildChecks(), new HostedTests(), new FuzzTests(), .. Roster.Scenarios.Select(enrolment => new ScenarioPart(enrolment))];
}

internal enum Verdict { Passed, Failed, Skipped }

/// <param name="Detail">Why it failed or was skipped; numbers worth keeping when it passed.</param>
internal sealed record TestResult(string Part, string Name, Verdict Verdict, double Seconds, string? Detail);

/// <summary>What a part is told, and where it reports to. Reports may come from several threads.</summary>
/// <param name="Hypervisor">The user's own choice of image, if he made one.</param>
/// <param name="Jobs">How many machines may run at once.</param>
/// <param name="Deadline">When nothing new may be started any more.</param>
internal sealed record TestRun(
    Workshop Workshop, Scale Scale, string? Hypervisor, int Jobs, DateTime Deadline, IProgressView View, CancellationToken Cancel)
{
    private readonly List<TestResult> results = [];

    public IReadOnlyList<TestResult> Results
    {
        get
        {
            lock (results)
                return [.. results];
        }
    }

    public void Report(TestResult result)
    {
        lock (results)
            results.Add(result);
        View.Finished(result);
    }
}
