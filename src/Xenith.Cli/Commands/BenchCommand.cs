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
    private const int DefaultTimeout = 300, TailLines = 12;

    private static readonly Option<string?> Hypervisor = new("--hypervisor") { Description = "Another image in Xenith's place: an ELF32 with a multiboot header, or 'debian'", HelpName = "PATH|debian" };
    private static readonly Option<string?> Only = new("--only") { Description = "Run one of the two, and compare nothing", HelpName = "xenith|debian" };
    private static readonly Option<string?> Rows = new("--rows") { Description = "Show only these rows; '*' in a name stands for anything", HelpName = "NAME,..." };
    private static readonly Option<string?> Json = new("--json") { Description = "Write the figures into this file", HelpName = "FILE" };
    private static readonly Option<string?> Plot = new("--plot") { Description = "Draw the ratios as bars into this file", HelpName = "FILE.svg" };
    private static readonly Option<bool> Dom0 = new("--dom0") { Description = "Measure processes of Debian's kernel as dom0 instead: system calls, page faults, fork and exec, pipes" };
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
        var command = new Command("bench", "Count the instructions of hypercalls, faults and emulation, on Debian's Xen and on Xenith") { Hypervisor, Only, Rows, Json, Plot, Dom0, Timeout };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken cancel)
    {
        var only = parse.GetValue(Only);
        if (only == Debian && parse.GetValue(Hypervisor) is not null)
            throw ToolException.Usage("--hypervisor stands in Xenith's place, so it does not go with --only debian");
        var limit = TimeSpan.FromSeconds(parse.GetValue(Timeout));
        var workshop = await Workshop.OpenAsync(Say, cancel);
        var ours = only == Debian ? null : await workshop.HypervisorAsync(parse.GetValue(Hypervisor), cancel);
        var real = only == Xenith ? null : await workshop.HypervisorAsync(Debian, cancel);
        var dom0 = parse.GetValue(Dom0);
        Say(dom0 ? "building the program" : "building the guest");
        var guest = dom0 ? await ProcessRun.BuildAsync(workshop, cancel) : await GuestRun.BuildAsync(workshop.Repository, cancel);

        var status = ExitStatus.Success;
        async Task<Measurement?> MeasureAsync(HypervisorImage? image)
        {
            if (image is null)
                return null;
            Say($"measuring on {image.Name}");
            MachineEnd end;
            Measurement measurement;
            if (dom0)
                (measurement, end) = await ProcessRun.RunAsync(workshop, image, guest, limit, cancel);
            else
            {
                end = await GuestRun.RunAsync(workshop, GuestRun.Settings(image, guest), limit, cancel);
                measurement = Measurement.Parse(end.Log);
            }
            foreach (var failure in measurement.Failures)
                Say($"the guest on {image.Name}: {failure}");
            if (!measurement.Complete)
                status = Unfinished(image, end, limit);
            else if (measurement.Rows.Count == 0 || measurement.Failures.Count > 0)
                status = ExitStatus.Failure;
            return measurement;
        }
        var names = (parse.GetValue(Rows) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var comparison = Comparison.Of(await MeasureAsync(real), await MeasureAsync(ours)).Only(names);
        Show(comparison);
        if (parse.GetValue(Json) is { } json)
            await WriteJsonAsync(json, comparison, workshop.Repository, GuestRun.Settings(HypervisorImage.None, guest), cancel);
        if (parse.GetValue(Plot) is { } plot)
            await File.WriteAllTextAsync(plot, RatioPlot.Svg(comparison), cancel);
        return status;
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
