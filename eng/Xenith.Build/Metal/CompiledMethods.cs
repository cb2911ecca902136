// Which C# method stands behind each symbol that ilc made. ilc's statistics file (--mstat) is an assembly: its global method "Methods" loads,
// for every compiled method, a token that names it, three sizes, and the offset of its symbol's name in the section ".names".

using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Xenith.Build;

/// <param name="Symbol">The linker's name.</param>
/// <param name="Assembly">Xenith.Hypervisor and the like.</param>
/// <param name="Type">Namespace.Type, with generic arguments.</param>
internal sealed record CompiledMethod(string Symbol, string Assembly, string Type, string Method)
{
    public string Name => $"{Type}.{Method}";
}

internal sealed class CompiledMethods
{
    private readonly Dictionary<string, CompiledMethod> _bySymbol = [];

    private CompiledMethods(string path)
    {
        using PEReader image = new(File.OpenRead(path));
        MetadataReader metadata = image.GetMetadataReader();
        MethodDefinition list = metadata.MethodDefinitions.Select(metadata.GetMethodDefinition).First(m => metadata.GetString(m.Name) == "Methods");
        BlobReader il = image.GetMethodBody(list.RelativeVirtualAddress).GetILReader();
        BlobReader names = image.GetSectionData(".names").GetReader();
        TypeNames types = new();

        const byte loadToken = 0xd0;
        while (il.RemainingBytes > 0 && il.ReadByte() == loadToken)
        {
            EntityHandle method = (EntityHandle)MetadataTokens.Handle(il.ReadInt32());
            _ = ReadConstant(ref il);
            _ = ReadConstant(ref il);
            _ = ReadConstant(ref il);
            names.Offset = ReadConstant(ref il);
            string symbol = names.ReadSerializedString()!;
            _bySymbol[symbol] = types.Describe(metadata, method, symbol);
        }

        if (_bySymbol.Count == 0)
        {
            throw new BuildException($"{path}: no methods found; has ilc changed its format?");
        }
    }

    public IEnumerable<CompiledMethod> All => _bySymbol.Values;

    public static CompiledMethods Read(string path) => new(path);

    public CompiledMethod? Find(string symbol) => _bySymbol.GetValueOrDefault(symbol);

    private static int ReadConstant(ref BlobReader il)
    {
        const byte minusOne = 0x15, zero = 0x16, eight = 0x1e, shortForm = 0x1f, longForm = 0x20;
        byte op = il.ReadByte();
        return op switch
        {
            minusOne => -1,
            >= zero and <= eight => op - zero,
            shortForm => il.ReadSByte(),
            longForm => il.ReadInt32(),
            _ => throw new BuildException($"unexpected IL byte 0x{op:x2} in ilc's statistics; has ilc changed its format?"),
        };
    }
}
