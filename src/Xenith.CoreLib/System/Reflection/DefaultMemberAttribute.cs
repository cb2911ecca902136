namespace System.Reflection;

/// <summary>Put by the compiler on types with an indexer.</summary>
public sealed class DefaultMemberAttribute(string memberName) : Attribute
{
    public string MemberName { get; } = memberName;
}
