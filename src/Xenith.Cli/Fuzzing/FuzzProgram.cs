using System.Globalization;
using System.Text.Json;
using Xenith.Cli.Building;

namespace Xenith.Cli.Fuzzing;

/// <summary>What a fuzzing process has reported so far.</summary>
/// <param name="Sequences">Sequences that have been run.</param>
/// <param name="Calls">Hypercalls in them.</param>
/// <param name="Failures">Sequences that failed.</param>
internal sealed record FuzzProgress(long Sequences, long Calls, int Failures);

/// <summary>A sequence that failed, made short.</summary>
internal sealed record FuzzFailure(ulong Seed, int Step, string What, IReadOnlyList<string> Steps, string? File);

/// <summary>What a whole run of a fuzzing process came to.</summary>
/// <param name="Results">How often each hypercall answered what: call, error number (0 for success), count.</param>
/// <param name="Next">The first of its seeds that it did not come to.</param>
internal sealed record FuzzTotals(long Sequences, long Steps, long Calls, long Idle, long HalfWay, long HostsEnded, ulong Next, double Seconds, IReadOnlyList<(int Call, int Error, long Count)> Results);

/// <summary>
/// The fuzzer is a program of its own (src/Xenith.Fuzzing): it contains the hosted hypervisor, and this one should build and run whether or not that compiles. It reports in lines of JSON.
/// </summary>
internal sealed class FuzzProgram
{
    private readonly string program;

    private FuzzProgram(string program) => this.program = program;

    /// <summary>Builds it.</summary>
    public static async Task<FuzzProgram> BuildAsync(Repository repository, CancellationToken cancel)
    {
        const string name = "Xenith.Fuzzing";
        await Dotnet.BuildAsync(repository, repository.PathTo("src", name, $"{name}.csproj"), cancel);
        return new FuzzProgram(Path.Combine(repository.Output, "bin", name, "release", name));
    }

    /// <summary>Runs sequences of every so manieth seed from one on, so many or for so long. When it is cancelled it finishes its sequence and still tells what it came to.</summary>
    public async Task<FuzzTotals> RunAsync(ulong seed, ulong stride, long? sequences, double? minutes, string folder, Action<FuzzProgress> onProgress, Action<FuzzFailure> onFailure, CancellationToken cancel)
    {
        List<string> arguments = ["--leashed", "--seed", seed.ToString(CultureInfo.InvariantCulture), "--stride", stride.ToString(CultureInfo.InvariantCulture), "--save", folder];
        if (sequences is { } count)
            arguments.AddRange(["--sequences", count.ToString(CultureInfo.InvariantCulture)]);
        if (minutes is { } limit)
            arguments.AddRange(["--minutes", limit.ToString(CultureInfo.InvariantCulture)]);
        FuzzTotals? totals = null;
        var result = await HostCommand.RunAsync(program, arguments, stop: cancel, onLine: line =>
        {
            if (TryParse(line, "progress") is { } progress)
                onProgress(new FuzzProgress(progress.GetProperty("sequences").GetInt64(), progress.GetProperty("calls").GetInt64(), progress.GetProperty("failures").GetInt32()));
            else if (TryParse(line, "failure") is { } failure)
                onFailure(ToFailure(failure));
            else if (TryParse(line, "end") is { } end)
                totals = ToTotals(end);
        });
        return totals ?? throw ToolException.Failure($"the fuzzer died with status {result.Status}:\n{result.Tail()}");
    }

    /// <summary>Runs a saved sequence once more. Null if nothing was wrong, else what and after which step.</summary>
    public async Task<(int Steps, FuzzFailure? Failure)> ReplayAsync(string file, CancellationToken cancel)
    {
        (int, FuzzFailure?)? answer = null;
        string? unreadable = null;
        var result = await HostCommand.RunAsync(program, ["--replay", Path.GetFullPath(file)], cancel: cancel, onLine: line =>
        {
            if (TryParse(line, "unreadable") is { } refusal)
                unreadable = refusal.GetProperty("what").GetString();
            if (TryParse(line, "replay") is not { } report)
                return;
            var what = report.GetProperty("failure").GetString();
            answer = (report.GetProperty("steps").GetInt32(), what is null ? null : new FuzzFailure(0, report.GetProperty("at").GetInt32(), what, [], file));
        });
        if (unreadable is not null)
            throw ToolException.Usage($"{file} is no saved sequence: {unreadable}");
        return answer ?? throw ToolException.Failure($"the fuzzer died with status {result.Status}:\n{result.Tail()}");
    }

    private static FuzzFailure ToFailure(JsonElement failure) => new(
        failure.GetProperty("seed").GetUInt64(), failure.GetProperty("at").GetInt32(), failure.GetProperty("what").GetString()!,
        [.. failure.GetProperty("steps").EnumerateArray().Select(step => step.GetString()!)], failure.GetProperty("file").GetString());

    private static FuzzTotals ToTotals(JsonElement end) => new(
        end.GetProperty("sequences").GetInt64(), end.GetProperty("steps").GetInt64(), end.GetProperty("calls").GetInt64(), end.GetProperty("idle").GetInt64(),
        end.GetProperty("halfWay").GetInt64(), end.GetProperty("hostsEnded").GetInt64(), end.GetProperty("next").GetUInt64(), end.GetProperty("seconds").GetDouble(),
        [.. end.GetProperty("results").EnumerateArray().Select(row => (row.GetProperty("call").GetInt32(), row.GetProperty("error").GetInt32(), row.GetProperty("count").GetInt64()))]);

    private static JsonElement? TryParse(string line, string kind)
    {
        if (!line.StartsWith($"{{\"kind\":\"{kind}\"", StringComparison.Ordinal))
            return null;
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }
}
