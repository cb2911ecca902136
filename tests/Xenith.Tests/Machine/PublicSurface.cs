// The public surface of an assembly as lines of text, read from its metadata: the metal build's assemblies cannot be loaded into a process,
// because their System types are our own.

using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Xenith.Tests.Machine;

internal static class PublicSurface
{
    private const MethodAttributes Visibility = MethodAttributes.MemberAccessMask;

    /// <summary>One line for each visible type, field and method of a namespace, sorted.</summary>
    public static IReadOnlyList<string> Read(string path, string inNamespace)
    {
        using var stream = File.OpenRead(path);
        using var file = new PEReader(stream);
        MetadataReader reader = file.GetMetadataReader();
        var lines = new List<string>();
        foreach (TypeDefinitionHandle handle in reader.TypeDefinitions)
        {
            TypeDefinition type = reader.GetTypeDefinition(handle);
            if (IsVisible(reader, type) && Namespace(reader, type) == inNamespace)
                AddType(reader, type, lines);
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    private static void AddType(MetadataReader reader, TypeDefinition type, List<string> lines)
    {
        var names = new SignatureNames(reader);
        string name = FullName(reader, type);
        TypeAttributes shape = type.Attributes & (TypeAttributes.Abstract | TypeAttributes.Sealed | TypeAttributes.Interface);
        string byRef = HasAttribute(reader, type.GetCustomAttributes(), "IsByRefLikeAttribute") ? " ref" : "";
        lines.Add($"{name} : {names.Of(type.BaseType)} ({shape}){byRef}");
        foreach (FieldDefinition field in type.GetFields().Select(reader.GetFieldDefinition).Where(IsVisible))
            lines.Add($"{name}.{reader.GetString(field.Name)} : {field.DecodeSignature(names, null)} ({field.Attributes & (FieldAttributes.Static | FieldAttributes.InitOnly | FieldAttributes.Literal)}){Value(reader, field)}");
        foreach (MethodDefinition method in type.GetMethods().Select(reader.GetMethodDefinition).Where(IsVisible))
        {
            MethodSignature<string> signature = method.DecodeSignature(names, null);
            string modifiers = $"{method.Attributes & (MethodAttributes.Static | MethodAttributes.Virtual | MethodAttributes.Abstract)}";
            lines.Add($"{name}.{reader.GetString(method.Name)}`{signature.GenericParameterCount}({string.Join(", ", signature.ParameterTypes)}) : {signature.ReturnType} ({modifiers})");
        }
    }

    private static string Value(MetadataReader reader, FieldDefinition field)
    {
        ConstantHandle handle = field.GetDefaultValue();
        return handle.IsNil ? "" : " = " + Convert.ToHexString(reader.GetBlobBytes(reader.GetConstant(handle).Value));
    }

    private static bool IsVisible(MetadataReader reader, TypeDefinition type)
    {
        TypeAttributes visibility = type.Attributes & TypeAttributes.VisibilityMask;
        return visibility == TypeAttributes.Public
            || (visibility == TypeAttributes.NestedPublic && IsVisible(reader, reader.GetTypeDefinition(type.GetDeclaringType())));
    }

    private static bool IsVisible(FieldDefinition field) =>
        (field.Attributes & FieldAttributes.FieldAccessMask) is FieldAttributes.Public or FieldAttributes.Family or FieldAttributes.FamORAssem;

    private static bool IsVisible(MethodDefinition method) =>
        (method.Attributes & Visibility) is MethodAttributes.Public or MethodAttributes.Family or MethodAttributes.FamORAssem;

    private static string Namespace(MetadataReader reader, TypeDefinition type) =>
        type.IsNested ? Namespace(reader, reader.GetTypeDefinition(type.GetDeclaringType())) : reader.GetString(type.Namespace);

    private static string FullName(MetadataReader reader, TypeDefinition type) =>
        type.IsNested ? FullName(reader, reader.GetTypeDefinition(type.GetDeclaringType())) + "." + reader.GetString(type.Name) : reader.GetString(type.Name);

    private static bool HasAttribute(MetadataReader reader, CustomAttributeHandleCollection attributes, string name)
    {
        foreach (CustomAttributeHandle handle in attributes)
        {
            EntityHandle constructor = reader.GetCustomAttribute(handle).Constructor;
            EntityHandle owner = constructor.Kind == HandleKind.MemberReference
                ? reader.GetMemberReference((MemberReferenceHandle)constructor).Parent
                : reader.GetMethodDefinition((MethodDefinitionHandle)constructor).GetDeclaringType();
            if (new SignatureNames(reader).Of(owner).EndsWith(name, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    /// <summary>Type names without their assembly: the two builds take System from different ones.</summary>
    private sealed class SignatureNames(MetadataReader reader) : ISignatureTypeProvider<string, object?>
    {
        public string Of(EntityHandle handle) => handle.Kind switch
        {
            _ when handle.IsNil => "none",
            HandleKind.TypeReference => GetTypeFromReference(reader, (TypeReferenceHandle)handle, 0),
            HandleKind.TypeDefinition => GetTypeFromDefinition(reader, (TypeDefinitionHandle)handle, 0),
            _ => reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null),
        };

        public string GetTypeFromDefinition(MetadataReader metadata, TypeDefinitionHandle handle, byte kind)
        {
            TypeDefinition type = metadata.GetTypeDefinition(handle);
            return Namespace(metadata, type) + "." + FullName(metadata, type);
        }

        public string GetTypeFromReference(MetadataReader metadata, TypeReferenceHandle handle, byte kind)
        {
            TypeReference type = metadata.GetTypeReference(handle);
            string name = metadata.GetString(type.Name);
            return type.ResolutionScope.Kind == HandleKind.TypeReference
                ? GetTypeFromReference(metadata, (TypeReferenceHandle)type.ResolutionScope, kind) + "." + name
                : metadata.GetString(type.Namespace) + "." + name;
        }

        public string GetTypeFromSpecification(MetadataReader metadata, object? context, TypeSpecificationHandle handle, byte kind) =>
            metadata.GetTypeSpecification(handle).DecodeSignature(this, context);

        public string GetPrimitiveType(PrimitiveTypeCode code) => code.ToString();

        public string GetSZArrayType(string element) => element + "[]";

        public string GetArrayType(string element, ArrayShape shape) => $"{element}[{shape.Rank}]";

        public string GetByReferenceType(string element) => element + "&";

        public string GetPointerType(string element) => element + "*";

        public string GetPinnedType(string element) => element;

        public string GetGenericInstantiation(string type, ImmutableArray<string> arguments) => $"{type}<{string.Join(", ", arguments)}>";

        public string GetGenericMethodParameter(object? context, int index) => "!!" + index;

        public string GetGenericTypeParameter(object? context, int index) => "!" + index;

        public string GetModifiedType(string modifier, string unmodified, bool isRequired) => isRequired ? $"{unmodified} modreq({modifier})" : unmodified;

        public string GetFunctionPointerType(MethodSignature<string> signature) => $"function({string.Join(", ", signature.ParameterTypes)}) : {signature.ReturnType}";
    }
}
