using System.Diagnostics;
using System.Globalization;
using Xenith.Cli.Building;
using Xenith.Cli.Debian;

namespace Xenith.Cli.Testing;

/// <summary>
/// Traps injected into the hosted hypervisor: at every call into Machine and the ledger at full count, at one of a few dozen in a slice. The calls are those of a list with each family in it
/// (tests/Xenith.Tests/Faults/TrapInjectionTests.cs) and those of the fuzzer's sequences (CorpusTrapTests.cs); two processes share them.
/// </summary>
internal sealed class FaultTests : TestPart
{
    private const int Processes = 2, SliceStep = 37, SliceSequences = 40, FullSequences = 40;

    public override string Name => "faults";

    public override string Point => "a trap at any point of a call ends the domain that made it, leaves every other as it was, and loses nothing";

    public override async Task RunAsync(TestRun run)
    {
        await HostPackages.EnsureAsync([Purpose.Build, Purpose.Test], run.View.Say, run.Cancel);
        run.View.Started(Name, "building Xenith.Tests");
        await Dotnet.BuildAsync(run.Workshop.Repository, run.Workshop.Repository.PathTo("tests", "Xenith.Tests", "Xenith.Tests.csproj"), run.Cancel);
        await Task.WhenAll(Enumerable.Range(0, Processes).Select(async number =>
        {
            await RunAsync(run, number, "calls", "TrapInjectionTests");
            await RunAsync(run, number, "sequences", "CorpusTrapTests");
        }));
    }

    private async Task RunAsync(TestRun run, int number, string what, string tests)
    {
        var name = $"{what} {number + 1} of {Processes}";
        run.View.Started(Name, name);
        var clock = Stopwatch.StartNew();
        var program = Path.Combine(run.Workshop.Repository.Output, "bin", "Xenith.Tests", "release", "Xenith.Tests");
        var environment = new Dictionary<string, string>
        {
            ["XENITH_FAULT_STEP"] = (run.Scale == Scale.Full ? 1 : SliceStep).ToString(CultureInfo.InvariantCulture),
            ["XENITH_FAULT_SHARE"] = string.Create(CultureInfo.InvariantCulture, $"{number}/{Processes}"),
            ["XENITH_FAULT_SEQUENCES"] = (run.Scale == Scale.Full ? FullSequences : SliceSequences).ToString(CultureInfo.InvariantCulture),
        };
        var result = await HostCommand.RunAsync(
            program, ["-method", $"*{tests}*", "-showLiveOutput", "-noColor"], run.Workshop.Repository.Root, environment, cancel: run.Cancel);
        var total = result.Output.Split('\n').LastOrDefault(line => line.Contains("calls into Machine", StringComparison.Ordinal))?.Split("[OUTPUT] ").Last();
        var passed = result.Status == 0 && total is not null;
        run.Report(new TestResult(Name, name, passed ? Verdict.Passed : Verdict.Failed, clock.Elapsed.TotalSeconds, passed ? total : result.Tail(60)));
    }
}
