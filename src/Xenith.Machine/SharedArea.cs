using System.Runtime.CompilerServices;
using System.Threading;

namespace Xenith.Machine;

/// <summary>
/// A piece of one page that a guest can read and write at any time: vcpu_info, event bitmaps, rings, grant entries. Every access is
/// one volatile or atomic operation, so a value cannot change between check and use. Offsets are in bytes.
/// </summary>
public readonly unsafe struct SharedArea
{
    private readonly byte* _base;
    private readonly uint _size;

    private SharedArea(byte* at, uint size)
    {
        _base = at;
        _size = size;
    }

    /// <summary>A whole frame. The caller holds a reference on it for as long as the value lives.</summary>
    public static SharedArea Page(Mfn frame) => new(DirectMap.At(frame), AddressSpace.PageSize);

    /// <summary>A part of this area; traps if it does not lie inside.</summary>
    public SharedArea Slice(uint offset, uint size)
    {
        if (offset > _size || size > _size - offset)
            Outside();
        return new SharedArea(_base + offset, size);
    }

    /// <summary>False for a default value.</summary>
    public bool Exists => _base != null;

    /// <summary>Bytes of the area.</summary>
    public uint Size => _size;

    internal ulong Address => (ulong)_base;

    public byte Load8(uint offset) => Volatile.Read(ref *At<byte>(offset));

    public ushort Load16(uint offset) => Volatile.Read(ref *At<ushort>(offset));

    public uint Load32(uint offset) => Volatile.Read(ref *At<uint>(offset));

    public ulong Load64(uint offset) => Volatile.Read(ref *At<ulong>(offset));

    public void Store8(uint offset, byte value) => Volatile.Write(ref *At<byte>(offset), value);

    public void Store16(uint offset, ushort value) => Volatile.Write(ref *At<ushort>(offset), value);

    public void Store32(uint offset, uint value) => Volatile.Write(ref *At<uint>(offset), value);

    public void Store64(uint offset, ulong value) => Volatile.Write(ref *At<ulong>(offset), value);

    /// <summary>Atomic exchange of 32 bits.</summary>
    public uint Exchange32(uint offset, uint value) => Interlocked.Exchange(ref *At<uint>(offset), value);

    /// <summary>Atomic compare and exchange of 32 bits; returns what was there.</summary>
    public uint CompareExchange32(uint offset, uint value, uint expected) => Interlocked.CompareExchange(ref *At<uint>(offset), value, expected);

    /// <summary>Atomic compare and exchange of 64 bits; returns what was there.</summary>
    public ulong CompareExchange64(uint offset, ulong value, ulong expected) => Interlocked.CompareExchange(ref *At<ulong>(offset), value, expected);

    /// <summary>Atomically clears the bits of 64 that a mask has not.</summary>
    public void And64(uint offset, ulong mask) => Interlocked.And(ref *At<ulong>(offset), mask);

    /// <summary>Atomically sets a bit of an array of 64-bit words; returns whether it was set before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TestAndSetBit(uint offset, uint bit) => (Interlocked.Or(ref *At<ulong>(offset + bit / 64 * 8), 1UL << (int)(bit & 63)) >> (int)(bit & 63) & 1) != 0;

    /// <summary>Atomically clears a bit of an array of 64-bit words; returns whether it was set before.</summary>
    public bool TestAndClearBit(uint offset, uint bit)
    {
        ulong mask = 1UL << (int)(bit & 63);
        return (Interlocked.And(ref *At<ulong>(offset + bit / 64 * 8), ~mask) & mask) != 0;
    }

    /// <summary>Reads a bit of an array of 64-bit words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TestBit(uint offset, uint bit) => (Load64(offset + bit / 64 * 8) >> (int)(bit & 63) & 1) != 0;

    /// <summary>Copies a plain struct into the area (no atomicity beyond single bytes).</summary>
    public void Write<T>(uint offset, in T value) where T : unmanaged
    {
        if (offset > _size || (uint)sizeof(T) > _size - offset)
            Outside();
        Unsafe.WriteUnaligned(_base + offset, value);
    }

    /// <summary>Copies a plain struct out of the area (no atomicity beyond single bytes).</summary>
    public T Read<T>(uint offset) where T : unmanaged
    {
        if (offset > _size || (uint)sizeof(T) > _size - offset)
            Outside();
        return Unsafe.ReadUnaligned<T>(_base + offset);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T* At<T>(uint offset) where T : unmanaged
    {
        if (offset > _size || (uint)sizeof(T) > _size - offset || (offset & (uint)(sizeof(T) - 1)) != 0)
            Outside();
        return (T*)(_base + offset);
    }

    private static void Outside() => throw null!;
}
