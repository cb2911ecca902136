using System;

namespace Xenith.Machine;

/// <summary>Hosted code has no image and no names of addresses.</summary>
public static class Symbols
{
    public static bool TryFind(ulong rip, out ReadOnlySpan<byte> name, out ulong offset)
    {
        name = default;
        offset = 0;
        return false;
    }
}
