using System.Diagnostics;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing;

/// <summary>One scenario as a part of the tests: its cases, as many at a time as allowed, those that want to be alone last.</summary>
internal sealed class ScenarioPart(Enrolment enrolment) : TestPart
{
    public override string Name => enrolment.Scenario.Name;

    public override string Point => enrolment.Scenario.Point;

    public override string? WaitsFor => enrolment.Subject == Subject.Waiting ? enrolment.WaitsFor ?? "something unnamed" : null;

    public override bool HasSlice => enrolment.Scenario.Cases(Scale.Slice).Any();

    public override string? OtherHypervisor(string? choice) => enrolment.Subject switch
    {
        Subject.Own => null,
        Subject.Debian => choice ?? Commands.RunOptions.Debian,
        _ => choice,
    };

    public override async Task RunAsync(TestRun run)
    {
        var hypervisor = enrolment.Subject == Subject.Own ? HypervisorImage.None
            : await run.Workshop.HypervisorAsync(OtherHypervisor(run.Hypervisor), run.Cancel);
        var modules = new BootModules((await run.Workshop.KernelAsync(run.Cancel)).Image, null);
        await run.Workshop.UserlandAsync(run.Cancel);

        var cases = enrolment.Scenario.Cases(run.Scale).ToList();
        await Parallel.ForEachAsync(
            cases.Where(test => !test.Alone), new ParallelOptions { MaxDegreeOfParallelism = run.Jobs, CancellationToken = run.Cancel },
            async (test, _) => await RunAsync(run, test, hypervisor, modules));
        foreach (var test in cases.Where(test => test.Alone))
            await RunAsync(run, test, hypervisor, modules);
    }

    private async Task RunAsync(TestRun run, TestCase test, HypervisorImage hypervisor, BootModules modules)
    {
        if (DateTime.UtcNow > run.Deadline)
        {
            run.Report(new TestResult(Name, test.Name, Verdict.Failed, 0, "not started: the time for all tests is over"));
            return;
        }
        run.View.Started(Name, test.Name);
        var bench = new TestBench(run.Workshop, hypervisor, modules, run.Cancel);
        var clock = Stopwatch.StartNew();
        string? failure = null;
        try
        {
            await test.Run(bench);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            failure = error is CheckException or ToolException ? error.Message : error.ToString();
        }
        run.Report(new TestResult(
            Name, test.Name, failure is null ? Verdict.Passed : Verdict.Failed, clock.Elapsed.TotalSeconds, failure ?? bench.Numbers));
    }
}
