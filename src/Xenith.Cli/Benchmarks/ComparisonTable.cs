using System.Globalization;
using Spectre.Console;

namespace Xenith.Cli.Benchmarks;

/// <summary>The comparison for a reader: a table on a terminal, the same columns as plain text in a file or pipe.</summary>
internal static class ComparisonTable
{
    private static readonly string[] Heads = ["row", "Xen min", "median", "max", "Xenith min", "median", "max", "ratio", ""];

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
        console.WriteLine(Summary(comparison));
    }

    public static string Plain(Comparison comparison)
    {
        List<string[]> lines = [Heads, .. comparison.Rows.Select(Cells)];
        var widths = Heads.Select((_, column) => lines.Max(line => line[column].Length)).ToList();
        var text = lines.Select(line => string.Join("  ", line.Select((cell, column) =>
            column is 0 or 8 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd());
        return $"{string.Join('\n', text)}\n\n{Summary(comparison)}\n";
    }

    public static string Summary(Comparison comparison)
    {
        if (comparison.MedianRatio is not { } median)
            return $"{comparison.Rows.Count} rows";
        var left = comparison.Rows.Count - comparison.Compared;
        return $"{comparison.Rows.Count} rows, {comparison.Above} above Xen, median ratio {Ratio(median)}{(left > 0 ? $" (of {comparison.Compared})" : "")}";
    }

    internal static string Ratio(double ratio) => ratio.ToString("f3", CultureInfo.InvariantCulture);

    private static string[] Cells(ComparedRow row) =>
    [
        row.Name, .. Cells(row.Xen), .. Cells(row.Xenith), row.Ratio is { } ratio ? Ratio(ratio) : "",
        row.IsAbove ? "above" : row.Valid ? "" : "wrong result",
    ];

    private static IEnumerable<string> Cells(Cost? cost) =>
        cost is null ? ["-", "-", "-"] : ((long[])[cost.Min, cost.Median, cost.Max]).Select(count => count.ToString(CultureInfo.InvariantCulture));
}
