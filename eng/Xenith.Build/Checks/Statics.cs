// All state of the hypervisor hangs from one Host object, so its assembly has no mutable statics and no static constructors. Both would
// show as symbols of the object file.

namespace Xenith.Build;

internal static class Statics
{
    public static IEnumerable<string> Check(ElfFile image, CompiledMethods methods, string assembly)
    {
        string mangled = assembly.Replace('.', '_');
        foreach (string prefix in (string[])["__GCSTATICS", "__NONGCSTATICS"])
        {
            foreach (ElfSymbol symbol in image.Symbols.Where(s => s.Name.StartsWith(prefix + mangled + "_", StringComparison.Ordinal)))
            {
                string type = symbol.Name[(prefix.Length + mangled.Length + 1)..].TrimStart('_');
                yield return $"{type} has mutable static fields: {assembly} may have none, its state hangs from Host";
            }
        }

        foreach (CompiledMethod method in methods.All.Where(m => m.Assembly == assembly && m.Method == ".cctor"))
        {
            yield return $"{method.Type} has a static constructor that runs at boot: {assembly} may have none";
        }
    }
}
