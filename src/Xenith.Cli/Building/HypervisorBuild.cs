using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Building;

/// <summary>
/// Compiles the bare-metal image with the project file that defines it, and finds what came out: the ELF32 that a multiboot
/// loader takes and the ELF64 that has the symbols. Nothing is started when no source changed.
/// </summary>
internal sealed class HypervisorBuild(Repository repository, Action<string> say)
{
    private static readonly string[] Sources =
    [
        "src/Xenith.CoreLib", "src/Xenith.Abi", "src/Xenith.Machine", "src/Xenith.Hypervisor", "eng",
        "Directory.Build.props", "Directory.Build.targets", "global.json",
    ];

    private string Project => repository.PathTo("src", "Xenith.Hypervisor", "Xenith.Hypervisor.csproj");

    private string StampFile => Path.Combine(repository.Output, "xenith.stamp");

    /// <summary>The image, built if it is not up to date.</summary>
    public async Task<HypervisorImage> EnsureAsync(CancellationToken cancel)
    {
        var stamp = SourceStamp.Of(Sources.Select(place => repository.PathTo(place)));
        if (File.Exists(StampFile) && await File.ReadAllTextAsync(StampFile, cancel) == stamp && Find() is { } ready)
            return ready;
        await BuildAsync(cancel);
        return Find() ?? throw ToolException.Failure($"the build made no xenith.elf32 under {repository.Output}");
    }

    /// <summary>Builds whether or not anything changed, with all the checks that are part of the build.</summary>
    /// <returns>What the build printed.</returns>
    public async Task<string> BuildAsync(CancellationToken cancel)
    {
        if (!File.Exists(Project))
            throw ToolException.Failure("the hypervisor's sources are not in this tree (src/Xenith.Hypervisor); '--hypervisor debian' boots real Xen");
        await HostPackages.EnsureAsync([Purpose.Build], say, cancel);
        say("building the hypervisor");
        var stamp = SourceStamp.Of(Sources.Select(place => repository.PathTo(place)));
        var output = await Dotnet.BuildAsync(repository, Project, cancel);
        await File.WriteAllTextAsync(StampFile, stamp, cancel);
        return output;
    }

    private HypervisorImage? Find()
    {
        var folder = Path.Combine(repository.Output, "bin", "Xenith.Hypervisor");
        var elf = !Directory.Exists(folder) ? null
            : Directory.EnumerateFiles(folder, "xenith.elf32", SearchOption.AllDirectories).MaxBy(File.GetLastWriteTimeUtc);
        if (elf is null)
            return null;
        var symbols = Path.ChangeExtension(elf, ".elf");
        var packed = Path.ChangeExtension(elf, ".gz");
        return new HypervisorImage("xenith", elf, File.Exists(symbols) ? symbols : null) { Packed = File.Exists(packed) ? packed : null };
    }
}
