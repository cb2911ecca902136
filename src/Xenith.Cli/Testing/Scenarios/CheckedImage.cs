using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// The image built with its own checks (XenithChecks): each lock that is taken is compared with the ranks of those that are held, and before the first guest runs the hypervisor tries to write its
/// own code, and makes and destroys ten thousand domains. A lock out of order would end dom0, and with it the host.
/// </summary>
internal sealed class CheckedImage : Scenario
{
    public override string Name => "checked-image";

    public override string Point => "no lock is taken out of order while dom0 and our PV kernel run, the image cannot be written, and domains leave nothing behind";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        new("dom0", async bench =>
        {
            var image = await bench.CheckedHypervisorAsync();
            var boot = await bench.BootAsync("dmesg | tail -n 1; find / -xdev -type f | wc -l", machine => machine with { Hypervisor = image });
            TestBench.CheckOrderly(boot);
            CheckOrder(boot.End);
            CheckSelfTest(boot.End, "image: ");
            CheckSelfTest(boot.End, "domains: ");
        }) { Alone = true },
        new("our PV kernel", async bench =>
        {
            var image = await bench.CheckedHypervisorAsync();
            var folder = await bench.BuildAsync("guests", "pv", "Xenith.Guest.Pv.csproj");
            var modules = new BootModules(Path.Combine(folder, "xenith-guest-pv.elf"), BootModules.None);
            var end = await bench.WatchAsync(bench.Standard with { Hypervisor = image, Modules = modules }, limit: TimeSpan.FromSeconds(180));
            CheckOrder(end);
            TestBench.Check(end.Log.Any(line => line.StartsWith("DONE passed ", StringComparison.Ordinal)), $"no end of the transcript; ended with {end.Cause}");
        }) { Alone = true },
        Bug("a bug of ours ends dom0 and the host", 1, "FaultInjection.Trap", "while serving d0v0: that domain ends here", "domain_crash called for domain 0", "Hardware Dom0 crashed"),
        Bug("a bug with a lock held", 2, "FaultInjection.Trap", "domain_crash called for domain 0", "Hardware Dom0 crashed"),
        Bug("a stack that overflows", 5, "Stack overflow: ", "FaultInjection.Deepen", "DOUBLE FAULT -- system shutdown"),
        Bug("a division by zero", 3, "vector 0 ", "FaultInjection.OnCall", "while serving d0v0", "Hardware Dom0 crashed"),
        Bug("a null reference", 6, "vector 14 ", "FaultInjection.OnCall", "while serving d0v0", "Hardware Dom0 crashed"),
        Bug("an address where nothing is", 7, "vector 14 ", "FaultInjection.OnCall", "while serving d0v0", "Hardware Dom0 crashed"),
        Bug("a protection fault", 8, "vector 13 ", "FaultInjection.OnCall", "while serving d0v0", "Hardware Dom0 crashed"),
        Bug("a bug in an interrupt handler", 4, "FaultInjection.Trap", "Panic on CPU 0:", "FATAL TRAP: vector = 6 (invalid opcode)"),
        Bug("a division in an interrupt handler", 0x13, "FaultInjection.OnCall", "Panic on CPU 0:", "FATAL TRAP: vec 0, #DE[0000]"),
        Bug("a null reference in an interrupt handler", 0x16, "FaultInjection.OnCall", "Panic on CPU 0:", "FATAL PAGE FAULT", "Faulting linear address: 00000000"),
        Bug("an address where nothing is in an interrupt handler", 0x17, "FaultInjection.OnCall", "Panic on CPU 0:", "FATAL PAGE FAULT", "Faulting linear address: ffff82d03ffff000"),
        Bug("a protection fault in an interrupt handler", 0x18, "FaultInjection.OnCall", "Panic on CPU 0:", "FATAL TRAP: vec 13, #GP[0000]"),
        new("domains that traps end", bench => VictimsAsync(bench, 1)) { Alone = true },
        new("domains that traps end, on two CPUs", bench => VictimsAsync(bench, 2)) { Alone = true },
        .. scale == Scale.Full ? (TestCase[])[Stuck("a CPU that is stuck", 9), Stuck("a CPU that is stuck with interrupts off", 10)] : [],
    ];

    /// <summary>
    /// One call of each family, and two exceptions, by domains that the hypervisor makes for it, with a trap at one point after the other: each of them ends, dom0 goes on, and references and free frames are
    /// as before. On two CPUs dom0, which is tied to the first, asks whether they have ended, and takes them apart, while calls are made and trapped on the other.
    /// </summary>
    private static async Task VictimsAsync(TestBench bench, int cpus)
    {
        var image = await bench.CheckedHypervisorAsync();
        var folder = await bench.BuildAsync("guests", "pv", "Xenith.Guest.Pv.csproj");
        var modules = new BootModules(Path.Combine(folder, "xenith-guest-pv.elf"), BootModules.None);
        var end = await bench.WatchAsync(
            bench.Standard with { Hypervisor = image, Modules = modules, KernelOptions = "tests=none victims=0", Cpus = cpus, HypervisorOptions = "dom0_vcpus_pin" },
            line => line.StartsWith("DONE passed ", StringComparison.Ordinal), TimeSpan.FromSeconds(400));
        var tests = end.Log.Where(line => line.Contains("Fault test: ", StringComparison.Ordinal)).ToList();
        var clean = tests.Where(line => line.EndsWith(" references counted anew: as before; 0 frames lost", StringComparison.Ordinal)).ToList();
        var names = tests.Select(line => line.Split("Fault test: ").Last().Split(", point ").First()).Distinct().ToList();
        var trapped = names.Where(name => clean.Any(line => line.Contains($"Fault test: {name}, point 1: trapped;", StringComparison.Ordinal))).ToList();
        TestBench.Check(clean.Count == tests.Count, string.Join('\n', tests.Except(clean)));
        TestBench.Check(names.Count >= 24 && trapped.Count == names.Count, $"{trapped.Count} of {names.Count} families were trapped\n{string.Join('\n', end.Log.TakeLast(40))}");
        var traps = clean.Count(line => line.Contains(": trapped;", StringComparison.Ordinal));
        TestBench.Check(end.Log.Contains($"NOTE victims: {names.Count} families, {traps} traps, 0 wrong"), $"dom0 did not go on to the end\n{string.Join('\n', end.Log.TakeLast(40))}");
        var there = end.Log.Count(line => line.EndsWith($") CPU:    {cpus - 1}", StringComparison.Ordinal));
        TestBench.Check(there == traps, $"{there} of {traps} traps were on the last CPU");
        bench.Note($"{names.Count} families, {traps} traps");
    }

    /// <summary>A hypercall that never ends: the other CPU notices, and the stuck one says where it is.</summary>
    private static TestCase Stuck(string name, int number) => Bug(
        name, number, machine => machine with { Cpus = 2, HypervisorOptions = "watchdog watchdog_timeout=3 dom0_vcpus_pin" },
        "Watchdog timer detects that CPU0 is stuck!", "RIP:    e008:", "FaultInjection.Spin", "HypercallTable", "FATAL TRAP: vector = 2 (nmi)", "Reboot in five seconds...");

    private static TestCase Bug(string name, int number, params string[] words) => Bug(name, number, machine => machine, words);

    /// <summary>Our kernel asks for a bug of the hypervisor. dom0 ends with it, and so does the host, in words that say why and where.</summary>
    private static TestCase Bug(string name, int number, Func<MachineSettings, MachineSettings> change, params string[] words) => new(name, async bench =>
    {
        var image = await bench.CheckedHypervisorAsync();
        var folder = await bench.BuildAsync("guests", "pv", "Xenith.Guest.Pv.csproj");
        var modules = new BootModules(Path.Combine(folder, "xenith-guest-pv.elf"), BootModules.None);
        var settings = bench.Standard with { Hypervisor = image, Modules = modules, KernelOptions = $"tests=none bug={number}" };
        var end = await bench.WatchAsync(change(settings), limit: TimeSpan.FromSeconds(240));
        var log = string.Join('\n', end.Log);
        foreach (var word in words)
            TestBench.Check(log.Contains(word, StringComparison.Ordinal), $"'{word}' is not in the log, which ends:\n{string.Join('\n', end.Log.TakeLast(40))}");
        TestBench.Check(end.Cause is EndCause.Reset or EndCause.Panicked, $"the machine did not restart; ended with {end.Cause}");
    }) { Alone = true };

    private static void CheckSelfTest(MachineEnd end, string what)
    {
        var said = end.Log.Where(line => line.Contains("Self test:", StringComparison.Ordinal)).ToList();
        TestBench.Check(said.Any(line => line.Contains(what, StringComparison.Ordinal) && line.EndsWith(", 0 failures", StringComparison.Ordinal)), $"'{what}' failed:\n{string.Join('\n', said)}");
    }

    private static void CheckOrder(MachineEnd end)
    {
        var complaints = end.Log.SkipWhile(line => !line.Contains("Lock order:", StringComparison.Ordinal)).Take(40).ToList();
        TestBench.Check(complaints.Count == 0, string.Join('\n', complaints));
    }
}
