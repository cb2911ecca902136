using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// The image built with its own checks (XenithChecks): each lock that is taken is compared with the ranks of those that are held, and before the first guest runs the hypervisor tries to write its
/// own code, and makes and destroys ten thousand domains. A lock out of order would end dom0, and with it the host.
/// </summary>
internal sealed class CheckedImage : Scenario
{
    public override string Name => "checked-image";

    public override string Point => "no lock is taken out of order while dom0 and our PV kernel run, the image cannot be written, and domains leave nothing behind";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        new("dom0", async bench =>
        {
            var image = await bench.CheckedHypervisorAsync();
            var boot = await bench.BootAsync("dmesg | tail -n 1; find / -xdev -type f | wc -l", machine => machine with { Hypervisor = image });
            TestBench.CheckOrderly(boot);
            CheckOrder(boot.End);
            CheckSelfTest(boot.End, "image: ");
            CheckSelfTest(boot.End, "domains: ");
        }) { Alone = true },
        new("our PV kernel", async bench =>
        {
            var image = await bench.CheckedHypervisorAsync();
            var folder = await bench.BuildAsync("guests", "pv", "Xenith.Guest.Pv.csproj");
            var modules = new BootModules(Path.Combine(folder, "xenith-guest-pv.elf"), BootModules.None);
            var end = await bench.WatchAsync(bench.Standard with { Hypervisor = image, Modules = modules }, limit: TimeSpan.FromSeconds(180));
            CheckOrder(end);
            TestBench.Check(end.Log.Any(line => line.StartsWith("DONE passed ", StringComparison.Ordinal)), $"no end of the transcript; ended with {end.Cause}");
        }) { Alone = true },
    ];

    private static void CheckSelfTest(MachineEnd end, string what)
    {
        var said = end.Log.Where(line => line.Contains("Self test:", StringComparison.Ordinal)).ToList();
        TestBench.Check(said.Any(line => line.Contains(what, StringComparison.Ordinal) && line.EndsWith(", 0 failures", StringComparison.Ordinal)), $"'{what}' failed:\n{string.Join('\n', said)}");
    }

    private static void CheckOrder(MachineEnd end)
    {
        var complaints = end.Log.SkipWhile(line => !line.Contains("Lock order:", StringComparison.Ordinal)).Take(40).ToList();
        TestBench.Check(complaints.Count == 0, string.Join('\n', complaints));
    }
}
