namespace Xenith.Cli.Testing.Scenarios;

/// <summary>Debian's unmodified kernel boots as dom0 to a shell, finds Xen below it, and powers the machine off.</summary>
internal sealed class BootToShell : Scenario
{
    public override string Name => "boot-to-shell";

    public override string Point => "Debian's stock kernel boots as PV dom0 to a shell and powers off";

    public override IEnumerable<TestCase> Cases(Scale scale) => [Case(1)];

    /// <summary>The same boot with this many CPUs, all of which dom0 has to have.</summary>
    internal static TestCase Case(int cpus) => new($"{cpus} CPU{(cpus > 1 ? "s" : "")}", async bench =>
    {
        var boot = await bench.BootAsync(
            "uname -r; cat /sys/hypervisor/type /sys/hypervisor/properties/capabilities; nproc; dmesg | head -n 50",
            machine => machine with { Cpus = cpus });
        TestBench.CheckOrderly(boot);
        var lines = boot.Lines;
        TestBench.Check(lines.Count > 20, $"only {lines.Count} lines came out");
        var release = Path.GetFileName(bench.KernelFile)["vmlinuz-".Length..];
        TestBench.Check(lines[0] == release, $"'uname -r' printed '{lines[0]}', not '{release}'");
        TestBench.Check(lines[1] == "xen", $"the hypervisor's type is '{lines[1]}', not 'xen'");
        TestBench.Check(lines[2].Split(' ').Contains("xen-3.0-x86_64"), $"the capabilities '{lines[2]}' lack xen-3.0-x86_64");
        TestBench.Check(lines[3] == $"{cpus}", $"dom0 has {lines[3]} CPUs, not {cpus}");
        TestBench.Check(lines.Any(line => line.Contains("Hypervisor detected: Xen PV", StringComparison.Ordinal)), "the kernel did not detect Xen PV");
        bench.Note($"{boot.End.CpuSeconds:f1} CPU s");
    });
}
