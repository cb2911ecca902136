using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>dom0 chooses by /proc/irq which of its CPUs takes the interrupts of a disk, one after the other, while the disk works.</summary>
internal sealed class InterruptAffinity : Scenario
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);

    public override string Name => "irq-affinity";

    public override string Point => "dom0 moves the interrupts of a disk from CPU to CPU while it is read; each arrives where it was sent";

    public override IEnumerable<TestCase> Cases(Scale scale) => scale == Scale.Full ? [Case(2), Case(4)] : [Case(2)];

    private static TestCase Case(int cpus) => new($"{cpus} CPUs", async bench =>
    {
        var file = Path.GetTempFileName();
        try
        {
            await using (var disk = File.OpenWrite(file))
                disk.SetLength(64L << 20);
            var boot = await bench.BootAsync(
                $$"""
                irq=$(grep ahci /proc/interrupts | cut -d: -f1 | tr -d ' ')
                for cpu in $(seq 0 {{cpus - 1}}) $(seq {{cpus - 1}} -1 0); do
                    printf '%x\n' $((1 << cpu)) > /proc/irq/$irq/smp_affinity || exit 1
                    dd if=/dev/sda of=/dev/null bs=64k count=32 iflag=direct 2>/dev/null || exit 1
                    echo "at $cpu $(grep ahci /proc/interrupts)"
                    dd if=/dev/sda of=/dev/null bs=64k count=128 iflag=direct 2>/dev/null || exit 1
                    echo "to $cpu $(grep ahci /proc/interrupts)"
                done
                dmesg | grep -E 'I/O error|timeout|nobody cared' || echo clean
                """,
                machine => machine with { Cpus = cpus, Disks = [new Disk(file, DiskBus.Ahci)] },
                Limit);
            TestBench.CheckOrderly(boot);
            var lines = boot.Lines;
            TestBench.Check(lines[^1] == "clean", $"the kernel complains:\n{boot.Text}");
            TestBench.Check(lines.Count == 4 * cpus + 1, $"dom0 printed:\n{boot.Text}");
            for (var i = 0; i + 1 < lines.Count; i += 2)
            {
                var cpu = int.Parse(lines[i].Split(' ')[1]);
                var before = InterruptLine.Counts(lines[i][lines[i].IndexOf(':')..]);
                var after = InterruptLine.Counts(lines[i + 1][lines[i + 1].IndexOf(':')..]);
                var here = after[cpu] - before[cpu];
                var all = after.Sum() - before.Sum();
                TestBench.Check(all > 10 && here == all, $"sent to CPU {cpu}, {here} of {all} arrived there:\n{lines[i]}\n{lines[i + 1]}");
            }
            TestBench.Check(!boot.End.Log.Any(line => line.Contains("No irq handler", StringComparison.Ordinal)), $"an interrupt went astray\n{boot.Tail()}");
            bench.Note($"{lines.Count / 2} moves, {boot.End.CpuSeconds:f1} CPU s");
        }
        finally
        {
            File.Delete(file);
        }
    });
}
