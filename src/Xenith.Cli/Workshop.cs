using Xenith.Cli.Building;
using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;
using Xenith.Cli.Images;
using Xenith.Cli.Userland;

namespace Xenith.Cli;

/// <summary>All that has to be there before a machine can be booted, made or fetched when it is first asked for.</summary>
internal sealed class Workshop
{
    private readonly Action<string> say;
    private readonly PackageCache packages;

    private Workshop(Repository repository, Action<string> say)
    {
        Repository = repository;
        this.say = say;
        packages = new PackageCache(repository, say);
    }

    public Repository Repository { get; }

    /// <param name="say">Told about every step that may take long.</param>
    public static async Task<Workshop> OpenAsync(Action<string> say, CancellationToken cancel)
    {
        await HostPackages.EnsureAsync([Purpose.Run], say, cancel);
        return new Workshop(Repository.Find(), say);
    }

    /// <summary>Installs what these further purposes need and the machine lacks.</summary>
    public Task EnsureAsync(IEnumerable<Purpose> purposes, CancellationToken cancel) => HostPackages.EnsureAsync(purposes, say, cancel);

    /// <param name="choice">Null for our own image, built if need be; "debian"; or the path of an ELF32.</param>
    public async Task<HypervisorImage> HypervisorAsync(string? choice, CancellationToken cancel) => choice switch
    {
        null => await new HypervisorBuild(Repository, say).EnsureAsync(cancel),
        Commands.RunOptions.Debian => await DebianXen.GetAsync(Repository, packages, cancel),
        _ => new HypervisorImage(Path.GetFileName(choice), Path.GetFullPath(choice), Symbols: null),
    };

    public Task<DebianKernel> KernelAsync(CancellationToken cancel) => packages.KernelAsync(cancel);

    /// <summary>The cached image of Debian's root file system, not to be written to.</summary>
    public async Task<string> RootFileSystemAsync(CancellationToken cancel) =>
        await RootFileSystem.GetAsync(Repository, packages, await KernelAsync(cancel), say, cancel);

    public async Task<Dom0Userland> UserlandAsync(CancellationToken cancel) =>
        await Dom0Userland.GetAsync(Repository, packages, await KernelAsync(cancel), cancel);
}
