namespace Xenith.Cli.Testing.Scenarios;

/// <summary>The hypervisor starts every CPU of the machine, or as many as it is told to.</summary>
internal sealed class CpuStart : Scenario
{
    public override string Name => "cpu-start";

    public override string Point => "every CPU of the machine is started, or as many as the command line allows, and all have the same time";

    public override IEnumerable<TestCase> Cases(Scale scale) => scale == Scale.Full
        ? [Case(2, "", 2), Case(4, "", 4), Case(8, "", 8), Case(4, "maxcpus=3", 3), Case(2, "nosmp", 1)]
        : [Case(2, "", 2), Case(4, "maxcpus=3", 3)];

    private static TestCase Case(int cpus, string options, int started) => new($"{cpus} CPUs{(options.Length > 0 ? ", " + options : "")}", async bench =>
    {
        var boot = await bench.BootAsync("true", machine => machine with { Cpus = cpus, HypervisorOptions = $"{machine.HypervisorOptions} {options}".Trim() });
        TestBench.CheckOrderly(boot);
        TestBench.Check(boot.End.Log.Any(line => line.Contains($"(XEN) Brought up {started} CPUs", StringComparison.Ordinal)), $"not {started} CPUs: {Said(boot, "Brought up")}");
        TestBench.Check(!boot.End.Log.Any(line => line.Contains("TSC warp", StringComparison.Ordinal)), Said(boot, "TSC warp"));
    });

    private static string Said(Boot boot, string what) => string.Join('\n', boot.End.Log.Where(line => line.Contains(what, StringComparison.Ordinal)));
}
