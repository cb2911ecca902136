using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// Our own small PV kernel in dom0's place, on the hypervisor under test and on real Xen. It checks itself what the ABI promises,
/// and prints as VALUE what it found where the ABI leaves room: those lines have to be the same on both. With two vCPUs on one CPU it compares every register over switches.
/// </summary>
internal sealed class PvGuest : Scenario
{
    public override string Name => "pv-guest";

    public override string Point => "our PV kernel finds the ABI's promises kept, and the same values as on real Xen";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        new("kernel that makes SYSCALLs itself", bench => CompareAsync(bench, "xenith-guest-pv.elf")),
        new("kernel with a hypercall page", bench => CompareAsync(bench, "xenith-guest-pv-page.elf")) { Alone = true },
        new("two vCPUs on one CPU", bench => CompareAsync(bench, "xenith-guest-pv.elf", TwoVcpus)) { Alone = true },
        .. scale == Scale.Full ? Further : [],
    ];

    private static TestCase[] Further =>
    [
        new("two vCPUs on one Intel CPU", bench => CompareAsync(bench, "xenith-guest-pv.elf", machine => TwoVcpus(machine) with { CpuModel = "max,-smap,vendor=GenuineIntel" })) { Alone = true },
        new("vCPUs tied to CPUs", bench => CompareAsync(bench, "xenith-guest-pv.elf", machine => machine with
        {
            Cpus = 2, HypervisorOptions = "sched=credit dom0_vcpus_pin", KernelOptions = "tests=vcpu",
        })) { Alone = true },
    ];

    /// <summary>The checks named switch.*, with short time slices.</summary>
    internal static MachineSettings TwoVcpus(MachineSettings machine) => machine with
    {
        HypervisorOptions = "sched=credit sched_credit_tslice_ms=1 dom0_max_vcpus=2", KernelOptions = "tests=switch",
    };

    private static async Task CompareAsync(TestBench bench, string file, Func<MachineSettings, MachineSettings>? change = null)
    {
        var folder = await bench.BuildAsync("guests", "pv", "Xenith.Guest.Pv.csproj");
        var settings = bench.Standard with { Modules = new BootModules(Path.Combine(folder, file), BootModules.None) };
        settings = change?.Invoke(settings) ?? settings;
        var real = await bench.Workshop.HypervisorAsync(Commands.RunOptions.Debian, bench.Cancel);
        var (ours, theirs) = (await TranscriptAsync(bench, settings), await TranscriptAsync(bench, settings with { Hypervisor = real }));

        CheckPassed(ours);
        var different = Values(ours).Except(Values(theirs)).Select(line => $"here:     {line}")
            .Concat(Values(theirs).Except(Values(ours)).Select(line => $"real Xen: {line}")).ToList();
        TestBench.Check(different.Count == 0, $"differs from real Xen:\n{string.Join('\n', different)}");
        bench.Note($"{ours.Count(line => line.StartsWith("PASS ", StringComparison.Ordinal))} checks, {Values(ours).Count()} values");
    }

    /// <summary>Fails the case if a check failed, or if one of these did not pass.</summary>
    internal static void CheckPassed(MachineEnd end, params string[] checks)
    {
        CheckPassed(end.Log);
        foreach (var check in checks)
            TestBench.Check(end.Log.Contains($"PASS {check}"), $"{check} did not pass; ended with {end.Cause}\n{string.Join('\n', end.Log.TakeLast(20))}");
    }

    private static void CheckPassed(IReadOnlyList<string> transcript)
    {
        var failures = transcript.Where(line => line.StartsWith("FAIL ", StringComparison.Ordinal)).ToList();
        TestBench.Check(failures.Count == 0, $"{failures.Count} checks failed:\n{string.Join('\n', failures)}");
    }

    private static IEnumerable<string> Values(IEnumerable<string> transcript) =>
        transcript.Where(line => line.StartsWith("VALUE ", StringComparison.Ordinal));

    private static async Task<IReadOnlyList<string>> TranscriptAsync(TestBench bench, MachineSettings settings)
    {
        var end = await bench.WatchAsync(settings, limit: TimeSpan.FromSeconds(120));
        var done = end.Log.Any(line => line.StartsWith("DONE passed ", StringComparison.Ordinal));
        TestBench.Check(done, $"no end of the transcript on {settings.Hypervisor.Name}; ended with {end.Cause}\n{string.Join('\n', end.Log.TakeLast(20))}");
        return end.Log;
    }
}
