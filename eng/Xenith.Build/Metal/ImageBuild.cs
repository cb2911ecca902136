// The steps of eng/MetalImage.targets that look at the image, with the checks that each image, or only the hypervisor's, must pass.

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Xenith.Build;

/// <param name="Root">The source tree.</param>
/// <param name="Work">Where ilc's files are.</param>
/// <param name="Assembly">The image's main assembly.</param>
/// <param name="Output">The image's path without an extension.</param>
/// <param name="Strict">Check the rules of the house too.</param>
/// <param name="Accept">Rewrite the checked-in lists instead of comparing with them.</param>
internal sealed record ImageBuild(string Root, string Work, string Assembly, string Output, bool Strict, bool Accept)
{
    private static readonly string[] s_unsafeProjects = ["Xenith.CoreLib", "Xenith.Abi", "Xenith.Machine", "Xenith.Machine.Simulated"];

    private string Name => Path.GetFileName(Output);

    /// <summary>Before linking: what would otherwise be an obscure linker error, and what only the sources show.</summary>
    public void BeforeLink()
    {
        IEnumerable<string> complaints = InterfaceDispatch.Check(ElfFile.Read(Path.Combine(Work, $"{Name}.o")));
        if (Strict)
        {
            SortedDictionary<string, int> counts = new(s_unsafeProjects.ToDictionary(p => p, p => Sources(p).Sum(UnsafeLines.Count)), StringComparer.Ordinal);
            complaints = complaints
                .Concat(UnsafeLines.Check(counts, Path.Combine(Root, "eng", "unsafe-lines.txt"), Accept))
                .Concat(SourceRules.Check(Sources(Assembly)));
        }

        Demand(complaints);
    }

    /// <summary>After the first link: the table of symbols for the second.</summary>
    public void WriteSymbols()
    {
        (ElfFile image, ImageCode code, _) = Load();
        SymbolTable.Write(image, code, Path.Combine(Work, "symbols.bin"));
    }

    /// <summary>After the second link: all checks of the code, then the files that boot.</summary>
    public void Finish()
    {
        (ElfFile image, ImageCode code, CompiledMethods methods) = Load();
        IEnumerable<string> complaints = SymbolTable.Check(image, code).Concat(VectorRegisters.Check(code));
        if (Strict)
        {
            complaints = complaints
                .Concat(Statics.Check(image, methods, Assembly))
                .Concat(Allocations.Check(code, Path.Combine(Root, "eng", "allocating-methods.txt"), Accept))
                .Concat(HotCode.Check(code))
                .Concat(NotInlined.Check(Directory.EnumerateFiles(Work, "*.dll")))
                .Concat(CommitMethods.Check(code, Directory.EnumerateFiles(Work, "*.dll")));
        }

        Demand(complaints);
        Elf32.Write(image, $"{Output}.elf32");
        Gzip.Write($"{Output}.elf32", $"{Output}.gz");
    }

    private (ElfFile Image, ImageCode Code, CompiledMethods Methods) Load()
    {
        ElfFile image = ElfFile.Read($"{Output}.elf");
        CompiledMethods methods = CompiledMethods.Read(Path.Combine(Work, $"{Name}.mstat"));
        return (image, new ImageCode(image, methods), methods);
    }

    private IEnumerable<SyntaxTree> Sources(string project)
    {
        string folder = Path.Combine(Root, "src", project);
        return Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(path => !path[folder.Length..].Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
            .Order(StringComparer.Ordinal)
            .Select(path => CSharpSyntaxTree.ParseText(File.ReadAllText(path), new CSharpParseOptions(LanguageVersion.Preview), path));
    }

    private static void Demand(IEnumerable<string> complaints)
    {
        string[] all = [.. complaints];
        if (all.Length > 0)
        {
            throw new BuildException(string.Join('\n', all));
        }
    }
}
