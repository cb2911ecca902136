// What the C# compiler writes or reads to express features of the language, and what tells the native compiler about a method.

namespace System.Runtime.CompilerServices;

/// <summary>A modreq of volatile fields.</summary>
public static class IsVolatile;

/// <summary>A modreq of init-only setters.</summary>
public static class IsExternalInit;

public sealed class IntrinsicAttribute : Attribute;

public sealed class CompilerGeneratedAttribute : Attribute;

public sealed class ExtensionAttribute : Attribute;

public sealed class SkipLocalsInitAttribute : Attribute;

public sealed class RequiredMemberAttribute : Attribute;

public sealed class UnsafeValueTypeAttribute : Attribute;

public sealed class PreserveBaseOverridesAttribute : Attribute;

public sealed class ParamCollectionAttribute : Attribute;

public sealed class CallerLineNumberAttribute : Attribute;

public sealed class CallerFilePathAttribute : Attribute;

public sealed class CallerMemberNameAttribute : Attribute;

public sealed class CallerArgumentExpressionAttribute(string parameterName) : Attribute
{
    public string ParameterName { get; } = parameterName;
}

public sealed class CompilerFeatureRequiredAttribute(string featureName) : Attribute
{
    public string FeatureName { get; } = featureName;

    public bool IsOptional { get; set; }
}

/// <summary>A struct with one field is that field, <see cref="Length"/> times in a row.</summary>
[AttributeUsage(AttributeTargets.Struct)]
public sealed class InlineArrayAttribute(int length) : Attribute
{
    public int Length { get; } = length;
}

public sealed class FixedBufferAttribute(Type elementType, int length) : Attribute
{
    public Type ElementType { get; } = elementType;

    public int Length { get; } = length;
}

public sealed class TupleElementNamesAttribute(string?[] transformNames) : Attribute
{
    public string?[] TransformNames { get; } = transformNames;
}

public sealed class CollectionBuilderAttribute(Type builderType, string methodName) : Attribute
{
    public Type BuilderType { get; } = builderType;

    public string MethodName { get; } = methodName;
}

[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class InterpolatedStringHandlerAttribute : Attribute;

[AttributeUsage(AttributeTargets.Parameter)]
public sealed class InterpolatedStringHandlerArgumentAttribute : Attribute
{
    public InterpolatedStringHandlerArgumentAttribute(string argument)
    {
        Arguments = [argument];
    }

    public InterpolatedStringHandlerArgumentAttribute(params string[] arguments)
    {
        Arguments = arguments;
    }

    public string[] Arguments { get; }
}

[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class InternalsVisibleToAttribute(string assemblyName) : Attribute
{
    public string AssemblyName { get; } = assemblyName;
}
