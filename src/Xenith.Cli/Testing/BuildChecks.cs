using System.Diagnostics;
using Xenith.Cli.Building;

namespace Xenith.Cli.Testing;

/// <summary>The bare-metal image compiles, with every check that its build makes: layers, forbidden helpers, code of hot paths.</summary>
internal sealed class BuildChecks : TestPart
{
    public override string Name => "build";

    public override string Point => "the image builds without a warning and passes its build's own checks";

    public override async Task RunAsync(TestRun run)
    {
        const string name = "the hypervisor's image";
        run.View.Started(Name, name);
        var clock = Stopwatch.StartNew();
        try
        {
            var builder = new HypervisorBuild(run.Workshop.Repository, run.View.Say);
            var output = await builder.BuildAsync(run.Cancel);
            var image = await builder.EnsureAsync(run.Cancel);
            var warnings = output.Split('\n').Where(line => line.Contains(": warning ", StringComparison.Ordinal)).Distinct().ToList();
            run.Report(new TestResult(
                Name, name, warnings.Count == 0 ? Verdict.Passed : Verdict.Failed, clock.Elapsed.TotalSeconds,
                warnings.Count == 0 ? $"{new FileInfo(image.Elf).Length:n0} bytes" : string.Join('\n', warnings)));
        }
        catch (ToolException error)
        {
            run.Report(new TestResult(Name, name, Verdict.Failed, clock.Elapsed.TotalSeconds, error.Message));
        }
    }
}
