// Two kinds of methods must stay functions of their own, for reasons that no test of the sources sees:
//
// - Those that take the address of a linker symbol. Where the native compiler sees two of them in one method it takes them for constants that it knows, and decides comparisons by numbers of
//   its own. So such a method has one symbol and is not inlined.
// - Reads of device registers. Inlined, a read of which only some bits are wanted becomes a narrower access, to which devices answer differently or not at all.
//
// Both are read off the assemblies' metadata and code (ECMA-335, II.22.26 and III.1.9).

using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Xenith.Build;

internal static class NotInlined
{
    private const string Device = "MmioRegion", Read = "Read";

    private static readonly Dictionary<int, OpCode> s_codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value & 0xffff);

    public static IEnumerable<string> Check(IEnumerable<string> assemblies)
    {
        int reads = 0;
        foreach (string path in assemblies)
        {
            using PEReader image = new(File.OpenRead(path));
            MetadataReader metadata = image.GetMetadataReader();
            foreach (MethodDefinition method in metadata.MethodDefinitions.Select(metadata.GetMethodDefinition).Where(m => m.RelativeVirtualAddress != 0))
            {
                string name = $"{metadata.GetString(metadata.GetTypeDefinition(method.GetDeclaringType()).Name)}.{metadata.GetString(method.Name)}";
                bool isInlined = (method.ImplAttributes & MethodImplAttributes.NoInlining) == 0;
                int symbols = CountSymbols(metadata, image.GetMethodBody(method.RelativeVirtualAddress).GetILReader());
                if (symbols > 1)
                {
                    yield return $"{name} takes the addresses of {symbols} linker symbols: each needs a method of its own, which is not inlined";
                }

                if (symbols == 1 && isInlined)
                {
                    yield return $"{name} takes the address of a linker symbol: it needs [MethodImpl(MethodImplOptions.NoInlining)]";
                }

                if (name.StartsWith($"{Device}.{Read}", StringComparison.Ordinal))
                {
                    reads++;
                    if (isInlined)
                    {
                        yield return $"{name} reads a device's register: it needs [MethodImpl(MethodImplOptions.NoInlining)]";
                    }
                }
            }
        }

        if (reads == 0)
        {
            yield return $"no method {Device}.{Read}... was found: what reads device registers is checked by Checks/NotInlined.cs";
        }
    }

    /// <summary>How often code takes the address of a method that has no code of its own: an import, that is, a symbol.</summary>
    private static int CountSymbols(MetadataReader metadata, BlobReader code)
    {
        int count = 0;
        while (code.RemainingBytes > 0)
        {
            int value = code.ReadByte();
            if (value == 0xfe)
            {
                value = value << 8 | code.ReadByte();
            }

            OpCode operation = s_codes[value];
            if (operation == OpCodes.Ldftn)
            {
                EntityHandle handle = MetadataTokens.EntityHandle(code.ReadInt32());
                count += handle.Kind == HandleKind.MethodDefinition && metadata.GetMethodDefinition((MethodDefinitionHandle)handle).RelativeVirtualAddress == 0 ? 1 : 0;
                continue;
            }

            code.Offset += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + code.ReadInt32() * 4,
                _ => 4,
            };
        }

        return count;
    }
}
