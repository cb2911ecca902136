// Readable names of types and methods from metadata, as C# writes them: Namespace.Outer.Inner<byte>.

using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Xenith.Build;

internal sealed class TypeNames : ISignatureTypeProvider<string, object?>
{
    public CompiledMethod Describe(MetadataReader metadata, EntityHandle method, string symbol)
    {
        string arguments = "";
        if (method.Kind == HandleKind.MethodSpecification)
        {
            MethodSpecification specification = metadata.GetMethodSpecification((MethodSpecificationHandle)method);
            arguments = $"<{string.Join(", ", specification.DecodeSignature(this, null))}>";
            method = specification.Method;
        }

        MemberReference reference = metadata.GetMemberReference((MemberReferenceHandle)method);
        EntityHandle parent = reference.Parent;
        string type = Name(metadata, parent);
        return new CompiledMethod(symbol, Assembly(metadata, parent), type, metadata.GetString(reference.Name) + arguments);
    }

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
    {
        TypeReference type = reader.GetTypeReference(handle);
        string name = reader.GetString(type.Name);
        int arity = name.IndexOf('`');
        name = arity < 0 ? name : name[..arity];
        if (type.ResolutionScope.Kind == HandleKind.TypeReference)
        {
            return $"{GetTypeFromReference(reader, (TypeReferenceHandle)type.ResolutionScope, 0)}.{name}";
        }

        string space = reader.GetString(type.Namespace);
        return space.Length == 0 ? name : $"{space}.{name}";
    }

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
        reader.GetString(reader.GetTypeDefinition(handle).Name);

    public string GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, context);

    public string GetPrimitiveType(PrimitiveTypeCode code) => code switch
    {
        PrimitiveTypeCode.Boolean => "bool",
        PrimitiveTypeCode.SByte => "sbyte",
        PrimitiveTypeCode.Int16 => "short",
        PrimitiveTypeCode.UInt16 => "ushort",
        PrimitiveTypeCode.Int32 => "int",
        PrimitiveTypeCode.UInt32 => "uint",
        PrimitiveTypeCode.Int64 => "long",
        PrimitiveTypeCode.UInt64 => "ulong",
        PrimitiveTypeCode.IntPtr => "nint",
        PrimitiveTypeCode.UIntPtr => "nuint",
        _ => code.ToString().ToLowerInvariant(),
    };

    public string GetGenericInstantiation(string type, ImmutableArray<string> arguments) => $"{type}<{string.Join(", ", arguments)}>";

    public string GetArrayType(string element, ArrayShape shape) => $"{element}[{new string(',', shape.Rank - 1)}]";

    public string GetSZArrayType(string element) => $"{element}[]";

    public string GetPointerType(string element) => $"{element}*";

    public string GetByReferenceType(string element) => $"ref {element}";

    public string GetFunctionPointerType(MethodSignature<string> signature) => "delegate*";

    public string GetGenericMethodParameter(object? context, int index) => $"!!{index}";

    public string GetGenericTypeParameter(object? context, int index) => $"!{index}";

    public string GetModifiedType(string modifier, string type, bool isRequired) => type;

    public string GetPinnedType(string element) => element;

    private string Name(MetadataReader metadata, EntityHandle type) => type.Kind switch
    {
        HandleKind.TypeReference => GetTypeFromReference(metadata, (TypeReferenceHandle)type, 0),
        HandleKind.TypeSpecification => GetTypeFromSpecification(metadata, null, (TypeSpecificationHandle)type, 0),
        _ => "?",
    };

    private static string Assembly(MetadataReader metadata, EntityHandle type)
    {
        while (true)
        {
            switch (type.Kind)
            {
                case HandleKind.TypeSpecification:
                    // A generic instantiation: kind, then class or value type, then the generic type itself.
                    BlobReader blob = metadata.GetBlobReader(metadata.GetTypeSpecification((TypeSpecificationHandle)type).Signature);
                    if (blob.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
                    {
                        return "?";
                    }

                    _ = blob.ReadCompressedInteger();
                    type = blob.ReadTypeHandle();
                    break;
                case HandleKind.TypeReference:
                    type = metadata.GetTypeReference((TypeReferenceHandle)type).ResolutionScope;
                    break;
                case HandleKind.AssemblyReference:
                    return metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)type).Name);
                default:
                    return "?";
            }
        }
    }
}
