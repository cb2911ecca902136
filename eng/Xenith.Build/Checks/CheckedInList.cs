// A checked-in list of names: '#' starts a comment. With 'accept' (dotnet build -p:Accept=true) it is rewritten to what the build found.

namespace Xenith.Build;

internal static class CheckedInList
{
    public static IEnumerable<string> Compare(string path, SortedSet<string> found, bool accept, Func<string, string> complaint)
    {
        string[] lines = File.Exists(path) ? File.ReadAllLines(path) : [];
        HashSet<string> listed = [.. lines.Where(l => l.Length > 0 && l[0] != '#')];
        if (!accept)
        {
            return [.. found.Where(name => !listed.Contains(name)).Select(complaint)];
        }

        if (!listed.SetEquals(found))
        {
            File.WriteAllLines(path, lines.Where(l => l.StartsWith('#')).Concat(found));
        }

        return [];
    }
}
