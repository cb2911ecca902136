using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;
using Xenith.Cli.Images;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// The way in by a real boot loader: GRUB on a CD, started by the BIOS, unpacks <c>xenith.gz</c> and hands it over by either
/// protocol, with the BIOS's memory map and every option as it was given.
/// </summary>
internal sealed class BootDiscs : Scenario
{
    public override string Name => "boot-disc";

    public override string Point => "GRUB boots xenith.gz from a CD by multiboot 2 and 1, options and modules arrive whole; 'xenith image iso' makes such a disc";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        Case(BootPath.Multiboot2),
        .. scale == Scale.Full ? (TestCase[])[Case(BootPath.Multiboot1), Image()] : [],
    ];

    private static TestCase Case(BootPath path) => new($"{path}", async bench =>
    {
        await bench.Workshop.EnsureAsync([Purpose.BootDisc], bench.Cancel);
        // A blank inside an option, and letters that GRUB's own language gives a meaning.
        const string options = """xenith.a='two words' xenith.b=$x;y|z&{} quiet""";
        var boot = await bench.BootAsync(
            "cat /sys/hypervisor/type; cat /proc/cmdline; echo 'after the archive'",
            machine => machine with { Boot = path, KernelOptions = options });
        TestBench.CheckOrderly(boot);
        TestBench.Check(boot.Lines is ["xen", _, "after the archive"], $"printed '{boot.Text}'");
        var expected = $"{MachineSettings.StandardKernelOptions} \"xenith.a=two words\" xenith.b=$x;y|z&{{}} quiet";
        TestBench.Check(boot.Lines[1] == expected, $"the kernel's command line is '{boot.Lines[1]}', not '{expected}'");
        TestBench.Check(
            boot.End.Log.Any(line => line.EndsWith($"Command line: {MachineSettings.StandardHypervisorOptions}", StringComparison.Ordinal)),
            $"the hypervisor did not log its command line\n{boot.Tail()}");
        bench.Note($"{boot.End.CpuSeconds:f1} CPU s");
    });

    private static TestCase Image() => new("the disc of 'xenith image iso'", async bench =>
    {
        var directory = Directory.CreateTempSubdirectory("xenith-test-");
        try
        {
            var disc = Path.Combine(directory.FullName, "a=b c.iso");
            await StandardDisc.WriteAsync(disc, StandardDisc.Menu(BootProtocol.Multiboot2, "", ""), bench.Workshop, bench.Hypervisor, bench.Cancel);
            var end = await bench.WatchAsync(bench.Standard with { Modules = null, Disc = disc }, line => line.StartsWith("dom0, Linux ", StringComparison.Ordinal));
            TestBench.Check(end.Cause == EndCause.Reached, $"no shell came up: {end.Cause}");
            var greeting = end.Log.Last(line => line.StartsWith("dom0, Linux ", StringComparison.Ordinal));
            TestBench.Check(greeting.Contains(" on xen 4.17", StringComparison.Ordinal), $"dom0 greets with '{greeting}'");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    });
}
