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

    private static readonly string[] Trace =
    [
        "pass", "3 f3a4", "1 0f22d8", "1 0f01f8", "stores 300 1", "stores b0 2",
        "pass", "2 f00fb111", "1 0f30", "4 90", "1 8707", "1 ec",
    ];

    /// <summary>What the plugin writes: instructions by their bytes, stores by the local APIC's register.</summary>
    [Fact]
    public void Executed_instructions_are_sorted_by_what_they_cost()
    {
        Assert.Equal(
            [
                new PathCounts(Instructions: 5, Repeats: 3, Flushes: 1, Invalidations: 0, MsrWrites: 0, Interrupts: 1, Locked: 0, Devices: 3),
                new PathCounts(Instructions: 9, Repeats: 0, Flushes: 0, Invalidations: 0, MsrWrites: 1, Interrupts: 0, Locked: 3, Devices: 1),
            ],
            PathCounts.Parse(Trace));
    }

    [Fact]
    public void A_row_that_wins_by_costlier_instructions_is_said()
    {
        var paths = PathCounts.Parse(Trace);
        var xen = Measurement.Parse(["BENCH one 100 100 100", "BENCH two 100 100 100", "DONE passed 0 failed 0"]).WithPaths(paths);
        var xenith = Measurement.Parse(["BENCH one 50 50 50", "BENCH two 60 60 60", "DONE passed 0 failed 0"]).WithPaths([paths[1], paths[1]]);
        var shipped = Measurement.Parse(["BENCH one 130 130 130", "BENCH two 100 100 100", "DONE passed 0 failed 0"]);

        var comparison = Comparison.Of(xen, xenith, shipped);
        Assert.Equal(["MSR writes", "locked"], comparison.Rows[0].More);
        Assert.Empty(comparison.Rows[1].More);
        Assert.Equal("2 rows, 0 above Xen, 1 below it with more of something costly, median ratio 0.550", ComparisonTable.Summary(comparison));
        var lines = ComparisonTable.Plain(comparison).Split('\n');
        Assert.EndsWith("0.500  Xen as shipped 130", lines[1]);
        Assert.Equal("one        3      1      0      0    1     0       3           0      0      0      1    0     3       1  more MSR writes, locked", lines[5]);
        Assert.NotEmpty(xen.WithPaths([paths[0]]).Failures);
    }

    /// <summary>Time passes without instructions while a machine sleeps, so that row counts what was executed.</summary>
    [Fact]
    public void An_idle_second_is_counted_by_instructions()
    {
        var idle = Measurement.Parse(["BENCH idle_4_seconds 4000000000 4000000000 4000000000"]).WithPaths([PathCounts.Parse(["pass", "400 90"])[0]]);
        Assert.Equal([new("idle_second", new Cost(100, 100, 100))], idle.Rows);
    }

    [Fact]
    public void Stretches_are_named_by_where_they_begin_and_end()
    {
        var stretches = StretchRun.Parse(
            ["looks 100 1000 2008", "looks 300 1004 2004", "interrupts 7 1000 1fff", "looks 200 2000 1000"], [(0x1000, "one"), (0x2000, "two")]);
        Assert.Equal([new Stretch(300, "one", "two"), new Stretch(200, "two", "one")], stretches["looks"]);
        Assert.Equal([new Stretch(7, "one", "one")], stretches["interrupts"]);
    }

    [Fact]
    public void Held_memory_is_what_neither_dom0_has_nor_is_free()
    {
        string[] log =
        [
            "(XEN)  [0000000000000000, 000000000009fbff] (usable)", "(XEN)  [0000000000100000, 000000003ffdffff] (usable)",
            "(XEN)     Xen heap: 0kB free", "(XEN)     heap[14]: 65528kB free", "(XEN)     Dom heap: 700000kB free", "(XEN)     nr_pages=65536 xenheap_pages=5",
        ];
        Assert.Equal((0x9f + 0x3fee0) * 4 - 700000 - 65536 * 4, MemoryRun.Held(log));
        Assert.Null(MemoryRun.Held(log[..5]));
    }

    [Fact]
    public void The_plot_is_an_image_with_a_bar_for_each_ratio()
    {
        var svg = System.Xml.Linq.XDocument.Parse(RatioPlot.Svg(Comparison.Of(Xen, Xenith)));

        Assert.Equal(2, svg.Descendants().Count(element => element.Name.LocalName == "rect" && element.Attribute("fill")!.Value is "#c0392b" or "#2e7d5b"));
    }
}
