// The table of hypercalls as source: every number has its row, the documentation has the same rows, and what the rows say is so.

using System.Text.RegularExpressions;
using Xenith.Abi;
using Xunit;

namespace Xenith.Tests.Hypercalls;

public sealed partial class TableTests
{
    private static readonly List<Row> s_rows = ReadTable();

    [Fact]
    public void Every_number_to_55_has_one_row_in_order() => Assert.Equal(Enumerable.Range(0, 56), s_rows.Select(row => row.Number));

    [Fact]
    public void The_documentation_has_the_same_rows()
    {
        string page = Source("hypercalls.md");
        foreach (Row row in s_rows.Where(row => row.Name != "-"))
            Assert.Contains(row.Markdown + "\n", page, StringComparison.Ordinal);
        Assert.Equal(s_rows.Count(row => row.Name != "-"), DocumentedRow().Count(page));
    }

    [Fact]
    public void What_is_absent_answers_ENOSYS_without_a_word()
    {
        using var guest = new GuestScene();
        foreach (Row row in s_rows.Where(row => row.State == "absent"))
            Assert.Equal(-38, guest.Call((HypercallNumber)row.Number, 1, 2, 3, 4, 5));
        foreach (uint number in (uint[])[56, 63, 64, 255, 0x1000, uint.MaxValue])
            Assert.Equal(-38, guest.Call((HypercallNumber)number));
        Assert.DoesNotContain("not implemented", guest.Printed, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_written_answers_ENOSYS_and_is_logged_once()
    {
        using var guest = new GuestScene();
        for (int i = 0; i < 3; i++)
            Assert.Equal(-38, guest.Call(HypercallNumber.HvmOp, 1));
        Assert.Equal(-38, guest.Call(HypercallNumber.HvmOp, 0));
        Assert.Equal(-38, guest.Call(HypercallNumber.DmOp, 0));
        Assert.Single(LoggedLine().Matches(guest.Printed), line => line.Value.Contains("hvm_op (34) with operation 1,", StringComparison.Ordinal));
        Assert.Equal(3, LoggedLine().Count(guest.Printed));
    }

    [Fact]
    public void A_32_bit_kernel_gets_ENOSYS_for_every_call_and_is_logged_once_for_each()
    {
        using var guest = new GuestScene();
        foreach (Row row in s_rows)
        {
            Assert.Contains(row.Pv32, (string[])["none", "absent"]);
            // The arguments would do something for a 64-bit kernel: yield, write to the console.
            Assert.Equal(-38, guest.CallAs32Bit((HypercallNumber)row.Number, 0, 0, GuestScene.Memory));
            Assert.Equal(-38, guest.CallAs32Bit((HypercallNumber)row.Number, 1, 1, GuestScene.Memory));
        }
        Assert.Equal(s_rows.Count, System.Text.RegularExpressions.Regex.Count(guest.Printed, "as a 32-bit guest, which is not implemented"));
    }

    [Theory]
    [InlineData(HypercallNumber.Sysctl, 0x15u)]
    [InlineData(HypercallNumber.Domctl, 0x15u)]
    [InlineData(HypercallNumber.PlatformOp, 0x3000001u)]
    public void Privileged_calls_check_address_then_version_then_caller(HypercallNumber number, uint version)
    {
        using var dom0 = new GuestScene();
        Assert.Equal(-14, dom0.Call(number, GuestScene.Unmapped));
        dom0.Write(GuestScene.Memory, 5UL | (ulong)(version + 1) << 32);
        Assert.Equal(-13, dom0.Call(number, GuestScene.Memory));
        dom0.Write(GuestScene.Memory, 5UL | (ulong)version << 32);
        Assert.Equal(-38, dom0.Call(number, GuestScene.Memory));

        using var domU = new GuestScene(privileged: false);
        Assert.Equal(-14, domU.Call(number, GuestScene.Unmapped));
        domU.Write(GuestScene.Memory, 5UL | (ulong)version << 32);
        Assert.Equal(-1, domU.Call(number, GuestScene.Memory));
    }

    [Fact]
    public void A_domctl_about_a_domain_that_does_not_exist_says_so()
    {
        using var guest = new GuestScene();
        guest.Write(GuestScene.Memory, 999UL | 0x15UL << 32);
        guest.Write(GuestScene.Memory + 8, (ulong)DomainIds.Self);
        Assert.Equal(-3, guest.Call(HypercallNumber.Domctl, GuestScene.Memory));
    }

    [GeneratedRegex(@"^\s+case (?<number>\d+)(?<pv> when TCaller\.Pv)?: return (?<handler>[\w.]+)(<TCaller>)?\(.*?\);\s*// (?<name>\S+)\s*\| (?<who>\S+)\s*\| (?<pre>\S+)\s*\| (?<pv32>\S+)\s*\| (?<state>\S+)$", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"^\| \d+ \| `", RegexOptions.Multiline)]
    private static partial Regex DocumentedRow();

    [GeneratedRegex("hypercall .* is not implemented")]
    private static partial Regex LoggedLine();

    /// <summary>A file of the tree that the build puts beside the tests.</summary>
    private static string Source(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "source", name));

    private static List<Row> ReadTable()
    {
        return TableRow().Matches(Source("HypercallTable.cs"))
            .Select(match => new Row(int.Parse(match.Groups["number"].Value), match.Groups["name"].Value, match.Groups["pv"].Success, match.Groups["who"].Value, match.Groups["pre"].Value, match.Groups["pv32"].Value, match.Groups["state"].Value))
            .ToList();
    }

    private sealed record Row(int Number, string Name, bool PvOnly, string Who, string Preemptible, string Pv32, string State)
    {
        public string Markdown => $"| {Number} | `{Name}` | {(PvOnly ? "PV" : "all")} | {Who} | {Preemptible} | {Pv32} | {State} |";
    }
}
