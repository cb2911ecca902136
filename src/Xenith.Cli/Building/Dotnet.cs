namespace Xenith.Cli.Building;

/// <summary>The SDK's 'dotnet build', always optimised, and into the project's one output directory.</summary>
internal static class Dotnet
{
    /// <summary>One build at a time: two that run together write the same intermediate files, and one reads what the other has only begun.</summary>
    private static readonly SemaphoreSlim Turn = new(1);

    public static Task<string> BuildAsync(Repository repository, string project, CancellationToken cancel) =>
        BuildAsync(repository, project, repository.Output, [], cancel);

    /// <summary>A build that differs from the usual one in some properties, and so has an output directory of its own.</summary>
    public static async Task<string> BuildAsync(Repository repository, string project, string output, IEnumerable<string> properties, CancellationToken cancel)
    {
        await Turn.WaitAsync(cancel);
        try
        {
            return await BuildInTurnAsync(project, output, properties, cancel);
        }
        finally
        {
            Turn.Release();
        }
    }

    private static async Task<string> BuildInTurnAsync(string project, string output, IEnumerable<string> properties, CancellationToken cancel)
    {
        var result = await HostCommand.RunAsync(
            "dotnet", ["build", project, "-c", "Release", "--artifacts-path", output, "-nologo", "-v", "minimal", .. properties.Select(property => $"-p:{property}")],
            environment: new Dictionary<string, string> { ["XENITH_OUT"] = output }, cancel: cancel);
        if (result.Status == 0)
            return result.Output;
        var errors = result.Output.Split('\n').Where(line => line.Contains("error", StringComparison.Ordinal)).Distinct().Take(12).ToList();
        throw ToolException.Failure($"{Path.GetFileName(project)} does not build:\n{(errors.Count > 0 ? string.Join('\n', errors) : result.Tail(30))}");
    }

    /// <summary>Runs a test program of xunit with a hypervisor that counts its branches: eng/Coverage.proj.</summary>
    /// <param name="program">In a folder that may be written to.</param>
    /// <param name="report">The file that coverlet writes.</param>
    /// <param name="onLine">Each line that the program prints, without MSBuild's indentation.</param>
    public static async Task<HostCommand.Result> CoverAsync(Repository repository, string program, string report, Action<string> onLine, CancellationToken cancel)
    {
        var project = repository.PathTo("eng", "Coverage.proj");
        var environment = new Dictionary<string, string> { ["XENITH_OUT"] = repository.Output };
        var restored = await HostCommand.RunAsync("dotnet", ["restore", project, "-nologo", "-v", "quiet"], environment: environment, cancel: cancel);
        if (restored.Status != 0)
            throw ToolException.Failure($"the package that measures coverage cannot be had:\n{restored.Tail()}");
        return await HostCommand.RunAsync(
            "dotnet", ["msbuild", project, "-t:Cover", $"-p:Program={program}", $"-p:Report={report}", "-nologo", "-v:minimal", "-tl:off"],
            environment: environment, onLine: line => onLine(line.TrimStart()), cancel: cancel);
    }
}
