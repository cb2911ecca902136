using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// Many processes that keep long sums in x87, SSE and AVX registers, on more vCPUs than CPUs (guests/processes/checksums.c): at each switch of processes, of vCPUs, and of CPUs under a vCPU
/// every register has to come back whole, or a sum ends otherwise than alone.
/// </summary>
internal sealed class Checksums : Scenario
{
    private const int ProcessCount = 8;

    public override string Name => "checksums";

    public override string Point => "sums in x87, SSE and AVX registers end alike alone and in eight processes at once, on four vCPUs of two CPUs and of one";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        Case("4 vCPUs on 2 CPUs", 2, 400_000, "max,-smap"),
        .. scale == Scale.Full ?
        [
            Case("4 vCPUs on 1 CPU", 1, 1_000_000, "max,-smap"),
            Case("4 vCPUs on 2 Intel CPUs, with a page-table root for each CPU", 2, 1_000_000, "max,-smap,vendor=GenuineIntel"),
        ] : (TestCase[])[],
    ];

    private static TestCase Case(string name, int cpus, int steps, string cpu) => new(name, async bench =>
    {
        var program = (await Processes.BuildAsync(bench)).Single(program => program.Path.EndsWith("/checksums-64", StringComparison.Ordinal));
        var boot = await bench.BootAsync(
            $"nproc; /processes/checksums-64 {ProcessCount} {steps}",
            machine => machine with
            {
                Cpus = cpus, CpuModel = cpu, Programs = [program], HypervisorOptions = "dom0_max_vcpus=4 sched_credit_tslice_ms=1",
            }, TimeSpan.FromSeconds(400));
        TestBench.CheckOrderly(boot);
        TestBench.Check(boot.Lines[0] == "4", $"dom0 has {boot.Lines[0]} CPUs, not 4");
        foreach (var kind in (string[])["x87", "sse", "avx"])
            TestBench.Check(boot.Lines.Any(line => line.StartsWith($"{kind} alone: ", StringComparison.Ordinal)), $"no sum in {kind} registers:\n{boot.Text}");
        TestBench.Check(boot.Lines.Contains($"{ProcessCount} processes at once, wrong 0"), $"sums differ:\n{boot.Text}");
        bench.Note($"{boot.End.CpuSeconds:f1} CPU s");
    });
}
