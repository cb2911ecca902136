namespace Xenith.Machine;

/// <summary>Hosted code's stack belongs to the .NET runtime: no trail.</summary>
public static class Unwinder
{
    public static bool Step(ref ulong rip, ref ulong rsp, ref ulong rbp) => false;
}
