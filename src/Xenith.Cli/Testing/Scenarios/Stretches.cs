using Xenith.Cli.Benchmarks;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// Nothing in the hypervisor goes on for long without a look at what else waits for the CPU, or with interrupts off, whatever a guest asks for. Instructions are counted, so the figures are exact and
/// the same each time; all are of the image as it is released.
/// </summary>
internal sealed class Stretches : Scenario
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(480);

    public override string Name => "stretches";

    public override string Point => $"the hypervisor never goes on for {StretchRun.Limit} instructions without a look at what waits, or with interrupts off";

    public override IEnumerable<TestCase> Cases(Scale scale) => scale == Scale.Full
        ? [new("all checks, benchmarks and attacks", bench => MeasureAsync(bench, StretchRun.AllAsync)) { Alone = true }]
        : [new("attacks that are made to be long", bench => MeasureAsync(bench, StretchRun.LongestAsync))];

    private static async Task MeasureAsync(TestBench bench, Func<Repository, CancellationToken, Task<IReadOnlyList<StretchRun.Load>>> loads)
    {
        var (stretches, end) = await StretchRun.RunAsync(bench.Workshop, bench.Hypervisor, await loads(bench.Workshop.Repository, bench.Cancel), Limit, bench.Cancel);
        TestBench.Check(end.Cause == EndCause.PoweredOff && end.Log.Any(Measurement.IsEnd), $"ended with {end.Cause}\n{string.Join('\n', end.Log.TakeLast(12))}");
        foreach (var (name, heading) in StretchRun.Kinds)
        {
            var longest = stretches[name].FirstOrDefault();
            TestBench.Check(longest is not null, $"nothing was measured {heading}");
            TestBench.Check(longest!.Length < StretchRun.Limit, $"{longest.Length} instructions {heading}, from {longest.From} to {longest.To}");
            bench.Note($"{longest.Length:N0} {heading}");
        }
    }
}
