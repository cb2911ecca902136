// Rules that the C# compiler has no switch for, read off the syntax trees of Xenith.Hypervisor: no exception handling (a trap is undone by
// the ledger, and 'finally' does not run on the metal), no null-forgiving operator, one source for both builds.

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Xenith.Build;

internal static class SourceRules
{
    public static IEnumerable<string> Check(IEnumerable<SyntaxTree> sources) =>
        sources.SelectMany(tree => tree.GetRoot().DescendantNodes(descendIntoTrivia: true).Select(node => (node, Complaint(node))))
            .Where(found => found.Item2 is not null)
            .Select(found => $"{At(found.node)}: {found.Item2}");

    private static string? Complaint(SyntaxNode node) => node switch
    {
        CatchClauseSyntax => "'catch': exceptions do not exist here",
        FinallyClauseSyntax => "'finally': it does not run on a trap; use a scope with 'using'",
        ThrowStatementSyntax or ThrowExpressionSyntax => "'throw': errors are values",
        PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression } => "the null-forgiving '!' is banned",
        AnonymousFunctionExpressionSyntax => "lambdas allocate",
        DelegateDeclarationSyntax => "delegates allocate",
        YieldStatementSyntax => "iterators allocate",
        AwaitExpressionSyntax => "there is no async",
        IfDirectiveTriviaSyntax => "'#if': one source serves both builds",
        NullableDirectiveTriviaSyntax => "'#nullable': the project's setting holds everywhere",
        PragmaWarningDirectiveTriviaSyntax => "'#pragma warning': mend what the warning is about",
        _ => null,
    };

    internal static string At(SyntaxNode node)
    {
        FileLinePositionSpan span = node.GetLocation().GetLineSpan();
        return $"{span.Path}({span.StartLinePosition.Line + 1})";
    }
}
