using System;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Xenith.Machine;

/// <summary>Memory as the boot loader left it, before any guest exists that could write it.</summary>
public static unsafe class BootMemory
{
    /// <summary>The bytes at a machine address; empty if they are not in the direct map or more than a span can hold.</summary>
    public static ReadOnlySpan<byte> Bytes(ulong address, ulong length) => Writable(address, length);

    /// <summary>The same for memory that the hypervisor owns and no guest can reach yet.</summary>
    public static Span<byte> Writable(ulong address, ulong length)
    {
        if (length > int.MaxValue || address > DirectMap.End || DirectMap.End - address < length)
            return default;
        return new Span<byte>(DirectMap.Pointer(address), (int)length);
    }

    /// <summary>Tells Machine how far the direct map reaches now.</summary>
    public static void SetDirectMapEnd(ulong end) => DirectMap.End = end;
}

/// <summary>Access to one frame that the caller holds a reference on. Never gives out a reference into it: a guest may write it.</summary>
public readonly unsafe ref struct Frame
{
    private readonly byte* _base;

    private Frame(byte* at) => _base = at;

    /// <summary>The frame's bytes in the direct map. Traps if there is no such memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Frame At(Mfn frame) => new(DirectMap.At(frame));

    /// <summary>Reads a value; the offset and size must lie in the page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Read<T>(int offset) where T : unmanaged
    {
        Check(offset, sizeof(T));
        return Unsafe.ReadUnaligned<T>(_base + offset);
    }

    /// <summary>Writes a value; the offset and size must lie in the page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write<T>(int offset, T value) where T : unmanaged
    {
        Check(offset, sizeof(T));
        Unsafe.WriteUnaligned(_base + offset, value);
    }

    /// <summary>Fills the page with zeros.</summary>
    public void Zero() => new Span<byte>(_base, AddressSpace.PageSize).Clear();

    /// <summary>Writes a part of the page from the caches of all CPUs to memory (CLFLUSH, SDM vol. 2).</summary>
    public void FlushCache(int offset, int length)
    {
        Check(offset, length);
        Asm.flush_cache((ulong)(_base + offset), (ulong)length);
    }

    /// <summary>Copies from the page into our memory.</summary>
    public void CopyTo(int offset, Span<byte> to)
    {
        Check(offset, to.Length);
        new ReadOnlySpan<byte>(_base + offset, to.Length).CopyTo(to);
    }

    /// <summary>Copies from our memory into the page.</summary>
    public void CopyFrom(int offset, ReadOnlySpan<byte> from)
    {
        Check(offset, from.Length);
        from.CopyTo(new Span<byte>(_base + offset, from.Length));
    }

    /// <summary>Copies so many bytes of another page, or of this one.</summary>
    public void CopyFrom(int offset, Frame source, int from, int length)
    {
        Check(offset, length);
        Check(from, length);
        new ReadOnlySpan<byte>(source._base + from, length).CopyTo(new Span<byte>(_base + offset, length));
    }

    /// <summary>Copies a whole page.</summary>
    public void CopyFrom(Frame other) =>
        new ReadOnlySpan<byte>(other._base, AddressSpace.PageSize).CopyTo(new Span<byte>(_base, AddressSpace.PageSize));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Check(int offset, int size)
    {
        if ((uint)offset > (uint)(AddressSpace.PageSize - size))
            Outside();
    }

    private static void Outside() => throw null!;
}

/// <summary>A page table: 512 entries, each read and written with one atomic access.</summary>
public readonly unsafe ref struct PageTableView
{
    private readonly ulong* _entries;

    private PageTableView(ulong* entries) => _entries = entries;

    /// <summary>The table in a frame. Traps if there is no such memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PageTableView At(Mfn frame) => new((ulong*)DirectMap.At(frame));

    /// <summary>One entry; the index is taken modulo 512.</summary>
    public PageTableEntry this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Volatile.Read(ref _entries[index & 511]));
    }

    /// <summary>Writes an entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(int index, PageTableEntry value) => Volatile.Write(ref _entries[index & 511], value.Bits);

    /// <summary>Writes an entry and returns the one before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PageTableEntry Exchange(int index, PageTableEntry value) => new(Interlocked.Exchange(ref _entries[index & 511], value.Bits));

    /// <summary>Writes an entry if it still is <paramref name="expected"/>; returns what was there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PageTableEntry CompareExchange(int index, PageTableEntry value, PageTableEntry expected) =>
        new(Interlocked.CompareExchange(ref _entries[index & 511], value.Bits, expected.Bits));
}

/// <summary>One <see cref="FrameInfo"/> for each machine frame up to the highest.</summary>
public sealed unsafe class FrameTable
{
    private readonly FrameInfo* _first;
    private readonly ulong _count;

    private FrameTable(FrameInfo* first, ulong count)
    {
        _first = first;
        _count = count;
    }

    /// <summary>Bytes that a table for so many frames needs.</summary>
    public static ulong BytesFor(ulong frames) => frames * 32;

    /// <summary>Makes a zeroed table in memory of the hypervisor that starts at a machine address of the direct map.</summary>
    public static FrameTable Create(ulong machineAddress, ulong frames)
    {
        FrameInfo* first = (FrameInfo*)DirectMap.At(Mfn.FromAddress(machineAddress));
        new Span<ulong>(first, (int)(frames * 4)).Clear();
        return new FrameTable(first, frames);
    }

    /// <summary>Number of frames that have an entry: the highest frame number plus one.</summary>
    public ulong Count => _count;

    /// <summary>True if the frame has an entry.</summary>
    public bool Contains(Mfn frame) => frame.Value < _count;

    /// <summary>One entry of the page table in a frame, or one that is not present if the frame is none of the table's: all of these are in the direct map. The index is taken modulo 512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PageTableEntry EntryIn(Mfn frame, int index) =>
        frame.Value < _count ? new(Volatile.Read(ref ((ulong*)DirectMap.Pointer(frame.Address))[(uint)index & 511])) : default;

    /// <summary>The entry of a frame. Traps if there is none.</summary>
    public ref FrameInfo this[Mfn frame]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if (frame.Value >= _count)
                Outside();
            return ref _first[frame.Value];
        }
    }

    /// <summary>The same for code that cannot trap: the entry of frame 0, which is never anybody's, if there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref FrameInfo OrFirst(Mfn frame) => ref _first[frame.Value < _count ? frame.Value : 0];

    private static void Outside() => throw null!;
}

/// <summary>An array of plain structs over memory of the hypervisor: tables whose size is known only at run time.</summary>
public readonly unsafe struct Table<T> where T : unmanaged
{
    private readonly T* _first;
    private readonly ulong _count;

    private Table(T* first, ulong count)
    {
        _first = first;
        _count = count;
    }

    /// <summary>Makes a table over machine memory that the hypervisor owns (contiguous frames of the direct map). The memory must be zeroed by the caller if wanted.</summary>
    public static Table<T> Over(ulong machineAddress, ulong count) => new((T*)DirectMap.At(Mfn.FromAddress(machineAddress)), count);

    /// <summary>Number of elements; 0 for a default value.</summary>
    public ulong Count => _count;

    /// <summary>One element. Traps outside.</summary>
    public ref T this[ulong index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if (index >= _count)
                Outside();
            return ref _first[index];
        }
    }

    private static void Outside() => throw null!;
}
