namespace Xenith.Cli.Debian;

/// <summary>
/// Debian packages unpacked in the cache, each once. What is there stays there, so that runs need no network; 'xenith clean
/// --cache' makes the next run look for newer ones. A lock file keeps two processes from filling it together.
/// </summary>
internal sealed class PackageCache(Repository repository, Action<string> say)
{
    private const string KernelMetapackage = "linux-image-amd64";
    public const string XenPackage = "xen-hypervisor-4.17-amd64";

    private string Folder => Path.Combine(repository.Cache, "packages");

    /// <summary>Where a package lies unpacked; it is fetched first if it is not there.</summary>
    public async Task<string> GetAsync(string package, CancellationToken cancel)
    {
        var home = Path.Combine(Folder, package);
        if (Directory.Exists(home))
            return home;
        await using var held = await HoldAsync(cancel);
        if (Directory.Exists(home))
            return home;
        say($"fetching Debian's {package}");
        var fresh = home + ".new";
        if (Directory.Exists(fresh))
            Directory.Delete(fresh, recursive: true);
        Directory.CreateDirectory(fresh);
        await Apt.UnpackAsync(package, fresh, cancel);
        Directory.Move(fresh, home);
        return home;
    }

    /// <summary>Debian's stock kernel of today, or of the day when it was fetched.</summary>
    public async Task<DebianKernel> KernelAsync(CancellationToken cancel)
    {
        var note = Path.Combine(Folder, "kernel");
        if (!File.Exists(note))
        {
            Directory.CreateDirectory(Folder);
            await File.WriteAllTextAsync(note, await Apt.FirstDependencyAsync(KernelMetapackage, cancel), cancel);
        }
        var package = (await File.ReadAllTextAsync(note, cancel)).Trim();
        return new DebianKernel(package["linux-image-".Length..], await GetAsync(package, cancel));
    }

    /// <summary>Waits for the only right to change the cache; dispose it to give it back.</summary>
    /// <param name="part">Only a part of the cache, which takes long to fill.</param>
    public async Task<IAsyncDisposable> HoldAsync(CancellationToken cancel, string? part = null)
    {
        Directory.CreateDirectory(repository.Cache);
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(repository.Cache, part is null ? "lock" : $"{part}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(100, cancel);
            }
        }
    }
}

/// <summary>An unpacked kernel package. <paramref name="Release"/> is what 'uname -r' prints under it.</summary>
internal sealed record DebianKernel(string Release, string Home)
{
    public string Image => Path.Combine(Home, "boot", $"vmlinuz-{Release}");

    public string Modules => Path.Combine(Home, "lib", "modules", Release);
}
