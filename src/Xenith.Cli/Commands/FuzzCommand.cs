using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Xenith.Cli.Debian;
using Xenith.Cli.Fuzzing;

namespace Xenith.Cli.Commands;

/// <summary>'xenith fuzz': random sequences of hypercalls on the hosted hypervisor, with invariants checked after them.</summary>
internal static class FuzzCommand
{
    /// <summary>Processes work on seeds that are so far from each other that none meets another's.</summary>
    private const ulong SeedDistance = 1UL << 40;

    private static readonly Option<double> Minutes = new("--minutes") { Description = "How long to run", HelpName = "N", DefaultValueFactory = _ => 1 };
    private static readonly Option<ulong?> Seed = new("--seed") { Description = "First seed; each sequence has one of its own. By default the clock's", HelpName = "N" };
    private static readonly Option<string?> Replay = new("--replay") { Description = "Run one sequence that was saved", HelpName = "FILE" };
    private static readonly Option<int> Jobs = new("--jobs") { Description = "How many processes share the work", HelpName = "N", DefaultValueFactory = _ => Math.Clamp(Environment.ProcessorCount, 1, 64) };
    private static readonly Option<string?> Save = new("--save") { Description = "Where sequences that fail are written, made short", HelpName = "DIR" };

    public static Command Create()
    {
        Minutes.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(double.TryParse(token.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var minutes) && minutes is > 0 and < 100_000))
                result.AddError($"--minutes takes a number of minutes, not '{token.Value}'");
        });
        Replay.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !File.Exists(token.Value))
                result.AddError($"--replay: there is no file '{token.Value}'");
        });
        Jobs.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var jobs) && jobs is > 0 and <= 64))
                result.AddError($"--jobs takes a number from 1 to 64, not '{token.Value}'");
        });
        var command = new Command("fuzz", "Make random hypercalls on the hosted hypervisor, and check what must hold after them") { Minutes, Seed, Replay, Jobs, Save };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken cancel)
    {
        var workshop = await Workshop.OpenAsync(Say, cancel);
        await HostPackages.EnsureAsync([Purpose.Build], Say, cancel);
        Say("building the fuzzer");
        var program = await FuzzProgram.BuildAsync(workshop.Repository, cancel);
        if (parse.GetValue(Replay) is { } file)
            return await ReplayAsync(program, file, cancel);

        var seed = parse.GetValue(Seed) ?? (ulong)DateTime.UtcNow.Ticks / 10_000_000 * 1_000_000;
        var folder = Path.GetFullPath(parse.GetValue(Save) ?? Path.Combine(workshop.Repository.Output, "fuzz"));
        var jobs = parse.GetValue(Jobs);
        var minutes = parse.GetValue(Minutes);
        Say($"seed {seed}, {jobs} {(jobs == 1 ? "process" : "processes")}, {minutes.ToString(CultureInfo.InvariantCulture)} minutes");
        var progress = new FuzzProgress[jobs];
        Array.Fill(progress, new FuzzProgress(0, 0, 0));
        var failures = new List<FuzzFailure>();
        var runs = Enumerable.Range(0, jobs).Select(job => program.RunAsync(unchecked(seed + (ulong)job * SeedDistance), null, minutes, folder, now => progress[job] = now, failure =>
        {
            lock (failures)
                failures.Add(failure);
        }, cancel)).ToArray();
        await ShowAsync(Task.WhenAll(runs), progress, TimeSpan.FromMinutes(minutes));
        var totals = runs.Select(run => run.Result).OfType<FuzzTotals>().ToList();
        foreach (var failure in failures)
            Print(failure);
        if (totals.Count < jobs)
            throw ToolException.Failure($"{jobs - totals.Count} of {jobs} fuzzing processes died before their end");
        AnsiConsole.Write(FuzzTable.Create(totals));
        var sequences = totals.Sum(total => total.Sequences);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{sequences:N0} sequences of {totals.Sum(total => total.Steps):N0} steps with {totals.Sum(total => total.Calls):N0} calls; {totals.Sum(total => total.HalfWay):N0} were left half-way, {totals.Sum(total => total.Idle):N0} steps found their vCPU asleep, {totals.Sum(total => total.HostsEnded):N0} times dom0 ended the host; {sequences / totals.Max(total => total.Seconds):N0} sequences a second"));
        Console.WriteLine(failures.Count == 0 ? "nothing was wrong" : $"{failures.Count} sequences failed; they are in {folder}");
        return failures.Count == 0 ? ExitStatus.Success : ExitStatus.Failure;
    }

    private static async Task<int> ReplayAsync(FuzzProgram program, string file, CancellationToken cancel)
    {
        var (steps, failure) = await program.ReplayAsync(file, cancel);
        Console.WriteLine(failure is null ? $"{steps} steps, nothing was wrong" : $"after step {failure.Step} of {steps}: {failure.What}");
        return failure is null ? ExitStatus.Success : ExitStatus.Failure;
    }

    /// <summary>A bar with the counts while it runs, on a terminal; elsewhere a line every ten seconds.</summary>
    private static async Task ShowAsync(Task all, FuzzProgress[] progress, TimeSpan length)
    {
        string Now() => string.Create(CultureInfo.InvariantCulture, $"{progress.Sum(job => job.Sequences):N0} sequences, {progress.Sum(job => job.Calls):N0} calls, {progress.Sum(job => job.Failures)} failures");
        var start = DateTime.UtcNow;
        if (Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi)
        {
            while (await Task.WhenAny(all, Task.Delay(TimeSpan.FromSeconds(10))) != all)
                Say(Now());
            await all;
            return;
        }
        await AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new RemainingTimeColumn()).StartAsync(async context =>
        {
            var bar = context.AddTask("fuzzing", maxValue: length.TotalSeconds);
            while (await Task.WhenAny(all, Task.Delay(200)) != all)
            {
                bar.Value = (DateTime.UtcNow - start).TotalSeconds;
                bar.Description = Now();
            }
            bar.Value = bar.MaxValue;
        });
        await all;
    }

    private static void Print(FuzzFailure failure)
    {
        Console.WriteLine($"FAIL seed {failure.Seed}, after step {failure.Step}: {failure.What}");
        foreach (var step in failure.Steps)
            Console.WriteLine($"    {step}");
        if (failure.File is not null)
            Console.WriteLine($"    again: xenith fuzz --replay {failure.File}");
    }

    private static void Say(string text) => Console.Error.WriteLine($"xenith: {text}");
}
