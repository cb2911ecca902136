namespace System.Runtime;

/// <summary>On the metal it gives a method a symbol that assembly calls. Hosted, tests call the method.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RuntimeExportAttribute(string entry) : Attribute
{
    public string Entry { get; } = entry;
}
