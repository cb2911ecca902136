using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// The programs of guests/processes as processes of dom0, of 64 and of 32 bits: system calls by every way, exceptions, segments, signals, debuggers, vector
/// registers, ports and memory. They say what they find; that has to be what they find on real Xen with the same kernel.
/// </summary>
internal sealed class Processes : Scenario
{
    private const string Commands = """
        echo 0 > /proc/sys/kernel/randomize_va_space
        cd /processes
        for program in *; do
            timeout 120 ./$program > /tmp/output 2>&1
            echo "status $?" >> /tmp/output
            sed "s/^/$program: /" /tmp/output
        done
        """;

    private const string Amd = "max,-smap", Intel = "max,-smap,vendor=GenuineIntel";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(900);

    public override string Name => "processes";

    public override string Point => "64-bit and 32-bit processes of dom0 see the same exceptions, registers and memory as on real Xen, on an AMD and on an Intel CPU";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        new("AMD, and real Xen", bench => CompareAsync(bench, Amd)),
        new("Intel", OnIntelAsync) { Alone = true },
    ];

    private static async Task CompareAsync(TestBench bench, string cpu)
    {
        var programs = await BuildAsync(bench);
        var ours = await RunAsync(bench, programs, cpu, bench.Hypervisor);
        await File.WriteAllLinesAsync(Reference(bench), await TheirsAsync(bench, programs));
        Report(bench, programs, await File.ReadAllLinesAsync(Reference(bench)), ours.Lines);
    }

    /// <summary>
    /// An Intel CPU needs a root of its own for the guest, and its 32-bit processes enter by SYSENTER. Real Xen 4.17 takes a double fault at the first SYSENTER on this emulator, so its
    /// transcript is that of the AMD CPU, without the lines that tell the two apart.
    /// </summary>
    private static async Task OnIntelAsync(TestBench bench)
    {
        var programs = await BuildAsync(bench);
        var ours = await RunAsync(bench, programs, Intel, bench.Hypervisor);
        IReadOnlyList<string> theirs = File.Exists(Reference(bench)) ? await File.ReadAllLinesAsync(Reference(bench)) : await TheirsAsync(bench, programs);
        Report(bench, programs, [.. theirs.Where(IsSameOnBoth)], [.. ours.Lines.Where(IsSameOnBoth)]);
        foreach (var wanted in (string[])["calls-32: vdso uses sysenter 1 syscall 0", "calls-32: vdso entry 2000 times, right 1", "calls-32: sysenter by hand: no fault"])
            TestBench.Check(ours.Lines.Contains(wanted), $"missing: {wanted}");
    }

    private static string Reference(TestBench bench) => Path.Combine(bench.Workshop.Repository.Output, "processes", "real-xen.txt");

    private static async Task<IReadOnlyList<string>> TheirsAsync(TestBench bench, IReadOnlyList<ExtraProgram> programs)
    {
        var real = await bench.Workshop.HypervisorAsync(Cli.Commands.RunOptions.Debian, bench.Cancel);
        return (await RunAsync(bench, programs, Amd, real)).Lines;
    }

    private static bool IsSameOnBoth(string line) => !line.Contains("sysenter", StringComparison.Ordinal) && !line.Contains("syscall by hand", StringComparison.Ordinal);

    private static void Report(TestBench bench, IReadOnlyList<ExtraProgram> programs, IReadOnlyList<string> theirs, IReadOnlyList<string> ours)
    {
        var different = Differences(theirs, ours).ToList();
        TestBench.Check(different.Count == 0, $"{different.Count} lines differ from real Xen:\n{string.Join('\n', different.Take(60))}");
        bench.Note($"{programs.Count} programs, {ours.Count} lines equal");
    }

    private static async Task<Boot> RunAsync(TestBench bench, IReadOnlyList<ExtraProgram> programs, string cpu, HypervisorImage hypervisor)
    {
        var boot = await bench.BootAsync(
            Commands, machine => machine with { Hypervisor = hypervisor, Programs = programs, CpuModel = cpu }, Limit);
        TestBench.CheckOrderly(boot);
        var unfinished = programs.Select(program => Path.GetFileName(program.Path)).Where(name => !boot.Lines.Contains($"{name}: end")).ToList();
        TestBench.Check(unfinished.Count == 0, $"on {hypervisor.Name} these did not come to their end: {string.Join(' ', unfinished)}\n{string.Join('\n', boot.Lines.TakeLast(20))}");
        return boot;
    }

    /// <summary>Line by line within each program, so that one line too many does not make all that follow differ.</summary>
    private static IEnumerable<string> Differences(IReadOnlyList<string> theirs, IReadOnlyList<string> ours) =>
        theirs.Except(ours).Select(line => $"real Xen: {line}").Concat(ours.Except(theirs).Select(line => $"here:     {line}"))
            .OrderBy(line => line[10..], StringComparer.Ordinal);

    /// <summary>Compiles every program for 64 and for 32 bits, static: dom0 has no libraries.</summary>
    internal static async Task<IReadOnlyList<ExtraProgram>> BuildAsync(TestBench bench)
    {
        await bench.Workshop.EnsureAsync([Purpose.Build, Purpose.Test], bench.Cancel);
        var repository = bench.Workshop.Repository;
        var output = Directory.CreateDirectory(Path.Combine(repository.Output, "processes")).FullName;
        List<ExtraProgram> programs = [];
        foreach (var source in Directory.EnumerateFiles(repository.PathTo("guests", "processes"), "*.c").Order(StringComparer.Ordinal))
        {
            foreach (var bits in (int[])[64, 32])
            {
                var name = $"{Path.GetFileNameWithoutExtension(source)}-{bits}";
                var file = Path.Combine(output, name);
                await HostCommand.CheckAsync(
                    "gcc", [$"-m{bits}", "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-fno-pie", "-no-pie", "-pthread", "-o", file, source], cancel: bench.Cancel);
                programs.Add(new ExtraProgram($"processes/{name}", file));
            }
        }
        return programs;
    }
}
