using Xenith.Cli.Testing;
using Xunit;

namespace Xenith.Cli.Tests;

/// <summary>Coverlet's report becomes figures per folder, and a folder below its floor does not look as if it met it.</summary>
public class BranchCoverageTests
{
    private const string Report = """
        {
          "Xenith.Hypervisor.dll": {
            "/xenith/src/Xenith.Hypervisor/Memory/Types/Walk.cs": {
              "Walk": {
                "Step()": {
                  "Lines": { "7": 1 },
                  "Branches": [
                    { "Line": 7, "Offset": 3, "EndOffset": 5, "Path": 0, "Ordinal": 0, "Hits": 1 },
                    { "Line": 7, "Offset": 3, "EndOffset": 9, "Path": 1, "Ordinal": 1, "Hits": 0 },
                    { "Line": 8, "Offset": 12, "EndOffset": 14, "Path": 0, "Ordinal": 2, "Hits": 1 }
                  ]
                },
                "Straight()": { "Lines": { "20": 0 }, "Branches": [] }
              }
            },
            "/xenith/src/Xenith.Hypervisor/Host.cs": {
              "Host": { "Find()": { "Lines": {}, "Branches": [ { "Line": 3, "Offset": 1, "EndOffset": 2, "Path": 0, "Ordinal": 0, "Hits": 4 } ] } }
            },
            "/xenith/src/Xenith.Elsewhere/Other.cs": {
              "Other": { "M()": { "Lines": {}, "Branches": [ { "Line": 3, "Offset": 1, "EndOffset": 2, "Path": 0, "Ordinal": 0, "Hits": 0 } ] } }
            }
          }
        }
        """;

    [Fact]
    public void FiguresPerFolder()
    {
        var coverage = BranchCoverage.Parse(Report);
        Assert.Equal([new BranchCoverage.Folder(".", 1, 1), new BranchCoverage.Folder("Memory", 2, 3)], coverage.Folders);
        var method = Assert.Single(coverage.Methods, method => method.Folder == "Memory");
        Assert.Equal("Memory/Types/Walk.cs", method.File);
        Assert.Equal([7], method.Missed);
    }

    [Fact]
    public void SharesAreRoundedDown()
    {
        Assert.Equal("7999 of 10000, 79.9 %", new BranchCoverage.Folder("Memory", 7999, 10000).Text);
        Assert.Contains("66.6 %  at least 80 %", BranchCoverage.Parse(Report).Table(BranchCoverage.ParseFloors("Memory 80")), StringComparison.Ordinal);
    }

    [Fact]
    public void Floors()
    {
        var floors = BranchCoverage.ParseFloors("# a comment\n\nMemory   80\nTime 79.5\n");
        Assert.Equal(2, floors.Count);
        Assert.Equal(79.5, floors["Time"]);
    }
}
