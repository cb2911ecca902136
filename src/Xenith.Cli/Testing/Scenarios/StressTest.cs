namespace Xenith.Cli.Testing.Scenarios;

/// <summary>Debian's load generator against processes, memory, signals, pipes, timers and futexes at once, checking what it computes.</summary>
internal sealed class StressTest : Scenario
{
    private const int Seconds = 300;

    private static readonly string[] Stressors = ["cpu", "vm", "fork", "sigq", "pipe", "mmap", "timer", "futex"];

    public override string Name => "stress";

    public override string Point => "five minutes of 'stress-ng --verify' in dom0 with four vCPUs on two CPUs (cpu, vm, fork, signals, pipe, mmap, timer, futex) without a failure";

    public override IEnumerable<TestCase> Cases(Scale scale) => scale == Scale.Full ? [Case()] : [];

    private static TestCase Case() => new($"{Seconds} s", async bench =>
    {
        var boot = await RootSession.BootAsync(bench, $"""
            stress-ng --verify --oomable --vm-bytes 64M --mmap-bytes 32M --timeout {Seconds}s --metrics-brief {string.Join(' ', Stressors.Select(name => $"--{name} 1"))} 2>&1
            status=$?
            dmesg | grep -E 'kernel BUG|BUG: (unable|Bad|scheduling|sleeping)|WARNING: CPU|Oops|segfault' | sed 's/^/dmesg: /'
            echo vcpus $(nproc)
            exit $status
            """, cpus: 2, vcpus: 4);
        TestBench.Check(boot.Lines.Contains("vcpus 4"), $"dom0 has not four vCPUs\n{boot.Text}");
        TestBench.CheckOrderly(boot);
        TestBench.Check(!boot.Lines.Any(line => line.StartsWith("dmesg: ", StringComparison.Ordinal)), $"the kernel complained\n{boot.Text}");
        foreach (var name in Stressors)
        {
            // "stress-ng: metrc: [270] fork   12345   300.00 ...": the name, then how many operations it did.
            var row = boot.Lines.Select(line => line[(line.IndexOf(']') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .FirstOrDefault(words => words.Length > 4 && words[0] == name && long.TryParse(words[1], out _));
            TestBench.Check(row is not null && long.Parse(row[1]) > 0, $"{name} did nothing\n{boot.Text}");
        }
        bench.Note($"{Stressors.Length} kinds of load");
    });
}
