namespace Xenith.Cli.Building;

/// <summary>The SDK's 'dotnet build', always optimised and always into the project's one output directory.</summary>
internal static class Dotnet
{
    public static async Task<string> BuildAsync(Repository repository, string project, CancellationToken cancel)
    {
        var result = await HostCommand.RunAsync(
            "dotnet", ["build", project, "-c", "Release", "--artifacts-path", repository.Output, "-nologo", "-v", "minimal"],
            environment: new Dictionary<string, string> { ["XENITH_OUT"] = repository.Output }, cancel: cancel);
        if (result.Status == 0)
            return result.Output;
        var errors = result.Output.Split('\n').Where(line => line.Contains("error", StringComparison.Ordinal)).Distinct().Take(12).ToList();
        throw ToolException.Failure($"{Path.GetFileName(project)} does not build:\n{(errors.Count > 0 ? string.Join('\n', errors) : result.Tail(30))}");
    }
}
