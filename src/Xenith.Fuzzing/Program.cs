// The fuzzer's program, which `xenith fuzz` and `./test` start. It prints one JSON object a line: how far it is, failures as they are found, the results at the end.
//
//   Xenith.Fuzzing [--seed N] [--stride N] [--sequences N] [--minutes N] [--save FOLDER] [--thorough] [--leashed]
//   Xenith.Fuzzing --replay FILE
//
// With --leashed it ends early, but in order, when its input ends; an interrupt from the terminal is then left to who holds the other end. It ends with status 1 if anything failed.

using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using Xenith.Fuzzing.Calls;
using Xenith.Fuzzing.Runs;

ulong seed = 1, stride = 1, sequences = ulong.MaxValue;
double minutes = double.PositiveInfinity;
string? replay = null, folder = null;
Care care = Care.Usual;
bool leashed = false;
for (int i = 0; i < args.Length; i++)
{
    string Value() => i + 1 < args.Length ? args[++i] : throw new ArgumentException($"{args[i]} takes a value");
    switch (args[i])
    {
        case "--seed":
            seed = ulong.Parse(Value(), CultureInfo.InvariantCulture);
            break;
        case "--stride":
            stride = ulong.Parse(Value(), CultureInfo.InvariantCulture);
            break;
        case "--sequences":
            sequences = ulong.Parse(Value(), CultureInfo.InvariantCulture);
            break;
        case "--minutes":
            minutes = double.Parse(Value(), CultureInfo.InvariantCulture);
            break;
        case "--replay":
            replay = Value();
            break;
        case "--save":
            folder = Value();
            break;
        case "--thorough":
            care = Care.Thorough;
            break;
        case "--leashed":
            leashed = true;
            break;
        default:
            throw new ArgumentException($"{args[i]} is no option");
    }
}

if (replay is not null)
{
    FuzzStep[] steps;
    try
    {
        steps = StepText.ReadAll(File.ReadLines(replay));
    }
    catch (FormatException error)
    {
        Print(new { kind = "unreadable", what = error.Message });
        return 1;
    }
    FuzzFailure? seen = SequenceRun.Run(steps, true, Care.Thorough) ?? SequenceRun.Run(steps, false, Care.Thorough);
    Print(new { kind = "replay", steps = steps.Length, failure = seen?.What, at = seen?.Step });
    return seen is null ? 0 : 1;
}

if (sequences == ulong.MaxValue && double.IsInfinity(minutes))
    minutes = 1;
bool stop = false;
if (leashed)
{
    Console.CancelKeyPress += (_, interrupt) => interrupt.Cancel = true;
    new Thread(() =>
    {
        while (Console.In.Read() >= 0)
        {
        }
        Volatile.Write(ref stop, true);
    }) { IsBackground = true }.Start();
}
const int mostFailures = 20;
var statistics = new Statistics();
var clock = Stopwatch.StartNew();
var lastSaid = TimeSpan.Zero;
int failures = 0;
ulong own = seed;
for (ulong number = 0; number < sequences && clock.Elapsed.TotalMinutes < minutes && failures < mostFailures && !Volatile.Read(ref stop); number++, own = unchecked(own + stride))
{
    FuzzStep[] steps = SequenceRun.Generate(own);
    FuzzFailure? failure = SequenceRun.Run(steps, own % 2 == 0, care, statistics);
    statistics.Sequences++;
    if (failure is not null)
    {
        failures++;
        Report(steps, failure);
    }
    if (clock.Elapsed - lastSaid > TimeSpan.FromSeconds(0.5))
    {
        lastSaid = clock.Elapsed;
        Print(new { kind = "progress", sequences = statistics.Sequences, calls = statistics.Calls, failures, seconds = clock.Elapsed.TotalSeconds });
    }
}

Print(new
{
    kind = "end",
    sequences = statistics.Sequences,
    steps = statistics.Steps,
    calls = statistics.Calls,
    idle = statistics.Idle,
    halfWay = statistics.HalfWay,
    hostsEnded = statistics.HostsEnded,
    failures,
    next = own,
    seconds = clock.Elapsed.TotalSeconds,
    results = statistics.Results.OrderBy(result => result.Key).Select(result => new { call = result.Key.Call, error = result.Key.Result, count = result.Value }),
});
return failures == 0 ? 0 : 1;

void Report(FuzzStep[] steps, FuzzFailure failure)
{
    (FuzzStep[] small, FuzzFailure seen) = Shrinker.Shrink(steps, own % 2 == 0, failure);
    string[] lines = [.. small.Select(step => StepText.Write(in step))];
    string? file = null;
    if (folder is not null)
    {
        Directory.CreateDirectory(folder);
        file = Path.Combine(folder, $"{own}.txt");
        File.WriteAllLines(file, [$"# seed {own}, step {seen.Step}: {seen.What.ReplaceLineEndings("\n# ")}", .. lines]);
    }
    Print(new { kind = "failure", seed = own, at = seen.Step, what = seen.What, steps = lines, file });
}

static void Print<T>(T line)
{
    Console.Out.WriteLine(JsonSerializer.Serialize(line));
    Console.Out.Flush();
}
