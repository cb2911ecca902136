using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>The tool's own promise: what commands print arrives byte for byte, and their exit status is the run's.</summary>
internal sealed class ExactOutput : Scenario
{
    public override string Name => "exact-output";

    public override string Point => "what commands print in dom0 arrives byte for byte, with their exit status; a crash is told apart";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        new("all byte values, status 42", async bench =>
        {
            var boot = await bench.BootAsync("""
                i=0; while [ $i -lt 256 ]; do printf "\\x$(printf %x $i)"; i=$((i+1)); done
                seq 1 5000; printf 'to standard error' >&2; exit 42
                """);
            TestBench.Check(boot.End is { Cause: EndCause.PoweredOff, CommandStatus: 42 }, $"ended with {boot.End.Cause}, status {boot.End.CommandStatus}\n{boot.Tail()}");
            byte[] expected =
            [
                .. Enumerable.Range(0, 256).Select(value => (byte)value),
                .. System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(1, 5000).Select(number => $"{number}\n")) + "to standard error"),
            ];
            TestBench.Check(boot.Bytes.AsSpan().SequenceEqual(expected), $"{boot.Bytes.Length} bytes arrived, the first difference is at {boot.Bytes.AsSpan().CommonPrefixLength(expected)}");
        }),
        new("a crash of dom0 is told apart", async bench =>
        {
            var boot = await bench.BootAsync("echo before; echo c > /proc/sysrq-trigger; sleep 60");
            TestBench.Check(boot.Text == "before\n", $"printed '{boot.Text}'");
            TestBench.Check(boot.End is { Cause: EndCause.Panicked or EndCause.Reset, CommandStatus: null }, $"ended with {boot.End.Cause}\n{boot.Tail()}");
        }),
        new("a reboot is told apart", async bench =>
        {
            var boot = await bench.BootAsync("reboot -f; sleep 60");
            TestBench.Check(boot.End is { Cause: EndCause.Reset, CommandStatus: null }, $"ended with {boot.End.Cause}\n{boot.Tail()}");
        }),
    ];
}
