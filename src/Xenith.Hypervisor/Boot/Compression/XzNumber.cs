// The variable-length integers of .xz: seven bits a byte, least significant first, the top bit says that more follow; at most nine
// bytes, and the shortest form only (file format 1.2.1, section 1.2).

using System;

namespace Xenith.Hypervisor.Boot;

internal static class XzNumber
{
    private const int MaximumBits = 63;

    internal static bool TryRead(ref ByteCursor cursor, out ulong value)
    {
        value = 0;
        for (int shift = 0; shift < MaximumBits; shift += 7)
        {
            if (!cursor.TryByte(out byte part))
            {
                return false;
            }

            value |= (ulong)(part & 0x7fu) << shift;
            if (part < 0x80)
            {
                return part != 0 || shift == 0;
            }
        }

        return false;
    }
}
