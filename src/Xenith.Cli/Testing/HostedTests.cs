using System.Diagnostics;
using System.Text.Json;
using Xenith.Cli.Building;
using Xenith.Cli.Debian;

namespace Xenith.Cli.Testing;

/// <summary>
/// The unit and model tests that run in an ordinary process: every project below tests/ that uses xunit. Its program is asked
/// for its machine-readable report, one JSON message a line, so that each test is counted as it ends. The tests of the hypervisor run
/// on one that counts its branches, and fail if a folder listed in eng/branch-coverage.txt has less than its share taken.
/// </summary>
internal sealed class HostedTests : TestPart
{
    /// <summary>Makes random tests try as often as they should at times (tests/Xenith.Tests/FullCount.cs). The programs inherit it.</summary>
    private const string FullCounts = "XENITH_FULL";

    public override string Name => "hosted";

    public override string Point => "the unit and model tests of the hosted build pass";

    public override async Task RunAsync(TestRun run)
    {
        await HostPackages.EnsureAsync([Purpose.Build, Purpose.Test], run.View.Say, run.Cancel);
        Environment.SetEnvironmentVariable(FullCounts, run.Scale == Scale.Full ? "1" : null);
        foreach (var project in Projects(run.Workshop.Repository))
            await RunAsync(run, project);
    }

    private static IEnumerable<string> Projects(Repository repository) =>
        Directory.EnumerateFiles(repository.PathTo("tests"), "*.csproj", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains("xunit.v3", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private async Task RunAsync(TestRun run, string project)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        run.View.Started(Name, $"building {name}");
        var clock = Stopwatch.StartNew();
        var reader = new Reader(run, Name);
        try
        {
            await Dotnet.BuildAsync(run.Workshop.Repository, project, run.Cancel);
            var program = Path.Combine(run.Workshop.Repository.Output, "bin", name, "release", name);
            var result = File.Exists(Path.Combine(Path.GetDirectoryName(program)!, "Xenith.Hypervisor.dll"))
                ? await RunCoveredAsync(run, program, reader)
                : await HostCommand.RunAsync(program, ["-automated"], run.Workshop.Repository.Root, onLine: reader.Take, cancel: run.Cancel);
            if (!reader.Complete)
                run.Report(new TestResult(Name, name, Verdict.Failed, clock.Elapsed.TotalSeconds, $"the test program died with status {result.Status}:\n{result.Tail()}"));
        }
        catch (ToolException error)
        {
            run.Report(new TestResult(Name, $"{name} builds", Verdict.Failed, clock.Elapsed.TotalSeconds, error.Message));
        }
    }

    private async Task<HostCommand.Result> RunCoveredAsync(TestRun run, string program, Reader reader)
    {
        var clock = Stopwatch.StartNew();
        var (coverage, result) = await BranchCoverage.MeasureAsync(run.Workshop.Repository, program, reader.Take, run.Cancel);
        if (coverage is null)
        {
            if (reader.Complete)
                run.Report(new TestResult(Name, "branch coverage", Verdict.Failed, clock.Elapsed.TotalSeconds, $"nothing was measured:\n{result.Tail()}"));
            return result;
        }
        var floors = BranchCoverage.ParseFloors(await File.ReadAllTextAsync(run.Workshop.Repository.PathTo("eng", "branch-coverage.txt"), run.Cancel));
        run.View.Show(coverage.Table(floors));
        foreach (var (name, floor) in floors)
        {
            var folder = coverage.Folders.FirstOrDefault(folder => folder.Name == name);
            run.Report(new TestResult(
                Name, $"branches of {name}", folder?.Share >= floor ? Verdict.Passed : Verdict.Failed, 0,
                folder is null ? "there is no such folder" : folder.Share >= floor ? folder.Text : FormattableString.Invariant($"{folder.Text}, at least {floor} % wanted")));
        }
        return result;
    }

    /// <summary>Turns xunit's messages into results.</summary>
    private sealed class Reader(TestRun run, string part)
    {
        private readonly Dictionary<string, string> names = [];

        /// <summary>The message that ends the report came.</summary>
        public bool Complete { get; private set; }

        public void Take(string line)
        {
            if (!line.StartsWith("{\"$type\":", StringComparison.Ordinal))
                return;
            using var document = JsonDocument.Parse(line);
            var message = document.RootElement;
            var test = message.TryGetProperty("TestUniqueID", out var id) ? id.GetString()! : "";
            switch (message.GetProperty("$type").GetString())
            {
                case "test-starting":
                    names[test] = message.GetProperty("TestDisplayName").GetString()!;
                    run.View.Started(part, names[test]);
                    break;
                case "test-passed":
                    Report(Verdict.Passed, null);
                    break;
                case "test-skipped":
                    Report(Verdict.Skipped, message.GetProperty("Reason").GetString());
                    break;
                case "test-failed":
                    Report(Verdict.Failed, $"{First(message, "Messages")}\n{First(message, "StackTraces")}");
                    break;
                case "error-message" or "test-case-cleanup-failure" or "test-class-cleanup-failure" or "test-collection-cleanup-failure" or "test-assembly-cleanup-failure":
                    names[test] = "outside any test";
                    Report(Verdict.Failed, First(message, "Messages"));
                    break;
                case "test-assembly-finished":
                    Complete = true;
                    break;
            }

            void Report(Verdict verdict, string? detail)
            {
                var seconds = message.TryGetProperty("ExecutionTime", out var time) ? time.GetDouble() : 0;
                run.Report(new TestResult(part, names.GetValueOrDefault(test, "unnamed"), verdict, seconds, detail));
            }
        }

        private static string First(JsonElement message, string property) =>
            message.TryGetProperty(property, out var values) && values.GetArrayLength() > 0 ? values[0].GetString() ?? "" : "";
    }
}
