// How much of the tree the language does not protect: the lines inside anything marked 'unsafe', and those that name Unsafe or MemoryMarshal.
// The number of each project is checked in. It may fall by itself; raising it is a decision.

using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Xenith.Build;

internal static class UnsafeLines
{
    public static int Count(SyntaxTree tree)
    {
        HashSet<int> lines = [];
        foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
        {
            bool counts = node is UnsafeStatementSyntax or IdentifierNameSyntax { Identifier.ValueText: "Unsafe" or "MemoryMarshal" }
                || (node is MemberDeclarationSyntax member && member.Modifiers.Any(SyntaxKind.UnsafeKeyword))
                || (node is LocalFunctionStatementSyntax local && local.Modifiers.Any(SyntaxKind.UnsafeKeyword));
            if (counts)
            {
                FileLinePositionSpan span = node.GetLocation().GetLineSpan();
                lines.UnionWith(Enumerable.Range(span.StartLinePosition.Line, span.EndLinePosition.Line - span.StartLinePosition.Line + 1));
            }
        }

        return lines.Count;
    }

    public static IEnumerable<string> Check(SortedDictionary<string, int> counts, string path, bool accept)
    {
        string[] lines = File.Exists(path) ? File.ReadAllLines(path) : [];
        Dictionary<string, int> allowed = lines.Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(l => l[0], l => int.Parse(l[1], CultureInfo.InvariantCulture));
        Console.WriteLine($"unsafe lines: {string.Join(", ", counts.Select(c => $"{c.Key} {c.Value}"))}");

        List<string> complaints = [.. counts.Where(c => c.Value > allowed.GetValueOrDefault(c.Key))
            .Select(c => $"{c.Key} has {c.Value} unsafe lines, {allowed.GetValueOrDefault(c.Key)} are allowed by eng/{Path.GetFileName(path)}")];
        bool changed = counts.Any(c => c.Value != allowed.GetValueOrDefault(c.Key));
        if (!accept || !changed)
        {
            return complaints;
        }

        File.WriteAllLines(path, lines.Where(l => l.StartsWith('#')).Concat(counts.Select(c => $"{c.Key} {c.Value}")));
        return [];
    }
}
