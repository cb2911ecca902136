using System.Globalization;
using Spectre.Console;

namespace Xenith.Cli.Benchmarks;

/// <summary>The comparison for a reader: a table on a terminal, the same columns as plain text in a file or pipe.</summary>
internal static class ComparisonTable
{
    private static readonly string[] Heads = ["row", "Xen min", "median", "max", "Xenith min", "median", "max", "ratio", ""];

    private static readonly string[] PathHeads =
        ["row", "Xen rep", "CR3/4", "inval", "WRMSR", "IPI", "lock", "device", "Xenith rep", "CR3/4", "inval", "WRMSR", "IPI", "lock", "device", ""];

    public static void Write(Comparison comparison, IAnsiConsole console)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var (index, head) in Heads.Index())
            table.AddColumn(new TableColumn(head) { Alignment = index is 0 or 8 ? Justify.Left : Justify.Right, NoWrap = true });
        foreach (var row in comparison.Rows)
        {
            var style = new Style(row.IsAbove ? Color.Red : row.Ratio < 1 ? Color.Green : Color.Default);
            table.AddRow(Cells(row).Select((cell, index) => new Text(cell, index >= 7 ? style : Style.Plain)));
        }
        console.Write(table);
        if (HasPaths(comparison))
        {
            var paths = new Table().Border(TableBorder.Rounded);
            foreach (var (index, head) in PathHeads.Index())
                paths.AddColumn(new TableColumn(head) { Alignment = index == 0 || index == PathHeads.Length - 1 ? Justify.Left : Justify.Right, NoWrap = true });
            foreach (var row in comparison.Rows)
                paths.AddRow(PathCells(row).Select(cell => new Text(cell, row.More.Count > 0 ? new Style(Color.Yellow) : Style.Plain)));
            console.Write(paths);
        }
        console.WriteLine(Summary(comparison));
    }

    public static string Plain(Comparison comparison)
    {
        var paths = HasPaths(comparison) ? $"\n{Columns([PathHeads, .. comparison.Rows.Select(PathCells)])}\n" : "";
        return $"{Columns([Heads, .. comparison.Rows.Select(Cells)])}\n{paths}\n{Summary(comparison)}\n";
    }

    private static string Columns(IReadOnlyList<string[]> lines)
    {
        var last = lines[0].Length - 1;
        var widths = lines[0].Select((_, column) => lines.Max(line => line[column].Length)).ToList();
        return string.Join('\n', lines.Select(line => string.Join("  ", line.Select((cell, column) =>
            column == 0 || column == last ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd()));
    }

    private static bool HasPaths(Comparison comparison) => comparison.Rows.Any(row => row.XenPath is not null || row.XenithPath is not null);

    public static string Summary(Comparison comparison)
    {
        if (comparison.MedianRatio is not { } median)
            return $"{comparison.Rows.Count} rows";
        var left = comparison.Rows.Count - comparison.Compared;
        var doubtful = HasPaths(comparison) ? $", {comparison.Doubtful} below it with more of something costly" : "";
        return $"{comparison.Rows.Count} rows, {comparison.Above} above Xen{doubtful}, median ratio {Ratio(median)}{(left > 0 ? $" (of {comparison.Compared})" : "")}";
    }

    internal static string Ratio(double ratio) => ratio.ToString("f3", CultureInfo.InvariantCulture);

    private static string[] Cells(ComparedRow row) =>
    [
        row.Name, .. Cells(row.Xen), .. Cells(row.Xenith), row.Ratio is { } ratio ? Ratio(ratio) : "",
        string.Join(", ", Remarks(row)),
    ];

    private static IEnumerable<string> Remarks(ComparedRow row)
    {
        if (row.IsAbove || !row.Valid)
            yield return row.Valid ? "above" : "wrong result";
        if (row.XenByDefault is { } shipped && row.Xen is { } compared && shipped.Median != compared.Median)
            yield return $"Xen as shipped {shipped.Median.ToString(CultureInfo.InvariantCulture)}";
    }

    private static string[] PathCells(ComparedRow row) =>
        [row.Name, .. PathCells(row.XenPath), .. PathCells(row.XenithPath), row.More.Count > 0 ? $"more {string.Join(", ", row.More)}" : ""];

    private static IEnumerable<string> PathCells(PathCounts? path) =>
        path is null ? Enumerable.Repeat("-", 7)
        : ((long[])[path.Repeats, path.Flushes, path.Invalidations, path.MsrWrites, path.Interrupts, path.Locked, path.Devices]).Select(count => count.ToString(CultureInfo.InvariantCulture));

    private static IEnumerable<string> Cells(Cost? cost) =>
        cost is null ? ["-", "-", "-"] : ((long[])[cost.Min, cost.Median, cost.Max]).Select(count => count.ToString(CultureInfo.InvariantCulture));
}
