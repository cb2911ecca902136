using System;

namespace Xenith.Hypervisor.Memory;

/// <summary>Checks of what must hold whatever guests do. A failed one traps, which ends the domain that is being served.</summary>
internal static class Invariant
{
    /// <summary>Traps if the condition is false.</summary>
    internal static void Holds(bool condition)
    {
        if (!condition)
            Broken();
    }

    /// <summary>Traps.</summary>
    internal static void Broken()
    {
        ReadOnlySpan<byte> none = default;
        _ = none[0];
    }
}
