using Xenith.Cli.Benchmarks;
using Xunit;

namespace Xenith.Cli.Tests;

/// <summary>From the guest's lines to rows, ratios and what is drawn of them.</summary>
public class BenchmarkTests
{
    private static readonly Measurement Xen = Measurement.Parse(
        ["(XEN) Xen version 4.17", "NOTE xenith-guest-pv", "BENCH one 100 100 104", "BENCH two 200 200 200", "BENCH three 10 10 10", "DONE passed 9 failed 0"]);

    private static readonly Measurement Xenith = Measurement.Parse(
        ["BENCH one 50 50 50", "BENCH two 240 250 260", "NOTE unexpected result -38", "BENCH three 1 1 1", "BENCH four 7 8 9", "FAIL gate: -22"]);

    [Fact]
    public void The_guests_lines_become_rows()
    {
        Assert.Equal(["one", "two", "three"], Xen.Rows.Select(row => row.Key));
        Assert.Equal(new Cost(100, 100, 104), Xen.Rows[0].Value);
        Assert.True(Xen.Complete);
        Assert.False(Xenith.Complete);
        Assert.Equal(["gate: -22"], Xenith.Failures);
    }

    [Fact]
    public void A_row_whose_operation_failed_gets_no_ratio()
    {
        var comparison = Comparison.Of(Xen, Xenith);

        Assert.Equal([0.5, 1.25, null, null], comparison.Rows.Select(row => row.Ratio));
        Assert.Equal((2, 1, 0.875), (comparison.Compared, comparison.Above, comparison.MedianRatio!.Value));
        Assert.Equal("4 rows, 1 above Xen, median ratio 0.875 (of 2)", ComparisonTable.Summary(comparison));
    }

    [Fact]
    public void One_measurement_alone_is_shown_without_ratios()
    {
        var comparison = Comparison.Of(null, Xenith);

        Assert.Null(comparison.MedianRatio);
        Assert.Equal("4 rows", ComparisonTable.Summary(comparison));
        Assert.All(comparison.Rows, row => Assert.Null(row.Xen));
    }

    [Fact]
    public void Rows_are_chosen_by_name()
    {
        var comparison = Comparison.Of(Xen, Xenith);

        Assert.Equal(["two", "three"], comparison.Only(["t*"]).Rows.Select(row => row.Name));
        Assert.Equal(comparison, comparison.Only([]));
        Assert.Throws<ToolException>(() => comparison.Only(["one", "none"]));
    }

    [Fact]
    public void The_plain_table_lines_up()
    {
        var lines = ComparisonTable.Plain(Comparison.Of(Xen, Xenith)).Split('\n');

        Assert.Equal("row    Xen min  median  max  Xenith min  median  max  ratio", lines[0]);
        Assert.Equal("two        200     200  200         240     250  260  1.250  above", lines[2]);
        Assert.Equal("three       10      10   10           1       1    1         wrong result", lines[3]);
    }

    [Fact]
    public void The_plot_is_an_image_with_a_bar_for_each_ratio()
    {
        var svg = System.Xml.Linq.XDocument.Parse(RatioPlot.Svg(Comparison.Of(Xen, Xenith)));

        Assert.Equal(2, svg.Descendants().Count(element => element.Name.LocalName == "rect" && element.Attribute("fill")!.Value is "#c0392b" or "#2e7d5b"));
    }
}
