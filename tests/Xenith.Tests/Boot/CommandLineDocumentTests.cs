// docs/command-line.md against the table that the parser works from: a row for each option, under the heading that tells the truth about its effect.

using System.Text;
using System.Text.RegularExpressions;
using Xenith.Hypervisor.Boot;
using Xunit;

namespace Xenith.Tests.Boot;

public partial class CommandLineDocumentTests
{
    [Fact]
    public void Every_option_has_its_row_under_the_right_heading()
    {
        string page = File.ReadAllText(Path.Combine(Root(), "docs", "command-line.md"));
        string[] parts = page.Split("## Options that ");
        Assert.Equal(3, parts.Length);
        Assert.Equal(Names(hasEffect: true), Documented(parts[1]));
        Assert.Equal(Names(hasEffect: false), Documented(parts[2]));
    }

    [Fact]
    public void Names_are_in_order_and_not_repeated()
    {
        List<string> all = [.. Names(hasEffect: true), .. Names(hasEffect: false)];
        Assert.Equal(all.Count, all.Distinct().Count());
        Assert.True(all.Count > 180);
    }

    [Fact]
    public void Every_row_of_the_table_can_be_given()
    {
        OptionTable table = new();
        while (table.MoveNext())
        {
            Option option = new(table.Current.Name);
            Assert.True(OptionTable.TryFind(option, out OptionRow found));
            Assert.Equal(Text(table.Current.Name), Text(found.Name));
            Assert.NotEqual("", Text(found.Values));
        }
    }

    private static List<string> Names(bool hasEffect)
    {
        List<string> names = [];
        OptionTable table = new();
        while (table.MoveNext())
        {
            if (table.Current.HasEffect == hasEffect)
                names.Add(Text(table.Current.Name) is var name && name.EndsWith('[') ? name + "N]" : name);
        }
        return names;
    }

    private static List<string> Documented(string part) => [.. Row().Matches(part).Select(match => match.Groups[1].Value)];

    private static string Text(ReadOnlySpan<byte> text) => Encoding.ASCII.GetString(text);

    private static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Xenith.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("not in the tree");
        return folder;
    }

    [GeneratedRegex(@"^\| `([^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
