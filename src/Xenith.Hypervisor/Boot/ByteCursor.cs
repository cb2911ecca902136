// Reading a structure of unknown honesty from front to back. A cursor never reads beyond its span: it answers false, and the caller has
// an error value for that. Structures with offsets of their own use TrySlice, which takes the offset and length as the file gave them.

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>A position in bytes that somebody else wrote.</summary>
internal ref struct ByteCursor(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _rest = data;

    /// <summary>What has not been read.</summary>
    internal readonly ReadOnlySpan<byte> Rest => _rest;

    internal bool TryByte(out byte value)
    {
        if (_rest.Length < 1)
        {
            value = 0;
            return false;
        }

        value = _rest[0];
        _rest = _rest.Slice(1);
        return true;
    }

    internal bool TryUInt32(out uint value)
    {
        if (!BinaryPrimitives.TryReadUInt32LittleEndian(_rest, out value))
        {
            return false;
        }

        _rest = _rest.Slice(4);
        return true;
    }

    internal bool TryBytes(ulong length, out ReadOnlySpan<byte> bytes)
    {
        if (!TrySlice(_rest, 0, length, out bytes))
        {
            return false;
        }

        _rest = _rest.Slice(bytes.Length);
        return true;
    }

    /// <summary>The part of <paramref name="data"/> that begins at <paramref name="offset"/>; false unless all of it is there.</summary>
    internal static bool TrySlice(ReadOnlySpan<byte> data, ulong offset, ulong length, out ReadOnlySpan<byte> part)
    {
        ulong size = unchecked((uint)data.Length);
        if (offset > size || length > size - offset)
        {
            part = default;
            return false;
        }

        part = data.Slice(unchecked((int)offset), unchecked((int)length));
        return true;
    }
}
