using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Benchmarks;

/// <summary>guests/benchmarks/paths.c, the plugin by which QEMU writes down what the hypervisor executes in one pass of each row. The counted time of a run does not depend on it.</summary>
internal sealed class PathCounter : IDisposable
{
    private readonly string plugin;
    private readonly string output;

    private PathCounter(string plugin)
    {
        this.plugin = plugin;
        output = Path.GetTempFileName();
    }

    public IReadOnlyList<string> Arguments => ["-plugin", $"{QemuCommandLine.Escape(plugin)},output={QemuCommandLine.Escape(output)}"];

    /// <summary>Compiles the plugin.</summary>
    public static async Task<PathCounter> BuildAsync(Workshop workshop, CancellationToken cancel)
    {
        await workshop.EnsureAsync([Purpose.Build], cancel);
        var folder = Directory.CreateDirectory(Path.Combine(workshop.Repository.Output, "processes")).FullName;
        var file = Path.Combine(folder, "paths.so");
        await HostCommand.CheckAsync(
            "gcc", ["-O2", "-Wall", "-shared", "-fPIC", "-fvisibility=hidden", "-o", file, workshop.Repository.PathTo("guests", "benchmarks", "paths.c")], cancel: cancel);
        return new PathCounter(file);
    }

    /// <summary>The paths of the machine that ran last.</summary>
    public IReadOnlyList<PathCounts> Read() => PathCounts.Parse(File.ReadLines(output));

    public void Dispose() => File.Delete(output);
}
