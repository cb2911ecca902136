using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>dom0 chooses by /proc/irq which of its CPUs takes the interrupts of a disk, one after the other, while the disk works.</summary>
internal sealed class InterruptAffinity : Scenario
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);

    public override string Name => "irq-affinity";

    public override string Point => "dom0 moves the interrupts of a disk from CPU to CPU while it is read; each arrives where it was sent; the CPU that takes them leaves and returns";

    public override IEnumerable<TestCase> Cases(Scale scale) => scale == Scale.Full ? [Case(2), Case(4), LeaveAndReturn(5)] : [Case(2)];

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

    /// <summary>
    /// A disk is read all the time, and its interrupts go to vCPU 1, which is tied to CPU 1. That CPU goes offline and comes back: its vCPU runs elsewhere meanwhile, the interrupts follow it there and back, and
    /// not a byte is read wrong. Key i of the hypervisor, which has the input of the console, tells where they go.
    /// </summary>
    private static TestCase LeaveAndReturn(int rounds) => new($"the CPU leaves and returns, {rounds} times", async bench =>
    {
        var file = Path.GetTempFileName();
        try
        {
            var content = new byte[4 << 20];
            new Random(1).NextBytes(content);
            await File.WriteAllBytesAsync(file, content);
            string[] phases = ["home", "away", "back"];
            var typist = new ConsoleOperator([.. Enumerable.Range(1, rounds).SelectMany(round => phases.Select(phase => new ConsoleOperator.Step($"round {round} {phase}").Type("i")))]);
            var boot = await bench.BootAsync(
                $$"""
                cpus=/sys/devices/system/xen_cpu
                change() { echo $2 > $cpus/xen_cpu$1/online || exit 1; i=0; while [ $(cat $cpus/xen_cpu$1/online) != $2 ]; do i=$((i+1)); [ $i -lt 60 ] || exit 2; sleep 1; done; }
                reads() { wc -l < /tmp/sums; }
                # A phase lasts for two more reads of the whole disk, so that interrupts came in it; then its name, for the typist, and time for the answer.
                phase() { from=$(reads); until [ $(reads) -ge $((from+2)) ]; do sleep 1; done; grep ahci /proc/interrupts; echo $1 >/dev/hvc0; sleep 5; }
                irq=$(grep ahci /proc/interrupts | cut -d: -f1 | tr -d ' ')
                echo 2 > /proc/irq/$irq/smp_affinity || exit 1
                : > /tmp/sums
                while [ ! -e /tmp/enough ]; do dd if=/dev/sda bs=64k iflag=direct 2>/dev/null | sha1sum >> /tmp/sums; done &
                round=1
                while [ $round -le {{rounds}} ]; do
                    phase "round $round home"; change 1 0; phase "round $round away"; change 1 1; phase "round $round back"
                    round=$((round+1))
                done
                touch /tmp/enough; wait
                sort -u /tmp/sums
                dmesg | grep -E 'I/O error|timeout|nobody cared' || echo clean
                """,
                machine => machine with { Cpus = 3, Disks = [new Disk(file, DiskBus.Ahci)], HypervisorOptions = "dom0_vcpus_pin conswitch=ax", Operator = typist },
                Limit);
            TestBench.CheckOrderly(boot);
            TestBench.Check(typist.IsDone, $"'{typist.Awaits}' never came\n{boot.Tail()}");
            var lines = boot.Lines;
            TestBench.Check(lines[^1] == "clean", $"the kernel complains:\n{boot.Text}");
            var sum = Convert.ToHexStringLower(System.Security.Cryptography.SHA1.HashData(content));
            TestBench.Check(lines[^2].StartsWith(sum, StringComparison.Ordinal) && lines.Count == 3 * rounds + 2, $"the disk has {sum}, dom0 read and counted\n{boot.Text}");
            var counts = lines.Take(3 * rounds).Select(line => InterruptLine.Counts(line[line.IndexOf(':')..])).ToList();
            for (var i = 1; i < counts.Count; i++)
                TestBench.Check(counts[i][1] - counts[i - 1][1] > 10 && counts[i].Sum() - counts[i - 1].Sum() == counts[i][1] - counts[i - 1][1], $"interrupts did not come to vCPU 1:\n{lines[i - 1]}\n{lines[i]}");
            // After each phase's name: the line of the one message that dom0 uses.
            var log = boot.End.Log.ToList();
            var at = 0;
            foreach (var phase in Enumerable.Range(1, rounds).SelectMany(round => phases.Select(phase => (round, phase))))
            {
                at = log.FindIndex(at, line => line.Contains($"round {phase.round} {phase.phase}", StringComparison.Ordinal));
                at = log.FindIndex(at, line => line.Contains("(XEN)    IRQ:", StringComparison.Ordinal) && line.Contains(" PCI-MSI", StringComparison.Ordinal) && line.Contains(" d0:", StringComparison.Ordinal));
                TestBench.Check(at >= 0, $"no line of the message after '{phase}'\n{boot.Tail(60)}");
                TestBench.Check(log[at].Contains("}/{1} ", StringComparison.Ordinal) == (phase.phase != "away"), $"in {phase} the interrupt goes elsewhere: {log[at]}");
            }
            bench.Note($"{counts[^1][1]} interrupts, {boot.End.CpuSeconds:f1} CPU s");
        }
        finally
        {
            File.Delete(file);
        }
    });
}
