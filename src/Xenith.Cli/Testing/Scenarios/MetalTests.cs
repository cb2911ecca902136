using System.Text.RegularExpressions;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// The image that tests our core library where it runs, on the bare machine. It prints what failed and then one line with both
/// counts, and stops.
/// </summary>
internal sealed partial class MetalTests : Scenario
{
    public override string Name => "metal-tests";

    public override string Point => "the core library's own checks pass on the bare machine";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        new("core library", async bench =>
        {
            var folder = await bench.BuildAsync("tests", "Xenith.MetalTests", "Xenith.MetalTests.csproj");
            var image = new HypervisorImage("metal-tests", Path.Combine(folder, "metal-tests.elf32"), null);
            var end = await bench.WatchAsync(
                bench.Standard with { Hypervisor = image, Modules = null }, line => Summary().IsMatch(line), TimeSpan.FromSeconds(60));
            var summary = end.Log.Select(line => Summary().Match(line)).FirstOrDefault(match => match.Success);
            TestBench.Check(summary is not null, $"no summary; ended with {end.Cause}\n{string.Join('\n', end.Log)}");
            TestBench.Check(summary!.Groups[2].Value == "0" && summary.Groups[1].Value != "0", string.Join('\n', end.Log));
            bench.Note($"{summary.Groups[1].Value} checks");
        }),
    ];

    [GeneratedRegex(@"^checks passed: (\d+), failed: (\d+)$")]
    private static partial Regex Summary();
}
