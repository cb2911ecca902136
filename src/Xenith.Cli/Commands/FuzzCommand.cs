using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Spectre.Console;
using Xenith.Cli.Debian;
using Xenith.Cli.Fuzzing;

namespace Xenith.Cli.Commands;

/// <summary>'xenith fuzz': random sequences of hypercalls on the hosted hypervisor, with invariants checked after them.</summary>
internal static class FuzzCommand
{
    /// <summary>Ended by the user, as shells say it.</summary>
    private const int Interrupted = 130;

    private static readonly Option<double?> Minutes = new("--minutes") { Description = "How long to run; 1 if nothing else says when to end", HelpName = "N", CustomParser = ParseMinutes };
    private static readonly Option<ulong?> Sequences = new("--sequences") { Description = "How many sequences to run", HelpName = "N", CustomParser = result => ParseNumber(result, "--sequences", 1) };
    private static readonly Option<ulong?> From = new("--from", "--seed") { Description = "First seed; each sequence has the next. By default the clock's", HelpName = "SEED", CustomParser = result => ParseNumber(result, "--from", 0) };
    private static readonly Option<string?> Replay = new("--replay") { Description = "Run one sequence that was saved", HelpName = "FILE" };
    private static readonly Option<int> Jobs = new("--jobs") { Description = "How many processes share the work", HelpName = "N", DefaultValueFactory = _ => Math.Clamp(Environment.ProcessorCount, 1, 64) };
    private static readonly Option<string?> Save = new("--save") { Description = "Where sequences that fail are written, made short; artifacts/fuzz by default", HelpName = "DIR" };

    public static Command Create()
    {
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
        var command = new Command("fuzz", "Make random hypercalls on the hosted hypervisor, and check what must hold after them. Ends with status 1 if it found something") { Minutes, Sequences, From, Replay, Jobs, Save };
        command.Validators.Add(result =>
        {
            if (result.GetResult(Replay) is { Implicit: false } && (result.GetResult(Minutes) ?? result.GetResult(Sequences) ?? result.GetResult(From)) is { Implicit: false })
                result.AddError("--replay runs one sequence once: --minutes, --sequences and --from are not for it");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static double? ParseMinutes(ArgumentResult result)
    {
        if (double.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var minutes) && minutes is > 0 and < 100_000)
            return minutes;
        result.AddError($"--minutes takes a number of minutes, not '{result.Tokens[0].Value}'");
        return null;
    }

    private static ulong? ParseNumber(ArgumentResult result, string name, ulong least)
    {
        if (ulong.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= long.MaxValue)
            return number;
        result.AddError($"{name} takes a number, not '{result.Tokens[0].Value}'");
        return null;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken cancel)
    {
        var workshop = await Workshop.OpenAsync(Say, cancel);
        await HostPackages.EnsureAsync([Purpose.Build], Say, cancel);
        Say("building the fuzzer");
        var program = await FuzzProgram.BuildAsync(workshop.Repository, cancel);
        if (parse.GetValue(Replay) is { } file)
            return await ReplayAsync(program, file, cancel);

        var first = parse.GetValue(From) ?? (ulong)DateTime.UtcNow.Ticks / 10_000_000 * 1_000_000;
        var folder = Path.GetFullPath(parse.GetValue(Save) ?? Path.Combine(workshop.Repository.Output, "fuzz"));
        var sequences = parse.GetValue(Sequences);
        var jobs = (int)Math.Min((ulong)parse.GetValue(Jobs), sequences ?? ulong.MaxValue);
        var minutes = parse.GetValue(Minutes) ?? (sequences is null ? 1 : null);
        Say($"seeds from {first}, {jobs} {(jobs == 1 ? "process" : "processes")}, {Length(sequences, minutes)}");
        var display = new FuzzDisplay(jobs, sequences, minutes);
        // Each process takes every so manieth seed, so that all together leave none out.
        var runs = Enumerable.Range(0, jobs).Select(job =>
        {
            var share = sequences is { } all ? (long?)((all + (ulong)(jobs - 1 - job)) / (ulong)jobs) : null;
            return program.RunAsync(first + (ulong)job, (ulong)jobs, share, minutes, folder, now => display.Update(job, now), display.Failed, cancel);
        }).ToArray();
        await display.ShowAsync(Task.WhenAll(runs));
        Conclude([.. runs.Select(run => run.Result)], first, jobs);
        Console.WriteLine(display.Failures == 0 ? "nothing was wrong" : $"{display.Failures} sequences failed; they are in {folder}");
        return display.Failures != 0 ? ExitStatus.Failure : cancel.IsCancellationRequested ? Interrupted : ExitStatus.Success;
    }

    private static string Length(ulong? sequences, double? minutes)
    {
        string[] limits =
        [
            .. sequences is { } count ? [string.Create(CultureInfo.InvariantCulture, $"{count:N0} sequences")] : Array.Empty<string>(),
            .. minutes is { } limit ? [$"{limit.ToString(CultureInfo.InvariantCulture)} minutes"] : Array.Empty<string>(),
        ];
        return string.Join(" or ", limits);
    }

    private static void Conclude(List<FuzzTotals> totals, ulong first, int jobs)
    {
        AnsiConsole.Write(FuzzTable.Create(totals));
        var sequences = totals.Sum(total => total.Sequences);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{sequences:N0} sequences of {totals.Sum(total => total.Steps):N0} steps with {totals.Sum(total => total.Calls):N0} calls; {totals.Sum(total => total.HalfWay):N0} were left half-way, {totals.Sum(total => total.Idle):N0} steps found their vCPU asleep, {totals.Sum(total => total.HostsEnded):N0} times dom0 ended the host; {sequences / Math.Max(totals.Max(total => total.Seconds), 0.001):N0} sequences a second"));
        // Where the slowest of them stands, all before it have been run.
        var next = totals.Min(total => total.Next);
        if (next > first)
            Console.WriteLine($"seeds {first} to {next - 1}{(jobs > 1 && totals.Any(total => total.Next >= next + (ulong)jobs) ? " and some after them" : "")}; go on with --from {next}");
    }

    private static async Task<int> ReplayAsync(FuzzProgram program, string file, CancellationToken cancel)
    {
        var (steps, failure) = await program.ReplayAsync(file, cancel);
        Console.WriteLine(failure is null ? $"{steps} steps, nothing was wrong" : $"after step {failure.Step} of {steps}: {failure.What}");
        return failure is null ? ExitStatus.Success : ExitStatus.Failure;
    }

    private static void Say(string text) => Console.Error.WriteLine($"xenith: {text}");
}
