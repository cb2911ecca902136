using System.IO.Enumeration;

namespace Xenith.Cli.Benchmarks;

/// <param name="Valid">False where the operation failed on one of the two: the figures stand, but no ratio is made of them.</param>
internal sealed record ComparedRow(string Name, Cost? Xen, Cost? Xenith, bool Valid)
{
    /// <summary>Xenith's median by Xen's. Below 1 Xenith needs fewer instructions.</summary>
    public double? Ratio => Valid && Xen is { Median: > 0 } && Xenith is not null ? (double)Xenith.Median / Xen.Median : null;

    public bool IsAbove => Ratio > 1;
}

/// <summary>The rows of two measurements side by side; either may be absent.</summary>
internal sealed record Comparison(IReadOnlyList<ComparedRow> Rows)
{
    public int Compared => Rows.Count(row => row.Ratio is not null);

    public int Above => Rows.Count(row => row.IsAbove);

    public double? MedianRatio
    {
        get
        {
            var ratios = Rows.Select(row => row.Ratio).OfType<double>().Order().ToList();
            return ratios.Count == 0 ? null : (ratios[(ratios.Count - 1) / 2] + ratios[ratios.Count / 2]) / 2;
        }
    }

    public static Comparison Of(Measurement? xen, Measurement? xenith)
    {
        var (left, right) = (Costs(xen), Costs(xenith));
        var names = (xen?.Rows ?? []).Concat(xenith?.Rows ?? []).Select(row => row.Key).Distinct();
        return new Comparison([.. names.Select(name => new ComparedRow(
            name, left.GetValueOrDefault(name), right.GetValueOrDefault(name),
            Valid: !(xen?.Useless.Contains(name) ?? false) && !(xenith?.Useless.Contains(name) ?? false)))]);
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
