using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>With --icount two runs are the same to the last instruction: the serial logs, time stamps and all, are equal.</summary>
internal sealed class CountedTime : Scenario
{
    public override string Name => "counted-time";

    public override string Point => "two runs with --icount give the same serial log to the byte, time stamps included";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        new("two runs", async bench =>
        {
            const string commands = "cat /proc/uptime; dmesg | tail -n 5";
            var limit = TimeSpan.FromSeconds(400);
            Boot[] boots = await Task.WhenAll(Once(), Once());
            foreach (var boot in boots)
                TestBench.CheckOrderly(boot);
            TestBench.Check(boots[0].Text == boots[1].Text, "the commands' output differs");
            var (first, second) = (boots[0].End.Log, boots[1].End.Log);
            var at = first.Zip(second).TakeWhile(pair => pair.First == pair.Second).Count();
            TestBench.Check(first.SequenceEqual(second), $"the logs differ from line {at + 1} on");
            bench.Note($"{first.Count} lines equal");

            Task<Boot> Once() => bench.BootAsync(commands, machine => machine with { CountInstructions = true }, limit);
        }) { Alone = true },
    ];
}
