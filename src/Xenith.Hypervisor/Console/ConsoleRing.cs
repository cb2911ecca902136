using System;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>
/// The last bytes that were printed: what `xl dmesg` shows. Positions count all bytes ever written, modulo 2^32, so a reader that remembers where it stopped
/// goes on there however often the ring has turned since (public/sysctl.h, XEN_SYSCTL_readconsole). Not safe by itself: <see cref="ConsoleLog"/> has the lock.
/// </summary>
public sealed class ConsoleRing
{
    /// <summary>Size before there is a page allocator, and at least afterwards.</summary>
    public const uint InitialSize = 16384;

    private readonly byte[] _first = new byte[InitialSize];
    private Table<byte> _bytes;

    /// <summary>Bytes that fit; a power of two.</summary>
    public uint Size { get; private set; } = InitialSize;

    /// <summary>Position after the newest byte.</summary>
    public uint Produced { get; private set; }

    /// <summary>Position at which a reader begins that remembers none: the oldest byte that is still there and has not been cleared.</summary>
    public uint Oldest { get; private set; }

    /// <summary>Adds a byte; the oldest makes room.</summary>
    public void Put(byte value)
    {
        Store(Produced, value);
        Produced = unchecked(Produced + 1);
        if (unchecked(Produced - Oldest) > Size)
            Oldest = unchecked(Produced - Size);
    }

    /// <summary>The byte at a position.</summary>
    public byte At(uint position)
    {
        uint at = position & (Size - 1);
        return _bytes.Count != 0 ? _bytes[at] : _first[(int)at];
    }

    /// <summary>
    /// Copies bytes to a reader, from the oldest on or, if <paramref name="incremental"/>, from its own position <paramref name="index"/> if that is later;
    /// returns their number and moves the position behind them. <paramref name="clear"/>: readers that remember nothing do not see them again.
    /// </summary>
    public int Read(Span<byte> to, bool incremental, ref uint index, bool clear)
    {
        uint from = Oldest;
        if (incremental && IsBetween(index))
            from = index;
        int count = (int)Math.Min(unchecked(Produced - from), (uint)to.Length);
        for (int i = 0; i < count; i++)
            to[i] = At(unchecked(from + (uint)i));
        index = unchecked(from + (uint)count);
        if (clear)
            Oldest = index;
        return count;
    }

    /// <summary>Goes on in larger memory, zeroed or not; what is there moves along. The size must be a power of two.</summary>
    internal void Grow(Table<byte> larger)
    {
        if (larger.Count <= Size || larger.Count > uint.MaxValue)
            return;
        for (uint at = Oldest; at != Produced; at = unchecked(at + 1))
            larger[at & (larger.Count - 1)] = At(at);
        _bytes = larger;
        Size = (uint)larger.Count;
    }

    /// <summary>True for a position from the oldest to the newest byte; a reader's number may be anything.</summary>
    private bool IsBetween(uint position) => unchecked(position - Oldest) <= unchecked(Produced - Oldest);

    private void Store(uint position, byte value)
    {
        uint at = position & (Size - 1);
        if (_bytes.Count != 0)
            _bytes[at] = value;
        else
            _first[(int)at] = value;
    }
}
