using System.Globalization;
using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;
using Xenith.Cli.Testing;

namespace Xenith.Cli.Benchmarks;

/// <summary>Instructions of the hypervisor in a row, and the methods in which they began and ended.</summary>
internal sealed record Stretch(long Length, string From, string To);

/// <summary>
/// The longest stretches of the hypervisor without a look at what else waits for the CPU, and with interrupts off, while the PV guest makes all its checks and runs its benchmarks, and the
/// hostile guest makes its attacks: guests/benchmarks/stretches.c finds them in the image as it is released.
/// </summary>
internal static class StretchRun
{
    /// <summary>Instructions that no stretch may exceed: the limit that we set ourselves.</summary>
    public const long Limit = 50_000;

    /// <summary>A kernel in dom0's place, and what it is told.</summary>
    public sealed record Load(string Guest, string Options);

    /// <summary>All that is measured, one machine after the other: checks and benchmarks both want a second vCPU that nobody had before.</summary>
    public static async Task<IReadOnlyList<Load>> AllAsync(Repository repository, CancellationToken cancel)
    {
        var guest = await GuestRun.BuildAsync(repository, cancel);
        return [new(guest, "tests=all"), new(guest, "bench"), new(await HostileTranscript.BuildAsync(repository, cancel), "tests=all")];
    }

    /// <summary>The attacks that are made to be long, and the benchmarks of page tables that are made to be large.</summary>
    public static async Task<IReadOnlyList<Load>> LongestAsync(Repository repository, CancellationToken cancel) =>
        [new(await HostileTranscript.BuildAsync(repository, cancel), "tests=extent,count,graph.tree,storm")];

    /// <summary>Kinds of stretches, as the plugin names them and as a reader is told.</summary>
    public static IReadOnlyList<(string Name, string Heading)> Kinds { get; } =
        [("looks", "without a look at what waits"), ("interrupts", "with interrupts off")];

    /// <returns>The stretches by kind, longest first, and how the last machine ended.</returns>
    public static async Task<(ILookup<string, Stretch> Stretches, MachineEnd End)> RunAsync(
        Workshop workshop, HypervisorImage image, IReadOnlyList<Load> loads, TimeSpan limit, CancellationToken cancel)
    {
        await workshop.EnsureAsync([Purpose.Build], cancel);
        var symbols = await SymbolsAsync(image, cancel);
        var stubs = symbols.FirstOrDefault(symbol => symbol.Name == "trap_stubs").Address;
        if (stubs == 0)
            throw ToolException.Failure($"{image.Name} has no symbol trap_stubs");
        var folder = Directory.CreateDirectory(Path.Combine(workshop.Repository.Output, "processes")).FullName;
        var plugin = Path.Combine(folder, "stretches.so");
        await HostCommand.CheckAsync(
            "gcc", ["-O2", "-Wall", "-shared", "-fPIC", "-fvisibility=hidden", "-o", plugin, workshop.Repository.PathTo("guests", "benchmarks", "stretches.c")], cancel: cancel);
        var output = Path.GetTempFileName();
        try
        {
            string[] arguments = ["-plugin", $"{QemuCommandLine.Escape(plugin)},output={QemuCommandLine.Escape(output)},stubs={stubs:x}"];
            List<string> lines = [];
            MachineEnd? end = null;
            foreach (var load in loads)
            {
                // To its power-off: the plugin writes when the emulator ends by itself.
                var settings = GuestRun.Settings(image, load.Guest, "", arguments) with { KernelOptions = load.Options };
                end = await new Machine(settings, await workshop.UserlandAsync(cancel))
                    .RunAsync(new Session.Watch(Stream.Null), limit, cancel);
                if (end.Cause != EndCause.PoweredOff || !end.Log.Any(Measurement.IsEnd))
                    break;
                lines.AddRange(File.ReadLines(output));
            }
            return (Parse(lines, symbols), end!);
        }
        finally
        {
            File.Delete(output);
        }
    }

    /// <summary>Reads the plugin's lines; of stretches between the same two methods only the longest is kept.</summary>
    public static ILookup<string, Stretch> Parse(IEnumerable<string> lines, IReadOnlyList<(ulong Address, string Name)> symbols) => lines
        .Select(line => line.Split(' '))
        .Where(words => words.Length == 4)
        .Select(words => (Kind: words[0], Stretch: new Stretch(long.Parse(words[1], CultureInfo.InvariantCulture), NameOf(words[2], symbols), NameOf(words[3], symbols))))
        .GroupBy(row => (row.Kind, row.Stretch.From, row.Stretch.To), row => row.Stretch)
        .Select(group => (group.Key.Kind, Stretch: group.MaxBy(stretch => stretch.Length)!))
        .OrderByDescending(row => row.Stretch.Length)
        .ToLookup(row => row.Kind, row => row.Stretch);

    /// <summary>The symbol at or before an address; <paramref name="symbols"/> are in the order of their addresses.</summary>
    private static string NameOf(string hexadecimal, IReadOnlyList<(ulong Address, string Name)> symbols)
    {
        var address = ulong.Parse(hexadecimal, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return symbols.LastOrDefault(symbol => symbol.Address <= address).Name ?? hexadecimal;
    }

    private static async Task<List<(ulong Address, string Name)>> SymbolsAsync(HypervisorImage image, CancellationToken cancel)
    {
        if (image.Symbols is null)
            throw ToolException.Usage("--stretches needs an image with symbols: Xenith's own build");
        var listing = await HostCommand.CheckAsync("nm", ["-n", "--defined-only", image.Symbols], cancel: cancel);
        return [.. listing.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is [_, "T" or "t", _])
            .Select(words => (ulong.Parse(words[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), words[2].Replace("Xenith_Hypervisor_Xenith_Hypervisor_", "", StringComparison.Ordinal)))];
    }
}
