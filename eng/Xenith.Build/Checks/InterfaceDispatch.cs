// Calls through interfaces need a resolver that allocates and that the image does not have. The linker would say so by an obscure symbol; this
// says which interface method it is about, before linking.

using System.Text.RegularExpressions;

namespace Xenith.Build;

internal static partial class InterfaceDispatch
{
    public static IEnumerable<string> Check(ElfFile compiled)
    {
        if (!compiled.Symbols.Any(s => s is { Section: 0, Name: "RhpInitialDynamicInterfaceDispatch" }))
        {
            yield break;
        }

        foreach (ElfSymbol cell in compiled.Symbols.Where(s => Cell().IsMatch(s.Name)))
        {
            yield return $"interface dispatch, which the image does not have: {Cell().Replace(cell.Name, "")}";
        }

        yield return "an interface method is called on an object: use an abstract class, or the interface as a constraint of a struct type parameter";
    }

    [GeneratedRegex("^__InterfaceDispatchCell_")]
    private static partial Regex Cell();
}
