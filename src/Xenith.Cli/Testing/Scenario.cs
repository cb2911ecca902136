namespace Xenith.Cli.Testing;

/// <summary>
/// One thing that booted machines have to show. Each is a class in a file of its own in Scenarios; <see cref="Roster"/> says which
/// of them run. A scenario names its cases, so that each is counted, timed and reported by itself.
/// </summary>
internal abstract class Scenario
{
    /// <summary>A short name, unique, as it stands in reports: "bad-kernel".</summary>
    public abstract string Name { get; }

    /// <summary>One sentence: what is shown when it passes.</summary>
    public abstract string Point { get; }

    public abstract IEnumerable<TestCase> Cases(Scale scale);
}

/// <summary>Everything at its full count, or the slice of it that fits into an ordinary run of the tests.</summary>
internal enum Scale { Slice, Full }

/// <param name="Run">Fails by throwing <see cref="CheckException"/>.</param>
internal sealed record TestCase(string Name, Func<TestBench, Task> Run)
{
    /// <summary>Needs the whole machine: nothing else runs beside it.</summary>
    public bool Alone { get; init; }
}

/// <summary>Something was not as it has to be.</summary>
internal sealed class CheckException(string message) : Exception(message);
