namespace Xenith.Cli.Testing.Scenarios;

/// <summary>Machines small and large: dom0 gets what the hypervisor does not need for itself, and can use all of it.</summary>
internal sealed class MemorySizes : Scenario
{
    /// <summary>
    /// dom0's MemTotal in mebibytes with this kernel on real Xen 4.17, which keeps back a sixteenth of the memory but no more than
    /// 128 MiB. Ours may take a 256th of the memory, at least 8 MiB, more for itself.
    /// </summary>
    private static readonly Dictionary<int, int> OnRealXen = new() { [512] = 350, [2048] = 1744, [8192] = 7697, [16384] = 15637 };

    private static int Expected(int mebibytes) => OnRealXen[mebibytes] - Math.Max(mebibytes / 256, 8);

    public override string Name => "memory";

    public override string Point => "boots with 512 MB to 16 GB; dom0 has what real Xen gives it, within a 256th, and can use it";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
        [Case(512), Case(2048), .. scale == Scale.Full ? [Case(8192), Case(16384)] : (TestCase[])[]];

    private static TestCase Case(int mebibytes) => new($"{mebibytes} MB", async bench =>
    {
        // A file in memory, as large as half of what is free if that is not much, written and read back.
        const string commands = """
            sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo
            mount -t tmpfs -o size=100% all /mnt
            count=$(($(sed -n 's/^MemFree: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 2048))
            [ $count -lt 64 ] || count=64
            yes 0123456789abcde | dd of=/mnt/file bs=1M count=$count iflag=fullblock 2>/dev/null
            md5sum /mnt/file | cut -c 1-32 && echo $count
            """;
        var boot = await bench.BootAsync(commands, machine => machine with { MemoryMiB = mebibytes });
        TestBench.CheckOrderly(boot);
        TestBench.Check(boot.Lines.Count == 3, $"unexpected answer: {boot.Text}");
        var total = int.Parse(boot.Lines[0]) / 1024;
        TestBench.Check(total >= Expected(mebibytes), $"dom0 has only {total} MB, not {Expected(mebibytes)}");
        var written = int.Parse(boot.Lines[2]);
        var expected = Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(
            [.. Enumerable.Repeat("0123456789abcde\n"u8.ToArray(), written << 16).SelectMany(line => line)]));
        TestBench.Check(boot.Lines[1] == expected, $"{written} MB read back differ from what was written");
        bench.Note($"MemTotal {total} MB");
    });
}
