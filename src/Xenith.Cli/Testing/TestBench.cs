using System.Text;
using Xenith.Cli.Building;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing;

/// <summary>What a case works with: machines to boot and a place for its numbers. Each case has its own.</summary>
internal sealed class TestBench(Workshop workshop, HypervisorImage hypervisor, BootModules standard, CancellationToken cancel)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(240);
    private readonly List<string> notes = [];

    public Workshop Workshop => workshop;

    public HypervisorImage Hypervisor => hypervisor;

    /// <summary>The file of Debian's stock kernel.</summary>
    public string KernelFile => standard.Kernel;

    public CancellationToken Cancel => cancel;

    public string? Numbers => notes.Count == 0 ? null : string.Join(", ", notes);

    /// <summary>The standard machine, to be changed with 'with'.</summary>
    public MachineSettings Standard => new() { Hypervisor = hypervisor, Modules = standard };

    /// <summary>Keeps a number for the report.</summary>
    public void Note(string text) => notes.Add(text);

    /// <summary>Boots, runs commands in dom0, and powers off.</summary>
    public async Task<Boot> BootAsync(string commands, Func<MachineSettings, MachineSettings>? change = null, TimeSpan? limit = null)
    {
        using var output = new MemoryStream();
        var machine = new Machine(change?.Invoke(Standard) ?? Standard, await workshop.UserlandAsync(cancel));
        var end = await machine.RunAsync(new Session.Commands(commands, output), limit ?? Limit, cancel);
        return new Boot(end, output.ToArray());
    }

    /// <summary>Boots something that reports on the first serial port, until this line or the machine's own end.</summary>
    public Task<MachineEnd> WatchAsync(MachineSettings settings, Predicate<string>? until = null, TimeSpan? limit = null) =>
        WatchAsync(settings, new Session.Watch(Stream.Null, until), limit ?? Limit);

    /// <summary>Builds another project of the tree, and gives the folder of what comes out.</summary>
    public async Task<string> BuildAsync(params string[] project)
    {
        await Dotnet.BuildAsync(workshop.Repository, workshop.Repository.PathTo(project), cancel);
        return Path.Combine(workshop.Repository.Output, "bin", Path.GetFileNameWithoutExtension(project[^1]), "release");
    }

    /// <summary>Builds the hypervisor with the checks that cost too much for every day compiled in.</summary>
    public async Task<HypervisorImage> CheckedHypervisorAsync()
    {
        var output = Path.Combine(workshop.Repository.Output, "checked");
        await Dotnet.BuildAsync(workshop.Repository, workshop.Repository.PathTo("src", "Xenith.Hypervisor", "Xenith.Hypervisor.csproj"), output, ["XenithChecks=true"], cancel);
        var image = Path.Combine(output, "bin", "Xenith.Hypervisor", "release", "xenith.elf");
        return new HypervisorImage("xenith with checks", $"{image}32", image);
    }

    private async Task<MachineEnd> WatchAsync(MachineSettings settings, Session.Watch session, TimeSpan limit) =>
        await new Machine(settings, await workshop.UserlandAsync(cancel)).RunAsync(session, limit, cancel);

    /// <summary>Fails the case unless this holds.</summary>
    public static void Check(bool holds, string otherwise)
    {
        if (!holds)
            throw new CheckException(otherwise);
    }

    /// <summary>Fails the case unless the machine booted, the commands succeeded and the machine powered off.</summary>
    public static void CheckOrderly(Boot boot)
    {
        Check(boot.End.Cause == EndCause.PoweredOff && boot.End.CommandStatus == 0,
            $"ended with {boot.End.Cause}, status {boot.End.CommandStatus?.ToString() ?? "none"}{(boot.End.Detail is { } detail ? $": {detail}" : "")}\n{boot.Tail()}");
    }
}

/// <param name="Bytes">What the commands printed.</param>
internal sealed record Boot(MachineEnd End, byte[] Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public IReadOnlyList<string> Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The last lines of the log, indented for a report.</summary>
    public string Tail(int count = 12) =>
        string.Join('\n', End.Log.Where(line => !string.IsNullOrWhiteSpace(line)).TakeLast(count).Select(line => $"    {line}"));
}
