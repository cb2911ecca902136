using Xenith.Cli.Userland;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>The debug registers as a person uses them: gdb in dom0 stops at the right places with hardware watchpoints.</summary>
internal sealed class Debugger : Scenario
{
    public override string Name => "debugger";

    public override string Point => "gdb in dom0 stops at a hardware breakpoint and at every change that four hardware watchpoints wait for";

    public override IEnumerable<TestCase> Cases(Scale scale) => scale == Scale.Full ? [Case()] : [];

    private static TestCase Case() => new("gdb", async bench =>
    {
        var boot = await RootSession.BootAsync(bench, $"{Dom0Userland.Resource("debugger.sh")}");
        TestBench.CheckOrderly(boot);
        var text = boot.Text;
        TestBench.Check(text.Contains("hw breakpoint", StringComparison.Ordinal), $"the breakpoint is not of the hardware\n{text}");
        // first: 0, 1, 3, 6; second: 0, 3, 9, 18; last: 0, 'z'; third is read for the sum, before it is written, and again for printing.
        var stops = boot.Lines.Where(line => line.StartsWith("Old value", StringComparison.Ordinal) || line.StartsWith("New value", StringComparison.Ordinal)
            || line.StartsWith("Value", StringComparison.Ordinal)).Select(line => line[(line.IndexOf('=') + 2)..]).ToList();
        string[] expected = ["0", "1", "0", "3", "1", "3", "3", "9", "0 '\\000'", "122 'z'", "3", "6", "9", "18", "0", "18"];
        TestBench.Check(stops.SequenceEqual(expected), $"the watchpoints saw {string.Join(", ", stops)}\n{text}");
        TestBench.Check(text.Contains("6 18 18 z\n", StringComparison.Ordinal), $"the program did not end as it has to\n{text}");
    });
}
