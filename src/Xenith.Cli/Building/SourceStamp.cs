using System.Security.Cryptography;
using System.Text;

namespace Xenith.Cli.Building;

/// <summary>
/// Whether sources changed since something was last built from them. 'dotnet build' finds that out too, but takes seconds to
/// say no; a list of names, times and sizes takes milliseconds.
/// </summary>
internal static class SourceStamp
{
    public static string Of(IEnumerable<string> places)
    {
        var text = new StringBuilder();
        foreach (var file in places.SelectMany(Files).Order(StringComparer.Ordinal))
        {
            var info = new FileInfo(file);
            text.Append(file).Append(' ').Append(info.LastWriteTimeUtc.Ticks).Append(' ').Append(info.Length).Append('\n');
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static IEnumerable<string> Files(string place) =>
        File.Exists(place) ? [place]
        : Directory.Exists(place) ? Directory.EnumerateFiles(place, "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal))
        : [];
}
