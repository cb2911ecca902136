using System.Text.RegularExpressions;
using Xenith.Cli.Building;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing;

/// <summary>
/// What the hostile PV kernel (guests/hostile) says on a hypervisor: a line for each attack, and for each attack that ends the domain the words with which the host says so.
/// </summary>
internal static partial class HostileTranscript
{
    public const string Attack = "ATTACK ", Crash = "CRASH ";

    /// <summary>The attacks that are made one for each boot (guests/hostile/Attacks/Crashes.cs).</summary>
    public static readonly IReadOnlyList<string> Crashes =
    [
        "no-gate", "stack-unmapped", "stack-non-canonical", "stack-in-hypervisor", "stack-read-only", "entry-stack", "iret-unmapped", "iret-non-canonical", "iret-in-hypervisor",
        "no-user-root", "shutdown",
    ];

    /// <summary>The transcript of real Xen that is kept in the tree.</summary>
    public static string RecordedFile(Repository repository) => repository.PathTo("guests", "hostile", "transcript-debian-4.17.txt");

    /// <summary>The kernel in dom0's place on a small machine, with a second vCPU to set up.</summary>
    public static MachineSettings Machine(HypervisorImage hypervisor, string guest, string options = "") => new()
    {
        Hypervisor = hypervisor,
        Modules = new BootModules(guest, BootModules.None),
        MemoryMiB = 512,
        HypervisorOptions = "sched=credit dom0_max_vcpus=2",
        KernelOptions = options,
    };

    /// <summary>Builds the kernel, and gives its file.</summary>
    public static async Task<string> BuildAsync(Repository repository, CancellationToken cancel)
    {
        await Dotnet.BuildAsync(repository, repository.PathTo("guests", "hostile", "Xenith.Guest.Hostile.csproj"), cancel);
        return Path.Combine(repository.Output, "bin", "Xenith.Guest.Hostile", "release", "xenith-guest-hostile.elf");
    }

    /// <summary>The lines of the attacks, or null if the kernel did not come to its end.</summary>
    public static IReadOnlyList<string>? AttacksIn(IReadOnlyList<string> log) =>
        log.Any(line => line.StartsWith("DONE passed ", StringComparison.Ordinal)) ? [.. log.Where(line => line.StartsWith(Attack, StringComparison.Ordinal))] : null;

    /// <summary>One line for a domain's end: whether it crashed, the exception that had no gate, if one was named, and whether the host ended with it.</summary>
    public static string CrashIn(string name, IReadOnlyList<string> log)
    {
        var crashed = log.Any(line => CrashedLine().IsMatch(line));
        var host = log.Any(line => line.Contains("Hardware Dom0 crashed", StringComparison.Ordinal));
        var unhandled = log.Select(line => UnhandledLine().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value;
        return $"{Crash}{name}: {(crashed ? "d0v0 crashed" : "no crash")}{(unhandled is null ? "" : $", unhandled {unhandled}")}{(host ? ", host ends" : "")}";
    }

    [GeneratedRegex(@"Domain 0 \(vcpu#0\) crashed on cpu#0")]
    private static partial Regex CrashedLine();

    [GeneratedRegex(@"d0v0 Unhandled: (vec \d+, #\w+)")]
    private static partial Regex UnhandledLine();

    /// <summary>
    /// Where two transcripts differ, apart from the differences that are explained; and explanations of what is no difference. A line is "name: result"; an explanation is a row of the
    /// table in docs/safety.md whose first column names the attack, with '*' for any text.
    /// </summary>
    public static IReadOnlyList<string> Compare(IReadOnlyList<string> ours, IReadOnlyList<string> theirs, IReadOnlyList<string> explained)
    {
        var (here, there) = (ByName(ours), ByName(theirs));
        var different = here.Keys.Union(there.Keys).Where(name => here.GetValueOrDefault(name) != there.GetValueOrDefault(name)).ToList();
        var patterns = explained.ToDictionary(row => row, row => new Regex($"^{Regex.Escape(row).Replace(@"\*", ".*", StringComparison.Ordinal)}$"));
        return
        [
            .. different.Where(name => !patterns.Values.Any(pattern => pattern.IsMatch(name)))
                .Select(name => $"{name}: here {here.GetValueOrDefault(name) ?? "(none)"}, real Xen {there.GetValueOrDefault(name) ?? "(none)"}"),
            .. patterns.Where(pattern => here.Keys.Any(pattern.Value.IsMatch) && !different.Any(pattern.Value.IsMatch)).Select(pattern => $"docs/safety.md explains '{pattern.Key}', which is no difference"),
        ];
    }

    private static Dictionary<string, string> ByName(IEnumerable<string> lines)
    {
        Dictionary<string, string> results = [];
        foreach (var line in lines)
        {
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            var name = colon < 0 ? line : line[..colon];
            // What is tried several times has several results.
            results[name] = results.TryGetValue(name, out var before) ? $"{before} | {line[(colon + 1)..].Trim()}" : line[(colon + 1)..].Trim();
        }
        return results.ToDictionary(pair => pair.Key[(pair.Key.IndexOf(' ', StringComparison.Ordinal) + 1)..], pair => pair.Value);
    }

    /// <summary>The attacks that the page explains: the first column, in code quotes, of the table below the heading.</summary>
    public static IReadOnlyList<string> Explained(string page)
    {
        const string heading = "### Where a hostile guest gets another answer than from Xen";
        return [.. page.Split('\n').SkipWhile(line => line.TrimEnd() != heading).Skip(1).TakeWhile(line => !line.StartsWith('#'))
            .Select(line => RowName().Match(line)).Where(match => match.Success).SelectMany(match => match.Groups[1].Value.Split("`, `"))];
    }

    [GeneratedRegex(@"^\| `(.+?)` \|")]
    private static partial Regex RowName();
}
