// A method marked [Commit] changes shared data under a lock and must not trap half-way. In its code, and in that of every method it
// calls directly, there may be no failed-check helper, no division and no call through a pointer.

using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Iced.Intel;

namespace Xenith.Build;

internal static class CommitMethods
{
    private const string Attribute = "CommitAttribute";
    private const string Helpers = "Internal.Runtime.CompilerHelpers.ThrowHelpers";

    public static IEnumerable<string> Check(ImageCode code, IEnumerable<string> assemblies)
    {
        ILookup<string, ImageFunction> byName = code.Compiled.ToLookup(f => WithoutArguments(f.Name));
        foreach (string name in assemblies.SelectMany(Marked).Distinct().Order(StringComparer.Ordinal))
        {
            foreach (ImageFunction function in byName[name])
            {
                if (FindTrap(code, function, [], function.Name) is { } path)
                {
                    yield return $"{name} is marked [Commit] and can trap: {path}";
                }
            }
        }
    }

    public static bool IsMarked(MetadataReader metadata, MethodDefinition method) =>
        method.GetCustomAttributes().Any(a => AttributeName(metadata, a) == Attribute);

    private static string? FindTrap(ImageCode code, ImageFunction function, HashSet<ulong> visited, string path)
    {
        if (!visited.Add(function.Address) || function.Method is null)
        {
            return null;
        }

        foreach (Instruction instruction in code.Instructions(function))
        {
            if (instruction.Mnemonic is Mnemonic.Div or Mnemonic.Idiv)
            {
                return $"{path} divides";
            }

            if (instruction.FlowControl is FlowControl.IndirectCall)
            {
                return $"{path} calls through a pointer";
            }

            if (code.Callee(function, instruction) is not { } callee)
            {
                continue;
            }

            string next = $"{path} -> {callee.Name}";
            if (callee.Method?.Type == Helpers || callee.Symbol == "RhpThrowEx")
            {
                return next;
            }

            if (FindTrap(code, callee, visited, next) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static List<string> Marked(string path)
    {
        using PEReader image = new(File.OpenRead(path));
        MetadataReader metadata = image.GetMetadataReader();
        return [.. metadata.MethodDefinitions.Select(metadata.GetMethodDefinition).Where(m => IsMarked(metadata, m))
            .Select(m => $"{FullName(metadata, m.GetDeclaringType())}.{metadata.GetString(m.Name)}")];
    }

    private static string AttributeName(MetadataReader metadata, CustomAttributeHandle handle)
    {
        EntityHandle constructor = metadata.GetCustomAttribute(handle).Constructor;
        return constructor.Kind switch
        {
            HandleKind.MemberReference when metadata.GetMemberReference((MemberReferenceHandle)constructor).Parent is { Kind: HandleKind.TypeReference } type =>
                metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)type).Name),
            HandleKind.MethodDefinition =>
                metadata.GetString(metadata.GetTypeDefinition(metadata.GetMethodDefinition((MethodDefinitionHandle)constructor).GetDeclaringType()).Name),
            _ => "",
        };
    }

    private static string FullName(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        TypeDefinition type = metadata.GetTypeDefinition(handle);
        string name = metadata.GetString(type.Name).Split('`')[0];
        string space = metadata.GetString(type.Namespace);
        return type.IsNested ? $"{FullName(metadata, type.GetDeclaringType())}.{name}" : space.Length == 0 ? name : $"{space}.{name}";
    }

    // Namespace.Type<A>.Method<B> as it was declared: Namespace.Type.Method.
    private static string WithoutArguments(string name)
    {
        int depth = 0;
        return string.Concat(name.Where(c =>
        {
            depth += c == '<' ? 1 : 0;
            bool keep = depth == 0;
            depth -= c == '>' ? 1 : 0;
            return keep;
        }));
    }
}
