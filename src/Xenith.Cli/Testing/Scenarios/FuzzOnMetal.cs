using System.Globalization;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// The fuzzer's calls on a real machine: a PV kernel (guests/fuzz) makes them as dom0. The host survives all of it, and the kernel finds nothing changed that it did not name. The image with its own checks
/// also finds no lock taken out of order, and counts all references to all frames anew every fifty sequences.
/// </summary>
internal sealed class FuzzOnMetal : Scenario
{
    private const int SliceSequences = 60, FullSeconds = 100;
    private const ulong FirstSeed = 1, FarSeed = 1_000_000;

    /// <summary>For boot and for sequences on a machine that has other things to do.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(280);

    public override string Name => "fuzz";

    public override string Point => "the hypervisor on the metal answers random hypercalls, page-table writes and instructions of dom0, and its books stay right";

    public override IEnumerable<TestCase> Cases(Scale scale) => scale == Scale.Full
        ?
        [
            new("on the metal", bench => RunAsync(bench, bench.Hypervisor, FarSeed, int.MaxValue, FullSeconds)) { Alone = true },
            new("on the metal, every reference counted", async bench => await RunCheckedAsync(bench, FirstSeed, int.MaxValue, FullSeconds)) { Alone = true },
        ]
        : [new("on the metal, every reference counted", async bench => await RunCheckedAsync(bench, FirstSeed, SliceSequences, (int)Limit.TotalSeconds)) { Alone = true }];

    private static async Task RunCheckedAsync(TestBench bench, ulong seed, int sequences, int seconds)
    {
        var log = await RunAsync(bench, await bench.CheckedHypervisorAsync(), seed, sequences, seconds);
        var counted = log.Where(line => line.Contains("frames counted anew", StringComparison.Ordinal)).ToList();
        TestBench.Check(counted.Count > 1 && counted.All(line => line.EndsWith(", 0 mistakes", StringComparison.Ordinal)),
            $"the references to frames:\n{string.Join('\n', log.Where(line => line.Contains("References:", StringComparison.Ordinal)).TakeLast(20))}");
    }

    private static async Task<IReadOnlyList<string>> RunAsync(TestBench bench, HypervisorImage image, ulong seed, int sequences, int seconds)
    {
        var folder = await bench.BuildAsync("guests", "fuzz", "Xenith.Guest.Fuzz.csproj");
        var settings = bench.Standard with
        {
            Hypervisor = image,
            Modules = new BootModules(Path.Combine(folder, "xenith-guest-fuzz.elf"), BootModules.None),
            // The rest of memory is for what dom0 asks for, and for the hypervisor to count in.
            HypervisorOptions = "dom0_mem=512M,max:640M",
            KernelOptions = string.Create(CultureInfo.InvariantCulture, $"seed={seed} sequences={sequences} seconds={seconds}"),
        };
        var end = await bench.WatchAsync(settings, limit: Limit);
        var last = end.Log.LastOrDefault(line => line.StartsWith("FUZZ done ", StringComparison.Ordinal));
        TestBench.Check(last is not null, $"the run did not end; the machine ended with {end.Cause}\n{string.Join('\n', end.Log.TakeLast(40))}");
        string[] bad = ["Lock order:", "FATAL TRAP", "Panic on CPU", "domain_crash called", "FAIL "];
        var wrong = end.Log.Where(line => bad.Any(word => line.Contains(word, StringComparison.Ordinal))).ToList();
        TestBench.Check(wrong.Count == 0 && end.Cause == EndCause.PoweredOff, $"the machine ended with {end.Cause}\n{string.Join('\n', wrong)}");
        bench.Note(last!["FUZZ done ".Length..]);
        return end.Log;
    }
}
