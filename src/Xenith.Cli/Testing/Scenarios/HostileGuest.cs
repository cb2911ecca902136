using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// A PV kernel that attacks its hypervisor (guests/hostile). The host survives all of it, the kernel finds nothing changed that it could not change, and each answer is the one that real Xen gave,
/// but for those that docs/safety.md explains. What ends the domain is tried one for each boot.
/// </summary>
internal sealed class HostileGuest : Scenario
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(300);

    public override string Name => "hostile";

    public override string Point => "a hostile PV kernel is refused as by real Xen, and the host survives it";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        new("all attacks", bench => AttackAsync(bench, bench.Hypervisor)),
        new("races on two CPUs", bench => RaceAsync(bench, bench.Hypervisor)),
        .. HostileTranscript.Crashes.Where((_, index) => scale == Scale.Full || index % 4 == 1).Select(name => new TestCase($"the domain's end: {name}", bench => CrashAsync(bench, name))),
        .. scale == Scale.Full
            ? (TestCase[])
            [
                new("all attacks on the image with its own checks", async bench => await AttackAsync(bench, await bench.CheckedHypervisorAsync())) { Alone = true },
                new("races on two CPUs, on the image with its own checks", async bench => await RaceAsync(bench, await bench.CheckedHypervisorAsync())) { Alone = true },
                new("real Xen still says what is recorded", RecordedAsync) { Alone = true },
                new("races on two CPUs, on real Xen", async bench => await RaceAsync(bench, await bench.Workshop.HypervisorAsync(Commands.RunOptions.Debian, bench.Cancel))) { Alone = true },
            ]
            : [],
    ];

    private static async Task AttackAsync(TestBench bench, HypervisorImage image)
    {
        var guest = await HostileTranscript.BuildAsync(bench.Workshop.Repository, bench.Cancel);
        var end = await bench.WatchAsync(HostileTranscript.Machine(image, guest), limit: Limit);
        var ours = Attacks(end, image);
        var failures = end.Log.Where(line => line.StartsWith("FAIL ", StringComparison.Ordinal) || line.Contains("Lock order:", StringComparison.Ordinal)).ToList();
        TestBench.Check(failures.Count == 0, $"the guest found things changed:\n{string.Join('\n', failures)}");
        TestBench.Check(end.Cause == EndCause.PoweredOff, $"the machine ended with {end.Cause}");

        var repository = bench.Workshop.Repository;
        var recorded = await File.ReadAllLinesAsync(HostileTranscript.RecordedFile(repository), bench.Cancel);
        var real = await bench.Workshop.HypervisorAsync(Commands.RunOptions.Debian, bench.Cancel);
        var explained = image.Name == real.Name ? [] : HostileTranscript.Explained(await File.ReadAllTextAsync(repository.PathTo("docs", "safety.md"), bench.Cancel));
        var theirs = recorded.Where(line => line.StartsWith(HostileTranscript.Attack, StringComparison.Ordinal)).ToList();
        var different = HostileTranscript.Compare(ours, theirs, explained);
        TestBench.Check(different.Count == 0, $"not as recorded of real Xen, nor explained in docs/safety.md:\n{string.Join('\n', different)}");
        bench.Note($"{ours.Count} attacks");
    }

    /// <summary>The two vCPUs really run at the same time; what they print is what one CPU gives.</summary>
    private static async Task RaceAsync(TestBench bench, HypervisorImage image)
    {
        var guest = await HostileTranscript.BuildAsync(bench.Workshop.Repository, bench.Cancel);
        var end = await bench.WatchAsync(HostileTranscript.Machine(image, guest, "tests=race") with { Cpus = 2 }, limit: Limit);
        var ours = Attacks(end, image);
        var wrong = end.Log.Where(line => line.StartsWith("FAIL ", StringComparison.Ordinal) || line.Contains("Lock order:", StringComparison.Ordinal)).ToList();
        TestBench.Check(wrong.Count == 0 && end.Cause == EndCause.PoweredOff, $"ended with {end.Cause}\n{string.Join('\n', wrong)}");
        var recorded = (await File.ReadAllLinesAsync(HostileTranscript.RecordedFile(bench.Workshop.Repository), bench.Cancel))
            .Where(line => line.StartsWith($"{HostileTranscript.Attack}race.", StringComparison.Ordinal));
        // Real Xen has been seen to keep a page in the domain's count that was a table in the race and was given back after it.
        static bool IsSettled(string line) => !line.Contains(".left the domain:", StringComparison.Ordinal);
        var real = image.Name == (await bench.Workshop.HypervisorAsync(Commands.RunOptions.Debian, bench.Cancel)).Name;
        var different = HostileTranscript.Compare([.. ours.Where(line => !real || IsSettled(line))], [.. recorded.Where(line => !real || IsSettled(line))], []);
        TestBench.Check(different.Count == 0, string.Join('\n', different));
    }

    private static async Task CrashAsync(TestBench bench, string name)
    {
        var guest = await HostileTranscript.BuildAsync(bench.Workshop.Repository, bench.Cancel);
        var end = await bench.WatchAsync(HostileTranscript.Machine(bench.Hypervisor, guest, $"crash={name}"), limit: Limit);
        var said = HostileTranscript.CrashIn(name, end.Log);
        var recorded = await File.ReadAllLinesAsync(HostileTranscript.RecordedFile(bench.Workshop.Repository), bench.Cancel);
        TestBench.Check(recorded.Contains(said), $"{said}\nis not what is recorded of real Xen; the log ends:\n{string.Join('\n', end.Log.TakeLast(30))}");
    }

    private static async Task RecordedAsync(TestBench bench)
    {
        var guest = await HostileTranscript.BuildAsync(bench.Workshop.Repository, bench.Cancel);
        var real = await bench.Workshop.HypervisorAsync(Commands.RunOptions.Debian, bench.Cancel);
        var now = Attacks(await bench.WatchAsync(HostileTranscript.Machine(real, guest), limit: Limit), real);
        var recorded = await File.ReadAllLinesAsync(HostileTranscript.RecordedFile(bench.Workshop.Repository), bench.Cancel);
        var different = HostileTranscript.Compare(now, [.. recorded.Where(line => line.StartsWith(HostileTranscript.Attack, StringComparison.Ordinal))], []);
        TestBench.Check(different.Count == 0, $"the recorded transcript is out of date ('eng/xenith transcript' makes it again):\n{string.Join('\n', different)}");
    }

    private static IReadOnlyList<string> Attacks(MachineEnd end, HypervisorImage image)
    {
        var attacks = HostileTranscript.AttacksIn(end.Log);
        TestBench.Check(attacks is not null, $"no end of the transcript on {image.Name}; ended with {end.Cause}\n{string.Join('\n', end.Log.TakeLast(30))}");
        return attacks ?? [];
    }
}
