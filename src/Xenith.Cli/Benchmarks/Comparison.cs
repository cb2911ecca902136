using System.IO.Enumeration;

namespace Xenith.Cli.Benchmarks;

/// <param name="Xen">Real Xen with the options that make it do as much as Xenith does (<see cref="GuestRun.LikeXenith"/>).</param>
/// <param name="Valid">False where the operation failed on one of the two: the figures stand, but no ratio is made of them.</param>
internal sealed record ComparedRow(string Name, Cost? Xen, Cost? Xenith, bool Valid)
{
    /// <summary>Xenith's median by Xen's. Below 1 Xenith needs fewer instructions.</summary>
    public double? Ratio => Valid && Xen is { Median: > 0 } && Xenith is not null ? (double)Xenith.Median / Xen.Median : null;

    public bool IsAbove => Ratio > 1;

    /// <summary>Real Xen as Debian ships it, where that was measured too.</summary>
    public Cost? XenByDefault { get; init; }

    public PathCounts? XenPath { get; init; }

    public PathCounts? XenithPath { get; init; }

    /// <summary>Kinds of costly instructions that Xenith executes more of than Xen.</summary>
    public IReadOnlyList<string> More => XenPath is null || XenithPath is null ? [] : [.. XenithPath.MoreThan(XenPath)];
}

/// <summary>The rows of two measurements side by side; either may be absent.</summary>
internal sealed record Comparison(IReadOnlyList<ComparedRow> Rows)
{
    public int Compared => Rows.Count(row => row.Ratio is not null);

    public int Above => Rows.Count(row => row.IsAbove);

    /// <summary>Rows with fewer instructions and more of some costly kind: those that only look better.</summary>
    public int Doubtful => Rows.Count(row => row.Ratio < 1 && row.More.Count > 0);

    public double? MedianRatio
    {
        get
        {
            var ratios = Rows.Select(row => row.Ratio).OfType<double>().Order().ToList();
            return ratios.Count == 0 ? null : (ratios[(ratios.Count - 1) / 2] + ratios[ratios.Count / 2]) / 2;
        }
    }

    /// <param name="xen">Real Xen doing as much as Xenith.</param>
    /// <param name="byDefault">Real Xen as Debian ships it.</param>
    public static Comparison Of(Measurement? xen, Measurement? xenith, Measurement? byDefault = null)
    {
        var (left, right, shipped) = (Costs(xen), Costs(xenith), Costs(byDefault));
        var names = (xen?.Rows ?? []).Concat(xenith?.Rows ?? []).Select(row => row.Key).Distinct();
        return new Comparison([.. names.Select(name => new ComparedRow(
            name, left.GetValueOrDefault(name), right.GetValueOrDefault(name),
            Valid: !(xen?.Useless.Contains(name) ?? false) && !(xenith?.Useless.Contains(name) ?? false))
        {
            XenByDefault = shipped.GetValueOrDefault(name),
            XenPath = xen?.Paths.GetValueOrDefault(name),
            XenithPath = xenith?.Paths.GetValueOrDefault(name),
        })]);
    }

    /// <summary>Only the rows that one of these names; '*' in a name stands for anything.</summary>
    /// <exception cref="ToolException">A name that fits no row.</exception>
    public Comparison Only(IReadOnlyList<string> names)
    {
        static bool Fits(string name, ComparedRow row) => FileSystemName.MatchesSimpleExpression(name, row.Name, ignoreCase: false);
        if (names.FirstOrDefault(name => !Rows.Any(row => Fits(name, row))) is { } unknown)
            throw ToolException.Usage($"--rows: no row is called '{unknown}'");
        return names.Count == 0 ? this : new Comparison([.. Rows.Where(row => names.Any(name => Fits(name, row)))]);
    }

    private static Dictionary<string, Cost> Costs(Measurement? measurement) => new(measurement?.Rows ?? []);
}
