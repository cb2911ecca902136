namespace Xenith.Cli.Testing.Scenarios;

/// <summary>The hypervisor starts every CPU of the machine, or as many as it is told to; and dom0 sends CPUs away and brings them back.</summary>
internal sealed class CpuStart : Scenario
{
    public override string Name => "cpu-start";

    public override string Point => "every CPU of the machine is started, or as many as the command line allows, and all have the same time";

    public override IEnumerable<TestCase> Cases(Scale scale) => scale == Scale.Full
        ? [Case(2, "", 2), Case(4, "", 4), Case(8, "", 8), Case(4, "maxcpus=3", 3), Case(2, "nosmp", 1), LeaveAndReturn(5)]
        : [Case(2, "", 2), Case(4, "maxcpus=3", 3), LeaveAndReturn(2)];

    private static TestCase Case(int cpus, string options, int started) => new($"{cpus} CPUs{(options.Length > 0 ? ", " + options : "")}", async bench =>
    {
        var boot = await bench.BootAsync("true", machine => machine with { Cpus = cpus, HypervisorOptions = $"{machine.HypervisorOptions} {options}".Trim() });
        TestBench.CheckOrderly(boot);
        TestBench.Check(boot.End.Log.Any(line => line.Contains($"(XEN) Brought up {started} CPUs", StringComparison.Ordinal)), $"not {started} CPUs: {Said(boot, "Brought up")}");
        TestBench.Check(!boot.End.Log.Any(line => line.Contains("TSC warp", StringComparison.Ordinal)), Said(boot, "TSC warp"));
    });

    /// <summary>All but one of three CPUs leave, dom0's vCPUs go on with what is left, and they return. dom0's kernel learns of a change by an event and notes it a little later, so it is waited for.</summary>
    private static TestCase LeaveAndReturn(int rounds) => new($"CPUs leave and return, {rounds} times", async bench =>
    {
        var boot = await bench.BootAsync($$"""
            cpus=/sys/devices/system/xen_cpu
            change() { echo $2 > $cpus/xen_cpu$1/online || exit 1; i=0; while [ $(cat $cpus/xen_cpu$1/online) != $2 ]; do i=$((i+1)); [ $i -lt 20 ] || exit 2; sleep 1; done; }
            work() { i=0; while [ $i -lt 20 ]; do /bin/true & /bin/true || exit 3; i=$((i+1)); done; wait; }
            round=0
            while [ $round -lt {{rounds}} ]; do
                change 1 0; work; change 2 0; work; change 2 1; work; change 1 1; work
                round=$((round+1))
                echo round $round
            done
            """, machine => machine with { Cpus = 3 });
        TestBench.CheckOrderly(boot);
        TestBench.Check(boot.Lines.Count(line => line.StartsWith("round ", StringComparison.Ordinal)) == rounds, $"not {rounds} rounds: {boot.Text}");
    });

    private static string Said(Boot boot, string what) => string.Join('\n', boot.End.Log.Where(line => line.Contains(what, StringComparison.Ordinal)));
}
