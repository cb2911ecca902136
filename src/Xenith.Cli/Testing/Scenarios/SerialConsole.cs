using System.Text;
using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// The console as its user has it: typed text reaches dom0 or the hypervisor, debug keys print, what the command line has wrong is said, the screen shows the log, and
/// a host that cannot go on says why.
/// </summary>
internal sealed class SerialConsole : Scenario
{
    private const string CtrlA = "\u0001\u0001\u0001";
    private const string ToXen = "*** Serial input to Xen (type 'CTRL-a' three times to switch input)";
    private const string ToDom0 = "*** Serial input to DOM0 (type 'CTRL-a' three times to switch input)";
    private const string Ready = "dom0 reads now";

    // A boot is half a minute on a machine that has nothing else to do.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    public override string Name => "console";

    public override string Point => "input switches by Ctrl-A, debug keys print, wrong options are reported, the screen shows the log and goes to dom0, a panic has Xen's words";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        Keys(),
        .. scale == Scale.Full ? (TestCase[])[Screen(keep: false), Screen(keep: true), Framebuffer(), Panic(noReboot: false), Panic(noReboot: true)] : [],
    ];

    private static TestCase Keys() => new("input and keys", async bench =>
    {
        var typist = new ConsoleOperator(
            new ConsoleOperator.Step(Ready).Type(CtrlA),
            new ConsoleOperator.Step(ToXen).Type("h"),
            new ConsoleOperator.Step("key 'z' (ascii '7a') => ").Type("d0qrmtainsec"),
            new ConsoleOperator.Step("printing ACPI Cx structures").Type("gQuH+" + CtrlA),
            new ConsoleOperator.Step(ToDom0).Type("to \u0001 dom0\r"));
        var boot = await bench.BootAsync(
            $"stty -F /dev/hvc0 -echo; echo '{Ready}' >/dev/hvc0; head -n 1 /dev/hvc0",
            machine => machine with { Operator = typist, HypervisorOptions = "telepathy maxcpus=many edd=off console_timestamps=boot", Cpus = 2 },
            Limit);
        TestBench.CheckOrderly(boot);
        TestBench.Check(typist.IsDone, $"'{typist.Awaits}' never came\n{boot.Tail()}");
        TestBench.Check(boot.Text == "to \u0001 dom0\n", $"dom0 read '{boot.Text}'");
        foreach (var words in (string[])[
            "parameter \"telepathy\" unknown!", "parameter \"maxcpus\" has invalid value \"many\", rc=-22!", "parameter \"edd\" is understood, but has no effect here",
            "Std. Loglevel: All", "Allocated console ring of 16 KiB.",
            " key 'd' (ascii '64') => dump registers", "*** Dumping CPU0 host state: ***", "*** Dumping CPU1 ", "] F Xenith.Hypervisor.Scheduling.", "*** Dumping Dom0 vcpu#0 state: ***", "General information for domain 0:", "Online Cpus: 0-1",
            "Physical memory information:", " shared, 0 loaned", "NMI neither pending nor masked", "No domains have emulated TSC", "Dumping timer queues:", "IRQ information:", "Event channel information for domain 0:", "gnttab_usage_print_all ] done",
            "0000:00:00.0 - ", "NODE0 ", "heap[node=0][zone=40] -> 0 pages"])
        {
            // dom0's kernel writes its lines in pieces, and one of ours may come between two of them.
            TestBench.Check(
                boot.End.Log.Any(line => line.Contains("(XEN) [", StringComparison.Ordinal) && line.Contains(words, StringComparison.Ordinal)),
                $"no line has '{words}'\n{string.Join('\n', boot.End.Log.Take(40))}\n...\n{boot.Tail(120)}");
        }
    });

    private static TestCase Screen(bool keep) => new(keep ? "a screen that is kept" : "a screen that goes to dom0", async bench =>
    {
        var words = keep ? "Xen is keeping VGA console." : "Xen is relinquishing VGA console.";
        var viewer = new ConsoleOperator(
            new ConsoleOperator.Step("*** Serial input to DOM0").KeepMemory(0xb8000, 4000, "early"),
            new ConsoleOperator.Step(Ready).KeepMemory(0xb8000, 4000, "late"));
        var boot = await bench.BootAsync(
            $"dmesg | grep -c 'Console: colour VGA+ 80x25'; echo '{Ready}' >/dev/hvc0; sleep 1",
            machine => machine with { Operator = viewer, HypervisorOptions = $"console=com1,vga{(keep ? " vga=keep" : "")}", ExtraArguments = ["-device", "VGA"] });
        TestBench.CheckOrderly(boot);
        TestBench.Check(boot.Text == "1\n", "dom0 has not taken the VGA console");
        TestBench.Check(boot.End.Log.Any(line => line.EndsWith(words, StringComparison.Ordinal)), $"no line '{words}'");
        var early = Lines(viewer.Kept["early"]);
        TestBench.Check(early.Any(line => line.StartsWith("(XEN) Dom0 has maximum ", StringComparison.Ordinal)), $"the screen shows\n{string.Join('\n', early)}");
        var late = Lines(viewer.Kept["late"]);
        TestBench.Check(late.Any(line => line == Ready) == keep, $"the screen shows at last\n{string.Join('\n', late)}");
    });

    private static TestCase Framebuffer() => new("a framebuffer from GRUB", async bench =>
    {
        await bench.Workshop.EnsureAsync([Purpose.BootDisc], bench.Cancel);
        var viewer = new ConsoleOperator(new ConsoleOperator.Step("*** Serial input to DOM0").KeepScreen("screen.ppm"));
        var boot = await bench.BootAsync(
            "dmesg | grep -c 'fb0: .* frame buffer device' || true",
            machine => machine with { Operator = viewer, Boot = BootPath.Multiboot2, GraphicsMode = "1024x768x32", HypervisorOptions = "console=com1,vga vga=keep", ExtraArguments = ["-device", "VGA"] },
            Limit);
        TestBench.CheckOrderly(boot);
        TestBench.Check(viewer.Kept.TryGetValue("screen.ppm", out var picture), "no picture of the screen was taken");
        var rows = ScreenPicture.Read(picture!);
        // What the screen shows is the log without a gap, from some line on; long lines go on in the next row.
        var expected = boot.End.Log.SelectMany(line => Wrapped(line, ScreenPicture.Columns)).ToList();
        var shown = rows.Reverse().SkipWhile(row => row.Length == 0).Reverse().ToList();
        TestBench.Check(shown.Count == ScreenPicture.Rows || shown.Count > 40, $"only {shown.Count} rows:\n{string.Join('\n', shown)}");
        var start = Enumerable.Range(0, expected.Count).FirstOrDefault(at => expected.Skip(at).Take(shown.Count - 1).SequenceEqual(shown.SkipLast(1)), -1);
        TestBench.Check(start >= 0, $"the screen does not show the log:\n{string.Join('\n', shown)}");
        TestBench.Check(shown.Any(row => row.StartsWith("(XEN) *** Serial input to DOM0", StringComparison.Ordinal)), $"the last line is not there:\n{string.Join('\n', shown.TakeLast(3))}");
        bench.Note($"{shown.Count} rows, {shown.Sum(row => row.Length)} letters");

        static IEnumerable<string> Wrapped(string line, int width) =>
            line.Length == 0 ? [""] : line.Chunk(width).Select(piece => new string(piece).TrimEnd());
    });

    private static TestCase Panic(bool noReboot) => new(noReboot ? "a panic that stays" : "a panic that restarts", async bench =>
    {
        var end = await bench.WatchAsync(bench.Standard with { Modules = null, HypervisorOptions = noReboot ? "noreboot" : "" });
        var at = end.Log.ToList().FindIndex(line => line == "(XEN) Panic on CPU 0:");
        string[] expected =
        [
            "(XEN) ****************************************", "(XEN) Panic on CPU 0:", "(XEN) dom0 kernel not specified. Check bootloader configuration.",
            "(XEN) ****************************************", "(XEN) ", noReboot ? "(XEN) Manual reset required ('noreboot' specified)" : "(XEN) Reboot in five seconds...",
        ];
        TestBench.Check(at > 0 && end.Log.Skip(at - 1).Take(6).SequenceEqual(expected), $"the panic reads\n{string.Join('\n', end.Log.TakeLast(8))}");
    });

    /// <summary>The lines of a text screen: every other byte is a character.</summary>
    private static List<string> Lines(byte[] memory) =>
        [.. Enumerable.Range(0, memory.Length / 160).Select(row => Encoding.Latin1.GetString([.. Enumerable.Range(0, 80).Select(column => memory[(row * 80 + column) * 2])]).TrimEnd())];
}
