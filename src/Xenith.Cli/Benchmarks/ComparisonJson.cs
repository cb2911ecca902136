using System.Text.Json;
using System.Text.Json.Serialization;

namespace Xenith.Cli.Benchmarks;

/// <summary>The comparison for a program.</summary>
internal static class ComparisonJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <param name="commit">Of the tree that was measured.</param>
    /// <param name="emulator">What QEMU says of itself.</param>
    /// <param name="arguments">QEMU's arguments, the same for both hypervisors.</param>
    public static string Write(Comparison comparison, string commit, string emulator, IReadOnlyList<string> arguments) => JsonSerializer.Serialize(
        new
        {
            Unit = "instructions",
            Commit = commit,
            Emulator = emulator,
            Arguments = arguments,
            Rows = comparison.Rows.Select(row => new { row.Name, row.Xen, row.XenByDefault, row.Xenith, row.Ratio, row.Valid, row.XenPath, row.XenithPath, row.More }),
            Summary = new { Rows = comparison.Rows.Count, comparison.Compared, comparison.Above, comparison.Doubtful, comparison.MedianRatio },
        },
        Options) + "\n";
}
