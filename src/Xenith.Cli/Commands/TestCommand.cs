using System.CommandLine;
using System.Diagnostics;
using Spectre.Console;
using Xenith.Cli.Testing;

namespace Xenith.Cli.Commands;

/// <summary>'xenith test': a slice of all parts, or parts at their full counts.</summary>
internal static class TestCommand
{
    /// <summary>An ordinary run ends within 25 minutes; what has not started by then fails.</summary>
    private static readonly TimeSpan SliceBudget = TimeSpan.FromMinutes(22);

    public static Command Create()
    {
        var parts = new Argument<string[]>("PART") { Description = "Only these parts", Arity = ArgumentArity.ZeroOrMore };
        var full = new Option<bool>("--full") { Description = "Run at full counts, and write the results to docs/verified.md" };
        var list = new Option<bool>("--list") { Description = "List the parts" };
        var hypervisor = new Option<string?>("--hypervisor") { Description = "Boot this image everywhere, waiting scenarios included", HelpName = "PATH|debian" };
        var jobs = new Option<int>("--jobs") { Description = "How many machines run at once", HelpName = "N", DefaultValueFactory = _ => Math.Clamp(Environment.ProcessorCount, 1, 4) };
        hypervisor.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value != RunOptions.Debian && !File.Exists(token.Value))
                result.AddError($"--hypervisor: there is no file '{token.Value}'");
        });
        var command = new Command("test", "Test everything within 25 minutes, or parts at their full counts") { parts, full, list, hypervisor, jobs };
        command.SetAction((parse, cancel) =>
        {
            if (parse.GetValue(list))
                return Task.FromResult(List());
            var scale = parse.GetValue(full) ? Scale.Full : Scale.Slice;
            return RunAsync(Choose(parse.GetValue(parts)!, scale), scale, parse.GetValue(hypervisor), parse.GetValue(jobs), cancel);
        });
        return command;
    }

    private static int List()
    {
        foreach (var part in TestPart.All)
            Console.WriteLine($"{part.Name,-16} {part.Point}{(part.WaitsFor is { } reason ? $" [waits for {reason}]" : part.HasSlice ? "" : " [--full only]")}");
        return ExitStatus.Success;
    }

    /// <summary>The parts with these names, or all that have something to run at this scale.</summary>
    private static IReadOnlyList<TestPart> Choose(string[] names, Scale scale)
    {
        foreach (var name in names)
        {
            var named = TestPart.All.FirstOrDefault(part => part.Name == name) ?? throw ToolException.Usage($"there is no part '{name}'; --list lists them");
            if (scale == Scale.Slice && !named.HasSlice)
                throw ToolException.Usage($"'{name}' runs at its full count only: ./test --full {name}");
        }
        return [.. TestPart.All.Where(part => names.Length > 0 ? names.Contains(part.Name) : scale == Scale.Full || part.HasSlice)];
    }

    private static async Task<int> RunAsync(IReadOnlyList<TestPart> chosen, Scale scale, string? hypervisor, int jobs, CancellationToken cancel)
    {
        var parts = chosen.Where(part => part.WaitsFor is null || hypervisor is not null).ToList();
        var live = !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi && Environment.GetEnvironmentVariable("CI") is null
            ? new LiveView(parts) : null;
        var view = live ?? (IProgressView)new PlainView(Console.Out);
        var workshop = await Workshop.OpenAsync(view.Say, cancel);
        var deadline = scale == Scale.Slice ? DateTime.UtcNow + SliceBudget : DateTime.MaxValue;
        List<TestResult> results = [];
        var clock = Stopwatch.StartNew();

        async Task Work()
        {
            foreach (var part in parts)
                results.AddRange(await RunPartAsync(part, new TestRun(workshop, scale, hypervisor, jobs, deadline, view, cancel)));
        }
        await (live is null ? Work() : live.ShowAsync(Work));
        return Close(results, chosen.Except(parts), live is not null, clock.Elapsed);
    }

    private static async Task<IReadOnlyList<TestResult>> RunPartAsync(TestPart part, TestRun run)
    {
        var clock = Stopwatch.StartNew();
        run.View.Begin(part);
        try
        {
            await part.RunAsync(run);
        }
        catch (ToolException error)
        {
            run.Report(new TestResult(part.Name, "preparation", Verdict.Failed, clock.Elapsed.TotalSeconds, error.Message));
        }
        run.View.End(part, clock.Elapsed);
        if (run.Scale == Scale.Full)
        {
            var page = run.Workshop.Repository.PathTo("docs", "verified.md");
            var row = VerifiedPage.Row(part, await run.Workshop.Repository.CommitAsync("docs/verified.md"), part.OtherHypervisor(run.Hypervisor), run.Results, clock.Elapsed);
            Directory.CreateDirectory(Path.GetDirectoryName(page)!);
            File.WriteAllText(page, VerifiedPage.WithRow(File.Exists(page) ? File.ReadAllText(page) : "", part.Name, row));
        }
        return run.Results;
    }

    private static int Close(IReadOnlyList<TestResult> results, IEnumerable<TestPart> waiting, bool showFailures, TimeSpan time)
    {
        int Count(Verdict verdict) => results.Count(result => result.Verdict == verdict);
        foreach (var result in results.Where(result => showFailures && result.Verdict == Verdict.Failed))
            Console.WriteLine($"FAIL {result.Part}: {result.Name}: {result.Detail}");
        foreach (var part in waiting)
            Console.WriteLine($"waiting, not run: {part.Name}, for {part.WaitsFor}");
        Console.WriteLine($"{time.TotalMinutes:f1} minutes");
        Console.WriteLine($"{Count(Verdict.Passed)} passed, {Count(Verdict.Failed)} failed{(Count(Verdict.Skipped) is > 0 and var skipped ? $", {skipped} skipped" : "")}");
        return Count(Verdict.Failed) > 0 || Count(Verdict.Passed) == 0 ? ExitStatus.Failure : ExitStatus.Success;
    }
}
