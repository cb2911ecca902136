// The door between C# and assembly. Both attributes make plain symbols of the SysV calling convention: no thunks, no transitions.

namespace System.Runtime;

/// <summary>Gives a static method a linker symbol by which assembly can call it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RuntimeExportAttribute(string entry) : Attribute
{
    public string Entry { get; } = entry;
}

/// <summary>With MethodImplOptions.InternalCall: an external method that is a linker symbol.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RuntimeImportAttribute(string library, string entry) : Attribute
{
    public string Library { get; } = library;

    public string Entry { get; } = entry;
}

/// <summary>Lets the compiler inline across assembly borders what never changes its layout.</summary>
internal sealed class NonVersionableAttribute : Attribute;
