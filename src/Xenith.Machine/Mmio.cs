using System.Runtime.CompilerServices;
using System.Threading;

namespace Xenith.Machine;

/// <summary>Registers of a device, mapped uncached. Accesses are single and in order.</summary>
public readonly unsafe struct MmioRegion
{
    private readonly byte* _base;
    private readonly uint _size;

    private MmioRegion(byte* at, uint size)
    {
        _base = at;
        _size = size;
    }

    /// <summary>Names registers that Xenith.Hypervisor has mapped at a virtual address of <see cref="AddressSpace.DeviceMappings"/>.</summary>
    public static MmioRegion AtMapped(ulong virtualAddress, uint size)
    {
        if (virtualAddress < AddressSpace.DeviceMappings || virtualAddress >= AddressSpace.Image)
            Outside();
        return new MmioRegion((byte*)virtualAddress, size);
    }

    /// <summary>False for a default value.</summary>
    public bool Exists => _base != null;

    // The reads are not inlined: where only some bits of the result are wanted, the compiler would make a narrower access of it, to which devices answer differently or not at all. The build
    // checks that (eng/Xenith.Build/Checks/NotInlined.cs).
    [MethodImpl(MethodImplOptions.NoInlining)]
    public byte Read8(uint offset) => Volatile.Read(ref *At(offset, 1));

    public void Write8(uint offset, byte value) => Volatile.Write(ref *At(offset, 1), value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public ushort Read16(uint offset) => Volatile.Read(ref *(ushort*)At(offset, 2));

    public void Write16(uint offset, ushort value) => Volatile.Write(ref *(ushort*)At(offset, 2), value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public uint Read32(uint offset) => Volatile.Read(ref *(uint*)At(offset, 4));

    public void Write32(uint offset, uint value) => Volatile.Write(ref *(uint*)At(offset, 4), value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public ulong Read64(uint offset) => Volatile.Read(ref *(ulong*)At(offset, 8));

    public void Write64(uint offset, ulong value) => Volatile.Write(ref *(ulong*)At(offset, 8), value);

    private byte* At(uint offset, uint size)
    {
        if (offset > _size || size > _size - offset)
            Outside();
        return _base + offset;
    }

    private static void Outside() => throw null!;
}
