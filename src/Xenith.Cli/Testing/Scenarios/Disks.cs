using System.Security.Cryptography;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>Debian's drivers write to real disk controllers under dom0 and read the same back, and each interrupts by the means that it has: MSI, MSI-X or, without these, a wire.</summary>
internal sealed class Disks : Scenario
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    public override string Name => "disks";

    public override string Point => "dom0 writes to AHCI, NVMe and virtio disks, drops its caches and reads the same back; they interrupt by MSI and MSI-X, or by a wire where messages are switched off";

    public override IEnumerable<TestCase> Cases(Scale scale)
    {
        var mebibytes = scale == Scale.Full ? 256 : 32;
        return
        [
            Case(DiskBus.Ahci, "sda", "-msi ", "ahci", mebibytes),
            Case(DiskBus.Nvme, "nvme0n1", "-msi-x", "nvme0q1", mebibytes),
            Case(DiskBus.Virtio, "vda", "-msi-x", "virtio0-req", mebibytes),
            Case(DiskBus.Nvme, "nvme0n1", "-ioapic-level", "nvme0q1", mebibytes, "msi=0"),
        ];
    }

    private static TestCase Case(DiskBus bus, string device, string kind, string handler, int mebibytes, string options = "") => new($"{bus}, {mebibytes} MB {options}".TrimEnd(), async bench =>
    {
        var file = Path.GetTempFileName();
        try
        {
            await using (var disk = File.OpenWrite(file))
                disk.SetLength((long)mebibytes << 20);
            var boot = await bench.BootAsync(
                $"""
                set -e
                grep MemTotal /proc/meminfo
                dd if=/dev/urandom of=/tmp/pattern bs=1M count={mebibytes} 2>/dev/null
                sha1sum < /tmp/pattern
                dd if=/tmp/pattern of=/dev/{device} bs=1M conv=fsync 2>/dev/null
                rm /tmp/pattern
                sync
                echo 3 > /proc/sys/vm/drop_caches
                dd if=/dev/{device} bs=1M 2>/dev/null | sha1sum
                grep -E -- '{handler}' /proc/interrupts
                dmesg | grep -E 'I/O error|timeout|nobody cared' || echo clean
                """,
                machine => machine with { Disks = [new Disk(file, bus)], HypervisorOptions = options, MemoryMiB = mebibytes > 64 ? 1536 : 1024 },
                Limit);
            TestBench.CheckOrderly(boot);
            var lines = boot.Lines;
            TestBench.Check(lines.Count >= 5, $"dom0 printed only:\n{boot.Text}");
            TestBench.Check(lines[1] == lines[2], $"written {lines[1]}, read {lines[2]}");
            await using (var disk = File.OpenRead(file))
            {
                var onDisk = Convert.ToHexStringLower(await SHA1.HashDataAsync(disk));
                TestBench.Check(lines[1].StartsWith(onDisk, StringComparison.Ordinal), $"written {lines[1]}, the host's file has {onDisk}");
            }
            TestBench.Check(lines[^1] == "clean", $"the kernel complains:\n{boot.Text}");
            var interrupts = lines.Where(line => line.Contains(handler, StringComparison.Ordinal)).ToList();
            TestBench.Check(interrupts.All(line => line.Contains("xen-pirq", StringComparison.Ordinal) && line.Contains(kind, StringComparison.Ordinal)),
                $"not all interrupts are xen-pirq {kind}:\n{string.Join('\n', interrupts)}");
            var taken = interrupts.Sum(InterruptLine.Count);
            TestBench.Check(taken > mebibytes / 2, $"only {taken} interrupts for {mebibytes} MB each way");
            bench.Note($"{taken} interrupts, {boot.End.CpuSeconds:f1} CPU s");
        }
        finally
        {
            File.Delete(file);
        }
    });
}

/// <summary>A line of Linux's /proc/interrupts: a name, a count for each CPU, and what it is.</summary>
internal static class InterruptLine
{
    /// <summary>The counts of all CPUs.</summary>
    public static long[] Counts(string line) =>
        [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).TakeWhile(word => word.All(char.IsAsciiDigit)).Select(long.Parse)];

    /// <summary>Their sum.</summary>
    public static long Count(string line) => Counts(line).Sum();
}
