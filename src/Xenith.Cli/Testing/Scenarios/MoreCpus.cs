namespace Xenith.Cli.Testing.Scenarios;

/// <summary>The boot to a shell on a machine with several CPUs.</summary>
internal sealed class MoreCpus : Scenario
{
    public override string Name => "more-cpus";

    public override string Point => "the same boot with two, four and eight CPUs, all of which dom0 gets";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
        [BootToShell.Case(2), .. scale == Scale.Full ? [BootToShell.Case(4), BootToShell.Case(8)] : (TestCase[])[]];
}
