// All state of the hypervisor hangs from one Host object, so its assembly has no mutable statics and no static constructors. Both would
// show as symbols of the object file. The layers below may have static fields, but none that starts with a value: those lie in .data,
// among the vtables, which is read-only after boot.

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

        int data = image.Sections.ToList().FindIndex(s => s.Name == ".data");
        foreach (ElfSymbol symbol in image.Symbols.Where(s => s.Section == data && s.Name.StartsWith("__NONGCSTATICS", StringComparison.Ordinal)))
        {
            yield return $"{symbol.Name["__NONGCSTATICS".Length..]} has a static field with an initial value: it would lie in .data, which is read-only after boot";
        }

        foreach (CompiledMethod method in methods.All.Where(m => m.Assembly == assembly && m.Method == ".cctor"))
        {
            yield return $"{method.Type} has a static constructor that runs at boot: {assembly} may have none";
        }
    }
}
