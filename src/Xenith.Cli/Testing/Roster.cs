using Xenith.Cli.Testing.Scenarios;

namespace Xenith.Cli.Testing;

/// <summary>The hypervisor that a scenario boots.</summary>
internal enum Subject
{
    /// <summary>Ours.</summary>
    Xenith,

    /// <summary>Real Xen, for scenarios whose point is the tool itself.</summary>
    Debian,

    /// <summary>None: the scenario brings an image of its own.</summary>
    Own,

    /// <summary>Not run: something it needs does not exist yet. It is listed as waiting and counted nowhere.</summary>
    Waiting,
}

/// <param name="WaitsFor">What has to exist before the scenario can run, while it is waiting.</param>
internal sealed record Enrolment(Scenario Scenario, Subject Subject, string? WaitsFor = null);

/// <summary>
/// Every scenario and whether it runs. To enable one, change its row to <see cref="Subject.Xenith"/> once what it waits for has
/// landed; '--hypervisor debian' runs them all on real Xen, which shows that the scenario itself is sound.
/// </summary>
internal static class Roster
{
    public static readonly IReadOnlyList<Enrolment> Scenarios =
    [
        new(new MetalTests(), Subject.Own),
        new(new ExactOutput(), Subject.Xenith),
        new(new BadKernels(), Subject.Xenith),
        new(new KernelPayloads(), Subject.Xenith),
        new(new FirmwareTables(), Subject.Xenith),
        new(new BootToShell(), Subject.Xenith),
        new(new CpuStart(), Subject.Xenith),
        new(new MoreCpus(), Subject.Xenith),
        new(new MoreVcpus(), Subject.Xenith),
        new(new MemorySizes(), Subject.Xenith),
        new(new RepeatedBoots(1), Subject.Xenith),
        new(new RepeatedBoots(4), Subject.Xenith),
        new(new Disks(), Subject.Xenith),
        new(new Network(), Subject.Xenith),
        new(new Power(), Subject.Xenith),
        new(new InterruptAffinity(), Subject.Xenith),
        new(new CountedTime(), Subject.Xenith),
        new(new PvGuest(), Subject.Xenith),
        new(new HostileGuest(), Subject.Xenith),
        new(new Stretches(), Subject.Xenith),
        new(new SerialConsole(), Subject.Xenith),
        new(new Processes(), Subject.Xenith),
        new(new Checksums(), Subject.Xenith),
        new(new FromOutside(), Subject.Xenith),
        new(new BootDiscs(), Subject.Xenith),
        new(new InBochs(), Subject.Xenith),
        new(new WholeDebian(), Subject.Xenith),
        new(new Compiler(), Subject.Xenith),
        new(new StressTest(), Subject.Xenith),
        new(new Debugger(), Subject.Xenith),
        new(new CheckedImage(), Subject.Own),
    ];
}
