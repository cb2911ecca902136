using System.Globalization;
using System.Text;
using System.Text.Json;
using Xenith.Cli.Building;

namespace Xenith.Cli.Testing;

/// <summary>
/// Which branches of the hypervisor the hosted tests have taken. Coverlet counts the ways out of each conditional jump and each switch of the
/// compiled code; what checked arithmetic, array bounds and null references can do is no jump there, and not counted. Nothing is left out.
/// </summary>
/// <param name="Methods">Every method that has branches.</param>
internal sealed record BranchCoverage(IReadOnlyList<BranchCoverage.Method> Methods)
{
    private const string Sources = "src/Xenith.Hypervisor/";

    /// <param name="File">Below src/Xenith.Hypervisor.</param>
    /// <param name="Missed">The line of each branch that was not taken; a line comes as often as it has such branches.</param>
    public sealed record Method(string File, string Name, int Branches, IReadOnlyList<int> Missed)
    {
        /// <summary>The folder right below src/Xenith.Hypervisor, or "." for a file that lies in none.</summary>
        public string Folder => File.Contains('/', StringComparison.Ordinal) ? File[..File.IndexOf('/', StringComparison.Ordinal)] : ".";
    }

    public sealed record Folder(string Name, int Covered, int Branches)
    {
        /// <summary>In percent; rounded down where it is shown, so that what misses a floor does not look as if it met it.</summary>
        public double Share => Branches == 0 ? 100 : 100.0 * Covered / Branches;

        public string Text => $"{Covered} of {Branches}, {Math.Floor(Share * 10) / 10:f1} %";
    }

    public IReadOnlyList<Folder> Folders =>
        [.. Methods.GroupBy(method => method.Folder).OrderBy(group => group.Key, StringComparer.Ordinal).Select(Sum)];

    /// <summary>Runs a copy of the test program with a hypervisor that counts.</summary>
    /// <param name="onLine">Each line that the program prints.</param>
    /// <returns>What was counted, or null if the run did not come to its end; and what was printed.</returns>
    public static async Task<(BranchCoverage? Coverage, HostCommand.Result Run)> MeasureAsync(
        Repository repository, string program, Action<string> onLine, CancellationToken cancel)
    {
        var folder = Path.Combine(repository.Output, "coverage");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        var copy = Path.Combine(folder, "program");
        CopyFolder(Path.GetDirectoryName(program)!, copy);
        var report = Path.Combine(folder, "coverage.json");
        var run = await Dotnet.CoverAsync(repository, Path.Combine(copy, Path.GetFileName(program)), report, onLine, cancel);
        if (run.Status != 0 || !File.Exists(report))
            return (null, run);
        var coverage = Parse(await File.ReadAllTextAsync(report, cancel));
        await File.WriteAllTextAsync(Path.Combine(folder, "missed.txt"), coverage.MissedBranches(), cancel);
        return (coverage, run);
    }

    /// <summary>Reads coverlet's JSON: assembly, source file, type, method, and in it "Branches" with "Line" and "Hits".</summary>
    public static BranchCoverage Parse(string json)
    {
        List<Method> methods = [];
        using var document = JsonDocument.Parse(json);
        foreach (var file in document.RootElement.EnumerateObject().SelectMany(assembly => assembly.Value.EnumerateObject()))
        {
            var start = file.Name.LastIndexOf(Sources, StringComparison.Ordinal);
            if (start < 0)
                continue;
            foreach (var method in file.Value.EnumerateObject().SelectMany(type => type.Value.EnumerateObject()))
            {
                var branches = method.Value.GetProperty("Branches").EnumerateArray().ToList();
                if (branches.Count > 0)
                    methods.Add(new Method(file.Name[(start + Sources.Length)..], method.Name, branches.Count,
                        [.. branches.Where(branch => branch.GetProperty("Hits").GetInt32() == 0).Select(branch => branch.GetProperty("Line").GetInt32()).Order()]));
            }
        }
        return new BranchCoverage(methods);
    }

    /// <summary>The least share in percent that a folder must have, as 'eng/branch-coverage.txt' lists it: a folder and a number a line.</summary>
    public static IReadOnlyDictionary<string, double> ParseFloors(string text) =>
        text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(words => words[0], words => double.Parse(words[1], CultureInfo.InvariantCulture));

    /// <summary>The table that a test run prints.</summary>
    public string Table(IReadOnlyDictionary<string, double> floors)
    {
        var text = new StringBuilder("branches of the hypervisor that hosted tests take\n");
        foreach (var folder in Folders.Append(Sum("all", Methods)))
        {
            var floor = floors.TryGetValue(folder.Name, out var least) ? FormattableString.Invariant($"at least {least} %") : "";
            text.Append(string.Create(CultureInfo.InvariantCulture, $"  {folder.Name,-14} {folder.Covered,6} of {folder.Branches,6} {Math.Floor(folder.Share * 10) / 10,7:f1} %  {floor}").TrimEnd()).Append('\n');
        }
        return text.ToString().TrimEnd();
    }

    /// <summary>A line for each method with branches that were not taken, the files with most of them first.</summary>
    private string MissedBranches()
    {
        var text = new StringBuilder();
        foreach (var file in Methods.GroupBy(method => method.File).OrderByDescending(group => group.Sum(method => method.Missed.Count)))
        {
            if (file.All(method => method.Missed.Count == 0))
                continue;
            text.Append(CultureInfo.InvariantCulture, $"{file.Key}: {file.Sum(method => method.Missed.Count)} of {file.Sum(method => method.Branches)} not taken\n");
            foreach (var method in file.Where(method => method.Missed.Count > 0))
                text.Append(CultureInfo.InvariantCulture, $"    {method.Missed.Count}/{method.Branches} {method.Name} lines {string.Join(' ', method.Missed.Distinct())}\n");
        }
        return text.ToString();
    }

    private static Folder Sum(IGrouping<string, Method> group) => Sum(group.Key, group);

    private static Folder Sum(string name, IEnumerable<Method> methods) =>
        methods.Aggregate(new Folder(name, 0, 0), (sum, method) => new Folder(name, sum.Covered + method.Branches - method.Missed.Count, sum.Branches + method.Branches));

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.EnumerateDirectories(from))
            CopyFolder(folder, Path.Combine(to, Path.GetFileName(folder)));
    }
}
