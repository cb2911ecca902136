namespace Xenith.Cli.Debian;

/// <summary>Debian's package tools, always asked by exact name. Lists are fetched only when a name is not known.</summary>
internal static class Apt
{
    private static readonly string[] Patience = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"];

    public static async Task InstallAsync(IReadOnlyList<string> packages, CancellationToken cancel)
    {
        foreach (var package in packages)
            await CandidateAsync(package, cancel);
        var result = await HostCommand.RunAsync(
            "apt-get", [.. Patience, "install", "-y", "--no-install-recommends", .. packages],
            environment: new Dictionary<string, string> { ["DEBIAN_FRONTEND"] = "noninteractive" }, cancel: cancel);
        if (result.Status != 0)
            throw ToolException.Failure($"apt-get install {string.Join(' ', packages)} failed:\n{result.Tail()}");
    }

    /// <summary>The version that would be installed now.</summary>
    public static async Task<string> CandidateAsync(string package, CancellationToken cancel)
    {
        if (await PolicyAsync(package, cancel) is { } known)
            return known;
        var update = await HostCommand.RunAsync("apt-get", [.. Patience, "update"], cancel: cancel);
        return await PolicyAsync(package, cancel)
            ?? throw ToolException.Failure($"Debian's package {package} is not to be had:\n{update.Tail()}");
    }

    /// <summary>The first package that another one depends on: linux-image-amd64 names the current kernel so.</summary>
    public static async Task<string> FirstDependencyAsync(string package, CancellationToken cancel)
    {
        await CandidateAsync(package, cancel);
        var answer = await HostCommand.CheckAsync("apt-cache", ["depends", package], cancel: cancel);
        return answer.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.StartsWith("Depends: ", StringComparison.Ordinal))?[9..]
            ?? throw ToolException.Failure($"Debian's package {package} depends on nothing");
    }

    /// <summary>Downloads a package and unpacks it into a directory, without installing it.</summary>
    public static async Task UnpackAsync(string package, string directory, CancellationToken cancel)
    {
        var download = Directory.CreateTempSubdirectory("xenith-deb-");
        try
        {
            await CandidateAsync(package, cancel);
            await HostCommand.CheckAsync("apt-get", [.. Patience, "-o", "APT::Sandbox::User=root", "-q", "download", package], download.FullName, cancel);
            var file = download.GetFiles("*.deb").Single();
            await HostCommand.CheckAsync("dpkg-deb", ["-x", file.FullName, directory], cancel: cancel);
        }
        finally
        {
            download.Delete(recursive: true);
        }
    }

    private static async Task<string?> PolicyAsync(string package, CancellationToken cancel)
    {
        var answer = await HostCommand.RunAsync("apt-cache", ["policy", package], cancel: cancel);
        var candidate = answer.Output.Split('\n').Select(line => line.Trim())
            .FirstOrDefault(line => line.StartsWith("Candidate: ", StringComparison.Ordinal))?[11..];
        return candidate is null or "(none)" ? null : candidate;
    }
}
