namespace Xenith.Cli.Testing.Scenarios;

/// <summary>The same boot many times over: what works by luck fails here.</summary>
internal sealed class RepeatedBoots : Scenario
{
    public override string Name => "repeated-boots";

    public override string Point => "twenty boots in a row to a shell and back, none fails";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
        Enumerable.Range(1, scale == Scale.Full ? 20 : 3).Select(number => new TestCase($"boot {number}", async bench =>
        {
            var boot = await bench.BootAsync("echo alive; dmesg | grep -cE 'BUG|Oops|WARNING|Call Trace'; true");
            TestBench.CheckOrderly(boot);
            TestBench.Check(boot.Lines is ["alive", "0"], $"dom0 answered: {boot.Text}\n{boot.Tail()}");
            bench.Note($"{boot.End.CpuSeconds:f1} CPU s");
        }));
}
