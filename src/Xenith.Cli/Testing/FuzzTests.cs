using System.Diagnostics;
using System.Globalization;
using Xenith.Cli.Debian;
using Xenith.Cli.Fuzzing;
using Xenith.Cli.Testing.Scenarios;

namespace Xenith.Cli.Testing;

/// <summary>Random sequences of hypercalls on the hosted hypervisor, and after them on the machine: always the same ones in a slice, and for some minutes at full count.</summary>
internal sealed class FuzzTests : TestPart
{
    private const int Processes = 2;

    /// <summary>For each process: so many sequences take a quarter of a minute.</summary>
    private const long SliceSequences = 4000;

    private const double FullMinutes = 4;
    private const ulong SeedDistance = 1UL << 40;

    public override string Name => "fuzz";

    public override string Point => "random hypercalls of several domains leave every count right, no page table writable, nothing stale and nothing lost";

    public override async Task RunAsync(TestRun run)
    {
        await HostPackages.EnsureAsync([Purpose.Build, Purpose.Test], run.View.Say, run.Cancel);
        run.View.Started(Name, "building the fuzzer");
        var program = await FuzzProgram.BuildAsync(run.Workshop.Repository, run.Cancel);
        var folder = Path.Combine(run.Workshop.Repository.Output, "fuzz");
        await Task.WhenAll(Enumerable.Range(0, Processes).Select(number => RunAsync(run, program, number, folder)));
        await OnMetal.RunAsync(run);
    }

    public override string? OtherHypervisor(string? choice) => OnMetal.OtherHypervisor(choice);

    private static ScenarioPart OnMetal => new(new Enrolment(new FuzzOnMetal(), Subject.Xenith));

    private async Task RunAsync(TestRun run, FuzzProgram program, int number, string folder)
    {
        var full = run.Scale == Scale.Full;
        var seed = 1 + (ulong)number * SeedDistance;
        var name = $"sequences from seed {seed}";
        var clock = Stopwatch.StartNew();
        var failures = new List<FuzzFailure>();
        run.View.Started(Name, name);
        string detail;
        var passed = false;
        try
        {
            var totals = await program.RunAsync(seed, 1, full ? null : SliceSequences, full ? FullMinutes : null, folder, _ => { }, failures.Add, run.Cancel);
            run.Cancel.ThrowIfCancellationRequested();
            passed = failures.Count == 0;
            detail = passed ? string.Create(CultureInfo.InvariantCulture, $"{totals.Sequences:N0} sequences, {totals.Calls:N0} calls")
                : string.Join('\n', failures.Select(failure => $"seed {failure.Seed}: {failure.What}\n{string.Join('\n', failure.Steps)}"));
        }
        catch (ToolException died)
        {
            detail = died.Message;
        }
        run.Report(new TestResult(Name, name, passed ? Verdict.Passed : Verdict.Failed, clock.Elapsed.TotalSeconds, detail));
    }
}
