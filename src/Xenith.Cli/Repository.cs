namespace Xenith.Cli;

/// <summary>
/// Where the source tree, the build output and the cache of downloaded packages are. The launcher names the tree in
/// XENITH_ROOT; started by hand, the tool looks upwards from the current directory. XENITH_OUT moves the build output and
/// XENITH_CACHE the cache, so that several work trees on one machine can keep theirs apart or share them.
/// </summary>
internal sealed record Repository(string Root, string Output, string Cache)
{
    public static Repository Find()
    {
        var root = Setting("XENITH_ROOT") ?? Upwards(Directory.GetCurrentDirectory())
            ?? throw ToolException.Usage("not inside a Xenith source tree (no src/Xenith.Cli above the current directory)");
        return new Repository(
            root,
            Path.GetFullPath(Setting("XENITH_OUT") ?? Path.Combine(root, "artifacts")),
            Path.GetFullPath(Setting("XENITH_CACHE") ?? Path.Combine(root, ".cache")));
    }

    public string PathTo(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    /// <summary>The commit of the tree, with a '+' if anything but these files differs from it.</summary>
    public async Task<string> CommitAsync(params string[] except)
    {
        var commit = await HostCommand.RunAsync("git", ["rev-parse", "--short=10", "HEAD"], Root);
        var changes = await HostCommand.RunAsync("git", ["status", "--porcelain", "--", ".", .. except.Select(file => $":!{file}")], Root);
        return commit.Status != 0 ? "unknown" : commit.Output.Trim() + (changes.Output.Trim().Length > 0 ? "+" : "");
    }

    private static string? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string? Upwards(string? directory)
    {
        while (directory is not null && !Directory.Exists(Path.Combine(directory, "src", "Xenith.Cli")))
            directory = Path.GetDirectoryName(directory);
        return directory;
    }
}
