using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>dom0 switches the machine off and starts it anew.</summary>
internal sealed class Power : Scenario
{
    public override string Name => "power";

    public override string Point => "poweroff and reboot in dom0 do so";

    public override IEnumerable<TestCase> Cases(Scale scale) => [Case("poweroff", EndCause.PoweredOff), Case("reboot", EndCause.Reset)];

    private static TestCase Case(string command, EndCause cause) => new(command, async bench =>
    {
        var boot = await bench.BootAsync($"echo before; {command} -f; sleep 60; echo after");
        TestBench.Check(boot.Text == "before\n", $"printed '{boot.Text}'");
        TestBench.Check(boot.End.Cause == cause, $"ended with {boot.End.Cause}, not {cause}\n{boot.Tail()}");
        TestBench.Check(!boot.End.EmulatorMessages.Contains("Triple fault", StringComparison.Ordinal), $"by a triple fault\n{boot.Tail()}");
    });
}
