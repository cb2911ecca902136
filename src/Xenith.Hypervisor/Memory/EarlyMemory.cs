namespace Xenith.Hypervisor.Memory;

/// <summary>
/// Memory for what must exist before the page allocator: the frame table, the machine-to-physical table, tables of the direct map. Ranges are taken from
/// the top of the highest free one; what is left goes to the allocator.
/// </summary>
internal sealed class EarlyMemory
{
    private const int Capacity = 160;

    private readonly ulong[] _start = new ulong[Capacity];
    private readonly ulong[] _end = new ulong[Capacity];
    private int _count;

    /// <summary>Number of free ranges.</summary>
    internal int Count => _count;

    /// <summary>Machine address of a free range's first byte.</summary>
    internal ulong Start(int index) => _start[index];

    /// <summary>Machine address after a free range's last byte.</summary>
    internal ulong End(int index) => _end[index];

    /// <summary>Bytes that were added and never taken away.</summary>
    internal ulong FreeBytes
    {
        get
        {
            ulong total = 0;
            for (int i = 0; i < _count; i++)
                total += _end[i] - _start[i];
            return total;
        }
    }

    /// <summary>Adds whole pages of RAM.</summary>
    internal void Add(ulong start, ulong end)
    {
        start = (start + 4095) & ~4095UL;
        end &= ~4095UL;
        if (start >= end || _count == Capacity)
            return;
        _start[_count] = start;
        _end[_count] = end;
        _count++;
    }

    /// <summary>Takes the pages that a range touches out of whatever free ranges hold them.</summary>
    internal void Reserve(ulong start, ulong end)
    {
        start &= ~4095UL;
        end = (end + 4095) & ~4095UL;
        for (int i = _count - 1; i >= 0; i--)
        {
            ulong oldStart = _start[i], oldEnd = _end[i];
            if (end <= oldStart || start >= oldEnd)
                continue;
            _count--;
            _start[i] = _start[_count];
            _end[i] = _end[_count];
            if (oldStart < start)
                Add(oldStart, start);
            if (end < oldEnd)
                Add(end, oldEnd);
        }
    }

    /// <summary>Takes memory that ends at or below a machine address; false if there is no range that large.</summary>
    internal bool TryTake(ulong bytes, ulong alignment, ulong below, out ulong address)
    {
        int best = -1;
        ulong bestAddress = 0;
        for (int i = 0; i < _count; i++)
        {
            ulong end = _end[i] < below ? _end[i] : below;
            if (end < _start[i] || end - _start[i] < bytes)
                continue;
            ulong candidate = (end - bytes) & ~(alignment - 1);
            if (candidate >= _start[i] && (best < 0 || candidate > bestAddress))
            {
                best = i;
                bestAddress = candidate;
            }
        }
        address = bestAddress;
        if (best < 0)
            return false;
        Reserve(bestAddress, bestAddress + bytes);
        return true;
    }
}
