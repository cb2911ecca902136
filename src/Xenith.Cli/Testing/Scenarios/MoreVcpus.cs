using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// dom0 with more vCPUs than CPUs, and with more than the 32 whose vcpu_info has a place in shared_info: the kernel registers that of the others elsewhere before it starts them.
/// </summary>
internal sealed class MoreVcpus : Scenario
{
    public override string Name => "more-vcpus";

    public override string Point => "dom0 has 40 vCPUs on two CPUs, and work is done on each; tied vCPUs boot too";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        Case("40 vCPUs on 2 CPUs", 40, "dom0_max_vcpus=40"),
        .. scale == Scale.Full ? [Case("each vCPU tied to its CPU", 2, "dom0_vcpus_pin")] : (TestCase[])[],
    ];

    private static TestCase Case(string name, int vcpus, string options) => new(name, async bench =>
    {
        // Busybox's taskset takes a mask: each process asks on which CPU it is while it may be on one alone.
        var boot = await bench.BootAsync(
            """
            nproc
            cpu=0
            while [ $cpu -lt $(nproc) ]; do
                taskset $(printf %x $((1 << cpu))) sh -c 'seq 1 300 | md5sum | cut -c 1-32; cut -d " " -f 39 /proc/self/stat' | tr "\n" " "
                echo $cpu
                cpu=$((cpu + 1))
            done
            """,
            machine => machine with { Cpus = 2, HypervisorOptions = options }, TimeSpan.FromSeconds(400));
        TestBench.CheckOrderly(boot);
        TestBench.Check(boot.Lines[0] == $"{vcpus}", $"dom0 has {boot.Lines[0]} CPUs, not {vcpus}");
        var sum = Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(
            System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(1, 300).Select(number => $"{number}\n")))));
        TestBench.Check(
            boot.Lines.Skip(1).SequenceEqual(Enumerable.Range(0, vcpus).Select(cpu => $"{sum} {cpu} {cpu}")), $"unexpected answer:\n{boot.Text}");
        bench.Note($"{boot.End.CpuSeconds:f1} CPU s");
    });
}
