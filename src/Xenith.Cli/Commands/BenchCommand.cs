using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Xenith.Cli.Benchmarks;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Commands;

/// <summary>'xenith bench': the same PV guest counts instructions on Debian's Xen and on Xenith; the two beside each other.</summary>
internal static class BenchCommand
{
    private const string Debian = RunOptions.Debian, Xenith = "xenith";
    private const int DefaultTimeout = 300, TailLines = 12, StretchesShown = 12;

    private static readonly Option<string?> Hypervisor = new("--hypervisor") { Description = "Another image in Xenith's place: an ELF32 with a multiboot header, or 'debian'", HelpName = "PATH|debian" };
    private static readonly Option<string?> Only = new("--only") { Description = "Run one of the two, and compare nothing", HelpName = "xenith|debian" };
    private static readonly Option<string?> Rows = new("--rows") { Description = "Show only these rows; '*' in a name stands for anything", HelpName = "NAME,..." };
    private static readonly Option<string?> Json = new("--json") { Description = "Write the figures into this file", HelpName = "FILE" };
    private static readonly Option<string?> Plot = new("--plot") { Description = "Draw the ratios as bars into this file", HelpName = "FILE.svg" };
    private static readonly Option<bool> Dom0 = new("--dom0") { Description = "Measure processes of Debian's kernel as dom0 instead: system calls, page faults, fork and exec, pipes" };
    private static readonly Option<bool> Memory = new("--memory") { Description = "Measure the memory that the hypervisor keeps for itself, on machines of 1, 8 and 32 GB, and the size of its image" };
    private static readonly Option<bool> Stretches = new("--stretches") { Description = "Find Xenith's longest stretches of instructions without a look at what else waits for the CPU, and with interrupts off" };
    private static readonly Option<int> Timeout = new("--timeout") { Description = "Give each machine up after this time", HelpName = "SECONDS", DefaultValueFactory = _ => DefaultTimeout };

    public static Command Create()
    {
        Hypervisor.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value != Debian && !File.Exists(token.Value))
                result.AddError($"--hypervisor: there is no file '{token.Value}'");
        });
        Only.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value is not (Debian or Xenith))
                result.AddError($"--only takes {Xenith} or {Debian}, not '{token.Value}'");
        });
        Timeout.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 1_000_000))
                result.AddError($"--timeout takes a number of seconds, not '{token.Value}'");
        });
        Plot.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !token.Value.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
                result.AddError($"--plot draws SVG, so its file's name ends in .svg, not as '{token.Value}'");
        });
        foreach (var option in (Option[])[Json, Plot])
        {
            option.Validators.Add(result =>
            {
                if (result.Tokens is [var token] && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(token.Value))))
                    result.AddError($"{option.Name}: there is no directory for '{token.Value}'");
            });
        }
        var command = new Command("bench", "Count the instructions of hypercalls, faults and emulation, on Debian's Xen and on Xenith") { Hypervisor, Only, Rows, Json, Plot, Dom0, Memory, Stretches, Timeout };
        command.Validators.Add(result =>
        {
            if (new[] { Dom0, Memory, Stretches }.Count(option => result.GetValue(option)) > 1)
                result.AddError("--dom0, --memory and --stretches are measurements of their own: choose one");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken cancel)
    {
        var only = parse.GetValue(Only);
        if (only == Debian && parse.GetValue(Hypervisor) is not null)
            throw ToolException.Usage("--hypervisor stands in Xenith's place, so it does not go with --only debian");
        var run = new Run(await Workshop.OpenAsync(Say, cancel), TimeSpan.FromSeconds(parse.GetValue(Timeout)), cancel);
        var ours = only == Debian ? null : await run.Workshop.HypervisorAsync(parse.GetValue(Hypervisor), cancel);
        if (parse.GetValue(Stretches))
            return await run.StretchesAsync(ours ?? throw ToolException.Usage("--stretches looks at Xenith, not at Debian's Xen"));
        var real = only == Xenith ? null : await run.Workshop.HypervisorAsync(Debian, cancel);
        var names = (parse.GetValue(Rows) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var comparison = parse.GetValue(Dom0) ? await run.Dom0Async(real, ours) : parse.GetValue(Memory) ? await run.MemoryAsync(real, ours) : await run.GuestAsync(real, ours);
        comparison = comparison.Only(names);
        Show(comparison);
        if (parse.GetValue(Json) is { } json)
            await WriteJsonAsync(json, comparison, run.Workshop.Repository, GuestRun.Settings(HypervisorImage.None, "/dev/null"), cancel);
        if (parse.GetValue(Plot) is { } plot)
            await File.WriteAllTextAsync(plot, RatioPlot.Svg(comparison), cancel);
        return run.Status;
    }

    /// <summary>What all measurements of one call share; the first one that fails decides the exit status.</summary>
    private sealed class Run(Workshop workshop, TimeSpan limit, CancellationToken cancel)
    {
        public Workshop Workshop => workshop;

        public int Status { get; private set; } = ExitStatus.Success;

        /// <summary>The PV guest. Real Xen twice: as Debian ships it, and with the options that make it do as much as Xenith does.</summary>
        public async Task<Comparison> GuestAsync(HypervisorImage? real, HypervisorImage? ours)
        {
            Say("building the guest");
            var guest = await GuestRun.BuildAsync(workshop.Repository, cancel);
            using var counter = await PathCounter.BuildAsync(workshop, cancel);
            async Task<Measurement?> MeasureAsync(HypervisorImage? image, string options, string what) => image is null ? null
                : await CheckedAsync(image, what, async () =>
                {
                    var end = await GuestRun.RunAsync(workshop, GuestRun.Settings(image, guest, options, counter.Arguments), limit, cancel);
                    return (Measurement.Parse(end.Log).WithPaths(counter.Read()), end);
                });
            var shipped = await MeasureAsync(real, "", " as it is shipped");
            var plain = await MeasureAsync(real, GuestRun.LikeXenith, " without mitigations, scrubbing");
            return Comparison.Of(plain, await MeasureAsync(ours, "", ""), shipped);
        }

        /// <summary>Debian's kernel as dom0: its processes, and its boot with one CPU and with several.</summary>
        public async Task<Comparison> Dom0Async(HypervisorImage? real, HypervisorImage? ours)
        {
            Say("building the program");
            var program = await ProcessRun.BuildAsync(workshop, cancel);
            async Task<Measurement?> MeasureAsync(HypervisorImage? image)
            {
                if (image is null)
                    return null;
                var one = await CheckedAsync(image, "", () => ProcessRun.RunAsync(workshop, image, program, 1, limit, cancel));
                var several = await CheckedAsync(image, $" with {ProcessRun.SeveralCpus} CPUs", () => ProcessRun.RunAsync(workshop, image, program, ProcessRun.SeveralCpus, limit, cancel));
                return one with { Rows = [.. several.Rows, .. one.Rows], Useless = new HashSet<string>(one.Useless.Concat(several.Useless)) };
            }
            return Comparison.Of(await MeasureAsync(real), await MeasureAsync(ours));
        }

        /// <summary>Memory held, and the image's size.</summary>
        public async Task<Comparison> MemoryAsync(HypervisorImage? real, HypervisorImage? ours)
        {
            Say("building the guest");
            var guest = await GuestRun.BuildAsync(workshop.Repository, cancel);
            async Task<Measurement?> MeasureAsync(HypervisorImage? image)
            {
                if (image is null)
                    return null;
                var rows = MemoryRun.ImageSizes(image).ToList();
                foreach (var size in MemoryRun.MachineSizes)
                {
                    await CheckedAsync(image, $" with {size} MB", async () =>
                    {
                        var (held, end) = await MemoryRun.RunAsync(workshop, MemoryRun.Settings(image, guest, size), limit, cancel);
                        if (held is { } kilobytes)
                            rows.Add(MemoryRun.Row($"memory_held_{size}M_kB", kilobytes));
                        return (new Measurement(rows, new HashSet<string>(), [], Complete: held is not null), end);
                    });
                }
                return new Measurement(rows, new HashSet<string>(), [], Complete: true);
            }
            return Comparison.Of(await MeasureAsync(real), await MeasureAsync(ours));
        }

        /// <summary>Prints the longest stretches of both kinds.</summary>
        public async Task<int> StretchesAsync(HypervisorImage ours)
        {
            Say("building the guests");
            var loads = await StretchRun.AllAsync(workshop.Repository, cancel);
            Say($"measuring on {ours.Name}");
            var (stretches, end) = await StretchRun.RunAsync(workshop, ours, loads, limit, cancel);
            if (end.Cause != EndCause.PoweredOff || !end.Log.Any(Measurement.IsEnd))
                return Unfinished(ours, end, limit);
            foreach (var (name, heading) in StretchRun.Kinds)
            {
                Console.Out.WriteLine($"instructions {heading}:");
                foreach (var stretch in stretches[name].Take(StretchesShown))
                    Console.Out.WriteLine($"{stretch.Length,9}  {stretch.From} .. {stretch.To}");
            }
            return ExitStatus.Success;
        }

        private async Task<Measurement> CheckedAsync(HypervisorImage image, string what, Func<Task<(Measurement Measurement, MachineEnd End)>> measure)
        {
            Say($"measuring on {image.Name}{what}");
            var (measurement, end) = await measure();
            foreach (var failure in measurement.Failures)
                Say($"the guest on {image.Name}: {failure}");
            if (!measurement.Complete)
                Status = Unfinished(image, end, limit);
            else if (measurement.Rows.Count == 0 || measurement.Failures.Count > 0)
                Status = ExitStatus.Failure;
            return measurement;
        }
    }

    private static void Show(Comparison comparison)
    {
        if (!Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi)
            ComparisonTable.Write(comparison, AnsiConsole.Console);
        else
            Console.Out.Write(ComparisonTable.Plain(comparison));
    }

    private static async Task WriteJsonAsync(string file, Comparison comparison, Repository repository, MachineSettings settings, CancellationToken cancel)
    {
        var version = (await HostCommand.RunAsync(QemuCommandLine.Program, ["--version"], cancel: cancel)).Output.Split('\n')[0];
        var text = ComparisonJson.Write(comparison, await repository.CommitAsync(), version, QemuCommandLine.Build(settings, onTerminal: false));
        await File.WriteAllTextAsync(file, text, cancel);
    }

    /// <summary>Says how a machine ended before the guest did, and gives the exit status that goes with it.</summary>
    private static int Unfinished(HypervisorImage image, MachineEnd end, TimeSpan limit)
    {
        foreach (var line in end.Log.Where(line => !string.IsNullOrWhiteSpace(line)).TakeLast(TailLines))
            Console.Error.WriteLine($"    {line}");
        Say(end.Cause == EndCause.TimedOut
            ? $"{image.Name}: the time limit of {limit.TotalSeconds} s was reached before the guest's end"
            : $"{image.Name}: no end of the guest's transcript; the machine ended with {end.Cause}{(end.Detail is { Length: > 0 } detail ? $": {detail}" : "")}");
        return end.Cause == EndCause.TimedOut ? ExitStatus.TimedOut : ExitStatus.Crashed;
    }

    private static void Say(string message) => Console.Error.WriteLine($"xenith: {message}");
}
