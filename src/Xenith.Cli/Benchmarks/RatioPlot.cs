using System.Globalization;
using System.Security;
using System.Text;

namespace Xenith.Cli.Benchmarks;

/// <summary>
/// The ratios as horizontal bars in an SVG, on a logarithmic scale, so that half and double are equally far from 1. Bars to the
/// left of the middle line are rows where Xenith needs fewer instructions than Xen.
/// </summary>
internal static class RatioPlot
{
    private const double LabelWidth = 210, PlotWidth = 480, Right = 70, RowHeight = 18, Top = 52, Bottom = 30;
    private static readonly double[] Marks = [1 / 16.0, 1 / 8.0, 0.25, 0.5, 1, 2, 4, 8, 16];

    public static string Svg(Comparison comparison)
    {
        var rows = comparison.Rows.Where(row => row.Ratio is > 0).ToList();
        // At least from a half to double, and a little more than the longest bar.
        var reach = Math.Max(1, 1.05 * rows.Select(row => Math.Abs(Math.Log2(row.Ratio!.Value))).DefaultIfEmpty(0).Max());
        double X(double ratio) => LabelWidth + PlotWidth / 2 * (1 + Math.Log2(ratio) / reach);
        var height = Top + rows.Count * RowHeight + Bottom;

        var svg = new StringBuilder();
        void Line(FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"""<svg xmlns="http://www.w3.org/2000/svg" width="{LabelWidth + PlotWidth + Right}" height="{height}" font-family="sans-serif" font-size="12">""");
        Line($"""<rect width="100%" height="100%" fill="white"/>""");
        Line($"""<text x="8" y="18" font-size="14" font-weight="bold">Instructions on Xenith by instructions on Xen 4.17, medians</text>""");
        Line($"""<text x="8" y="36" fill="#555">{ComparisonTable.Summary(comparison)}; left of 1: Xenith needs fewer</text>""");
        foreach (var mark in Marks.Where(mark => Math.Abs(Math.Log2(mark)) <= reach))
        {
            Line($"""<line x1="{X(mark):f1}" x2="{X(mark):f1}" y1="{Top - 4}" y2="{height - Bottom + 4}" stroke="{(mark == 1 ? "#333" : "#ccc")}"/>""");
            Line($"""<text x="{X(mark):f1}" y="{height - Bottom + 18}" text-anchor="middle">{mark:0.####}</text>""");
        }
        foreach (var (index, row) in rows.Index())
        {
            var ratio = row.Ratio!.Value;
            var (y, from, to) = (Top + index * RowHeight, Math.Min(X(1), X(ratio)), Math.Max(X(1), X(ratio)));
            Line($"""<text x="{LabelWidth - 8}" y="{y + 13}" text-anchor="end">{SecurityElement.Escape(row.Name)}</text>""");
            Line($"""<rect x="{from:f1}" y="{y + 3}" width="{Math.Max(to - from, 0.5):f1}" height="{RowHeight - 6}" fill="{(row.IsAbove ? "#c0392b" : "#2e7d5b")}"/>""");
            Line($"""<text x="{(ratio > 1 ? to + 4 : from - 4):f1}" y="{y + 13}" font-size="10" text-anchor="{(ratio > 1 ? "start" : "end")}">{ratio:f2}</text>""");
        }
        return svg.Append("</svg>\n").ToString();
    }
}
