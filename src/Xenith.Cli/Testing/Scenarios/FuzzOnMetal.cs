using System.Globalization;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// The fuzzer's calls on a real machine: our PV kernel makes them as dom0, on the image with its own checks compiled in. The hypervisor must answer every one, and neither trap, nor find a lock out of
/// order, nor end the domain.
/// </summary>
internal sealed class FuzzOnMetal : Scenario
{
    private const long SliceSteps = 20_000, FullSteps = 60_000;

    public override string Name => "fuzz-metal";

    public override string Point => "the hypervisor on the metal answers random hypercalls, page-table writes and privileged instructions of dom0 and lives on";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
        (scale == Scale.Full ? [1, 2, 3, 4] : (int[])[1]).Select(seed => new TestCase($"seed {seed}", bench => RunAsync(bench, seed, scale == Scale.Full ? FullSteps : SliceSteps)) { Alone = true });

    private static async Task RunAsync(TestBench bench, int seed, long steps)
    {
        var image = await bench.CheckedHypervisorAsync();
        var folder = await bench.BuildAsync("guests", "pv", "Xenith.Guest.Pv.csproj");
        var modules = new BootModules(Path.Combine(folder, "xenith-guest-pv.elf"), BootModules.None);
        var options = string.Create(CultureInfo.InvariantCulture, $"tests=none fuzz={seed}:{steps}");
        var end = await bench.WatchAsync(bench.Standard with { Hypervisor = image, Modules = modules, KernelOptions = options }, limit: TimeSpan.FromSeconds(240));
        var last = end.Log.LastOrDefault(line => line.StartsWith("FUZZ done ", StringComparison.Ordinal));
        TestBench.Check(last is not null, $"the run did not end; ended with {end.Cause}\n{string.Join('\n', end.Log.TakeLast(40))}");
        string[] bad = ["Lock order:", "FATAL TRAP", "Panic on CPU", "domain_crash called", "FAIL "];
        var wrong = end.Log.Where(line => bad.Any(word => line.Contains(word, StringComparison.Ordinal))).ToList();
        TestBench.Check(wrong.Count == 0, string.Join('\n', wrong));
        bench.Note(last!["FUZZ done ".Length..]);
    }
}
