namespace Xenith.Cli.Testing.Scenarios;

/// <summary>The same boot many times over: what works by luck fails here.</summary>
/// <param name="cpus">CPUs of the machine, all of which dom0 has.</param>
internal sealed class RepeatedBoots(int cpus) : Scenario
{
    public override string Name => cpus == 1 ? "repeated-boots" : $"repeated-boots-{cpus}";

    public override string Point => $"twenty boots in a row {(cpus == 1 ? "" : $"with {cpus} CPUs ")}to a shell and back, none fails";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
        Enumerable.Range(1, scale == Scale.Full ? 20 : 3).Select(number => new TestCase($"boot {number}", async bench =>
        {
            var boot = await bench.BootAsync("nproc; dmesg | grep -cE 'BUG|Oops|WARNING|Call Trace'; true", machine => machine with { Cpus = cpus });
            TestBench.CheckOrderly(boot);
            TestBench.Check(boot.Lines.SequenceEqual([$"{cpus}", "0"]), $"dom0 answered: {boot.Text}\n{boot.Tail()}");
            bench.Note($"{boot.End.CpuSeconds:f1} CPU s");
        }));
}
