using System.Globalization;
using System.Text.RegularExpressions;

namespace Xenith.Cli.Benchmarks;

/// <summary>Numbers of instructions: the least, the median and the greatest of the guest's repeats.</summary>
internal sealed record Cost(long Min, long Median, long Max);

/// <summary>
/// What the PV guest printed on one hypervisor when told to 'bench': a line for each row, "BENCH name least median greatest",
/// and at the end "DONE passed N failed M". See guests/pv/README.md.
/// </summary>
/// <param name="Rows">Name and cost, in the guest's order.</param>
/// <param name="Useless">Rows whose operation did not give the result it should have, so that its cost says nothing.</param>
/// <param name="Failures">Preparations of the guest that failed.</param>
/// <param name="Complete">The guest came to its end.</param>
internal sealed partial record Measurement(
    IReadOnlyList<KeyValuePair<string, Cost>> Rows, IReadOnlySet<string> Useless, IReadOnlyList<string> Failures, bool Complete)
{
    /// <summary>What the hypervisor executed in one pass of a row, by the row's name; empty where that was not looked at.</summary>
    public IReadOnlyDictionary<string, PathCounts> Paths { get; init; } = new Dictionary<string, PathCounts>();

    // Rows during which virtual time passes without instructions: their figure is the number of the hypervisor's instructions, by the second.
    private const string Asleep = "idle_4_seconds", AsleepBySecond = "idle_second";
    private const int SecondsAsleep = 4;

    /// <summary>The same with the paths, one for each row in its order.</summary>
    public Measurement WithPaths(IReadOnlyList<PathCounts> paths)
    {
        if (paths.Count != Rows.Count)
            return this with { Failures = [.. Failures, $"{paths.Count} paths were written down for {Rows.Count} rows"] };
        var byName = Rows.Zip(paths).ToDictionary(pair => pair.First.Key, pair => pair.Second);
        var rows = Rows.ToList();
        if (byName.Remove(Asleep, out var path))
        {
            var count = path.Instructions / SecondsAsleep;
            rows[rows.FindIndex(row => row.Key == Asleep)] = new(AsleepBySecond, new Cost(count, count, count));
            byName[AsleepBySecond] = path;
        }
        return this with { Rows = rows, Paths = byName };
    }

    public static Measurement Parse(IEnumerable<string> log)
    {
        List<KeyValuePair<string, Cost>> rows = [];
        HashSet<string> useless = [];
        List<string> failures = [];
        bool complete = false, unexpected = false;
        foreach (var line in log)
        {
            if (Row().Match(line) is { Success: true } row)
            {
                rows.Add(new(row.Groups[1].Value, new Cost(Number(row.Groups[2]), Number(row.Groups[3]), Number(row.Groups[4]))));
                if (unexpected)
                    useless.Add(row.Groups[1].Value);
                unexpected = false;
            }
            else if (line.StartsWith("NOTE unexpected result", StringComparison.Ordinal))
                unexpected = true; // Said before the row it belongs to.
            else if (line.StartsWith("FAIL ", StringComparison.Ordinal))
                failures.Add(line[5..]);
            complete |= IsEnd(line);
        }
        return new Measurement(rows, useless, failures, complete);
    }

    public static bool IsEnd(string line) => line.StartsWith("DONE passed ", StringComparison.Ordinal);

    private static long Number(Group digits) => long.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^BENCH (\S+) (\d{1,18}) (\d{1,18}) (\d{1,18})\s*$")]
    private static partial Regex Row();
}
