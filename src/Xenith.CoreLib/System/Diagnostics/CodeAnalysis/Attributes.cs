// What the nullable analysis and the ref-safety rules of the language read.

namespace System.Diagnostics.CodeAnalysis;

public sealed class AllowNullAttribute : Attribute;

public sealed class DisallowNullAttribute : Attribute;

public sealed class MaybeNullAttribute : Attribute;

public sealed class NotNullAttribute : Attribute;

public sealed class DoesNotReturnAttribute : Attribute;

public sealed class UnscopedRefAttribute : Attribute;

public sealed class SetsRequiredMembersAttribute : Attribute;

public sealed class NotNullWhenAttribute(bool returnValue) : Attribute
{
    public bool ReturnValue { get; } = returnValue;
}

public sealed class MaybeNullWhenAttribute(bool returnValue) : Attribute
{
    public bool ReturnValue { get; } = returnValue;
}

[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property | AttributeTargets.ReturnValue, AllowMultiple = true)]
public sealed class NotNullIfNotNullAttribute(string parameterName) : Attribute
{
    public string ParameterName { get; } = parameterName;
}

public sealed class DoesNotReturnIfAttribute(bool parameterValue) : Attribute
{
    public bool ParameterValue { get; } = parameterValue;
}

[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property, AllowMultiple = true)]
public sealed class MemberNotNullAttribute : Attribute
{
    public MemberNotNullAttribute(string member)
    {
        Members = member;
    }

    public string Members { get; }
}

[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property, AllowMultiple = true)]
public sealed class MemberNotNullWhenAttribute(bool returnValue, string member) : Attribute
{
    public bool ReturnValue { get; } = returnValue;

    public string Members { get; } = member;
}

/// <summary>Using what carries it is an error unless the project suppresses <see cref="DiagnosticId"/>.</summary>
public sealed class ExperimentalAttribute(string diagnosticId) : Attribute
{
    public string DiagnosticId { get; } = diagnosticId;

    public string? UrlFormat { get; set; }

    public string? Message { get; set; }
}

public sealed class SuppressMessageAttribute(string category, string checkId) : Attribute
{
    public string Category { get; } = category;

    public string CheckId { get; } = checkId;

    public string? Justification { get; set; }
}
