using System.Globalization;
using System.Text.RegularExpressions;

namespace Xenith.Cli.Testing;

/// <summary>
/// docs/verified.md: one row for each part that was run at its full count, with the commit it was run on. A run replaces its
/// own row and leaves the rest of the page alone.
/// </summary>
internal static partial class VerifiedPage
{
    private const string Head = "| part | what it shows | commit | result | numbers |";
    private const string Rule = "|---|---|---|---|---|";
    private const int ListedCases = 6;

    private const string Introduction = """
        # Verified

        What was run at its full count, on which commit, with what result. `./test --full PART` rewrites a part's row; `./test --list`
        names the parts. A commit with a `+` had changes that were not committed.


        """;

    /// <returns>The page with this row in it.</returns>
    public static string WithRow(string page, string part, string row)
    {
        if (!page.Contains(Rule, StringComparison.Ordinal))
            page = $"{(page.Length == 0 ? Introduction : page.TrimEnd() + "\n\n")}{Head}\n{Rule}\n";
        List<string> lines = [.. page.TrimEnd('\n').Split('\n')];
        var at = lines.FindIndex(line => line.StartsWith($"| {part} |", StringComparison.Ordinal));
        if (at >= 0)
            lines[at] = row;
        else
            lines.Insert(lines.FindLastIndex(line => line.StartsWith('|')) + 1, row);
        return string.Join('\n', lines) + "\n";
    }

    public static string Row(TestPart part, string commit, string? hypervisor, IReadOnlyList<TestResult> results, TimeSpan time)
    {
        var failed = results.Count(result => result.Verdict == Verdict.Failed);
        var passed = results.Count(result => result.Verdict == Verdict.Passed);
        var on = hypervisor is null ? "" : $" on {hypervisor}";
        var numbers = $"{Numbers(results)}{time.TotalSeconds.ToString("f0", CultureInfo.InvariantCulture)} s";
        return $"| {part.Name} | {part.Point} | {commit} | {passed} passed, {failed} failed{on} | {numbers.Replace("|", "\\|", StringComparison.Ordinal)} |";
    }

    /// <summary>The cases' own numbers: as a range where all are of one kind, else one by one where they are few.</summary>
    private static string Numbers(IReadOnlyList<TestResult> results)
    {
        var noted = results.Where(result => result is { Verdict: Verdict.Passed, Detail: not null }).ToList();
        var measures = noted.Select(result => Measure().Match(result.Detail!)).ToList();
        if (noted.Count > 1 && measures.All(match => match.Success) && measures.DistinctBy(match => match.Groups[2].Value).Count() == 1)
        {
            var values = measures.Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToList();
            return string.Create(CultureInfo.InvariantCulture, $"{values.Min():0.#} to {values.Max():0.#} {measures[0].Groups[2].Value}; ");
        }
        return noted.Count is 0 or > ListedCases ? "" : string.Join("; ", noted.Select(result => $"{result.Name}: {result.Detail}")) + "; ";
    }

    [GeneratedRegex(@"^([0-9]+(?:\.[0-9]+)?) ([A-Za-z][A-Za-z ]*)$")]
    private static partial Regex Measure();
}
