using Xenith.Cli.Testing;
using Xunit;
using TestResult = Xenith.Cli.Testing.TestResult;

namespace Xenith.Cli.Tests;

/// <summary>A run replaces its own row of docs/verified.md and nothing else.</summary>
public class VerifiedPageTests
{
    [Fact]
    public void Rows_are_added_and_replaced()
    {
        var page = VerifiedPage.WithRow("", "one", "| one | a |");
        page = VerifiedPage.WithRow(page, "two", "| two | b |");
        page = VerifiedPage.WithRow(page, "one", "| one | c |");

        Assert.StartsWith("# Verified\n", page);
        Assert.EndsWith("|---|---|---|---|---|\n| one | c |\n| two | b |\n", page);
    }

    [Fact]
    public void Text_around_the_table_stays()
    {
        const string page = "# Mine\n\n| part | x |\n|---|---|---|---|---|\n| one | a |\n\nAfter.\n";

        Assert.Equal(page.Replace("| a |", "| b |"), VerifiedPage.WithRow(page, "one", "| one | b |"));
    }

    [Fact]
    public void Measures_of_one_kind_become_a_range()
    {
        TestResult[] results =
        [
            new("boots", "1", Verdict.Passed, 12, "9.8 CPU s"),
            new("boots", "2", Verdict.Passed, 13, "11.2 CPU s"),
            new("boots", "3", Verdict.Failed, 14, "died"),
        ];

        var row = VerifiedPage.Row(new BuildChecks(), "abc", "debian", results, TimeSpan.FromSeconds(39));

        Assert.Contains("| abc | 2 passed, 1 failed on debian | 9.8 to 11.2 CPU s; 39 s |", row);
    }
}
