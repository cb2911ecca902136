// The machine's RAM: one block of the process, zeroed and committed by the operating system only where it is touched, so a
// test can give a machine many gigabytes. It is one block and not a dictionary of pages because tables of the hypervisor
// (frame table, M2P) span frames and hand out references into themselves.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Xenith.Machine.Simulation;

/// <summary>RAM of a simulated machine, from machine address 0.</summary>
public sealed unsafe class PhysicalMemory : IDisposable
{
    private readonly void* _block;
    private readonly byte* _first;
    private int _freed;

    /// <summary>Makes zeroed memory of so many bytes, a multiple of the page size.</summary>
    public PhysicalMemory(ulong size)
    {
        if (size == 0 || size % AddressSpace.PageSize != 0)
            throw new ArgumentOutOfRangeException(nameof(size), size, "memory comes in whole pages");
        Size = size;
        _block = NativeMemory.AllocZeroed((nuint)size + AddressSpace.PageSize);
        _first = (byte*)(((ulong)_block + AddressSpace.PageSize - 1) & ~(ulong)(AddressSpace.PageSize - 1));
    }

    ~PhysicalMemory() => Free();

    /// <summary>Bytes of RAM; the first machine address that is none.</summary>
    public ulong Size { get; }

    /// <summary>True if all of the range is RAM.</summary>
    public bool Contains(ulong address, ulong length) => address <= Size && length <= Size - address;

    /// <summary>The bytes at a machine address.</summary>
    public Span<byte> Bytes(ulong address, int length) => new(Pointer(address, (ulong)length), length);

    /// <summary>Reads a plain value.</summary>
    public T Read<T>(ulong address) where T : unmanaged => Unsafe.ReadUnaligned<T>(Pointer(address, (ulong)sizeof(T)));

    /// <summary>Writes a plain value.</summary>
    public void Write<T>(ulong address, T value) where T : unmanaged => Unsafe.WriteUnaligned(Pointer(address, (ulong)sizeof(T)), value);

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    internal byte* Pointer(ulong address, ulong length)
    {
        if (!Contains(address, length))
            throw new BusError(address);
        return _first + address;
    }

    /// <summary>A page-table entry, for the atomic accesses of the page walker. The address is a multiple of eight.</summary>
    internal ref ulong Entry(ulong address) => ref *(ulong*)Pointer(address, 8);

    private void Free()
    {
        if (Interlocked.Exchange(ref _freed, 1) == 0)
            NativeMemory.Free(_block);
    }
}

/// <summary>A machine address was used that is no RAM. A real bus would answer with ones; here it is a bug that should be seen.</summary>
public sealed class BusError(ulong address) : Exception($"no RAM at machine address 0x{address:x}")
{
    public ulong Address { get; } = address;
}
