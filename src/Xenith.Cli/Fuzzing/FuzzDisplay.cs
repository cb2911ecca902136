using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Xenith.Cli.Fuzzing;

/// <summary>What is seen of a run while it goes on: on a terminal a bar with the counts, elsewhere a line every ten seconds; and each failure as it is found.</summary>
/// <param name="jobs">How many processes share the work.</param>
/// <param name="sequences">How many sequences are to be run, if that ends it.</param>
/// <param name="minutes">How long it is to take, if that ends it.</param>
internal sealed class FuzzDisplay(int jobs, ulong? sequences, double? minutes)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly FuzzProgress[] progress = [.. Enumerable.Repeat(new FuzzProgress(0, 0, 0), jobs)];
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private int failures;

    /// <summary>Sequences that failed so far.</summary>
    public int Failures => Volatile.Read(ref failures);

    /// <summary>Takes how far a process is.</summary>
    public void Update(int job, FuzzProgress now) => progress[job] = now;

    /// <summary>Shows a failure.</summary>
    public void Failed(FuzzFailure failure)
    {
        Interlocked.Increment(ref failures);
        string[] lines = [$"FAIL seed {failure.Seed}, after step {failure.Step}: {failure.What}", .. failure.Steps.Select(step => $"    {step}")];
        if (failure.File is not null)
            lines = [.. lines, $"    again: xenith fuzz --replay {failure.File}"];
        AnsiConsole.Write(new Text(string.Join('\n', lines) + "\n"));
    }

    /// <summary>Shows how it goes until all processes have ended.</summary>
    public async Task ShowAsync(Task all)
    {
        if (Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi)
        {
            while (await Task.WhenAny(all, Task.Delay(Interval)) != all)
                Console.Error.WriteLine($"xenith: {Counts()}");
            await all;
            return;
        }
        await AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new RemainingTimeColumn()).StartAsync(async context =>
        {
            var bar = context.AddTask("fuzzing", maxValue: 1);
            while (await Task.WhenAny(all, Task.Delay(200)) != all)
            {
                bar.Value = Part();
                bar.Description = Counts();
            }
            bar.Value = Part();
        });
        await all;
    }

    private long Done => progress.Sum(job => job.Sequences);

    /// <summary>How much of the whole is done, from 0 to 1.</summary>
    private double Part() => Math.Min(1, Math.Max(sequences is { } count ? Done / (double)count : 0, minutes is { } limit ? clock.Elapsed.TotalMinutes / limit : 0));

    private string Counts() => string.Create(CultureInfo.InvariantCulture,
        $"{Done:N0} sequences, {progress.Sum(job => job.Calls):N0} calls, {Failures} failures, {Done / Math.Max(clock.Elapsed.TotalSeconds, 0.001):N0} sequences/s");
}
