using System;

namespace Xenith.Hypervisor.Console;

/// <summary>Bytes that arrived on the serial line and that dom0 has not read yet. Too many at once: the newest are lost, as with Xen.</summary>
public sealed class GuestConsoleInput
{
    private const uint Size = 1024;
    private readonly byte[] _bytes = new byte[Size];
    private readonly SpinLock _lock = new(LockRank.Console);
    private uint _produced;
    private uint _consumed;

    /// <summary>Adds a byte.</summary>
    public void Put(byte value)
    {
        using (_lock.EnterInterruptSafe())
        {
            if (unchecked(_produced - _consumed) == Size)
                return;
            _bytes[(int)(_produced % Size)] = value;
            _produced = unchecked(_produced + 1);
        }
    }

    /// <summary>Copies the oldest bytes without taking them; returns how many.</summary>
    public int Peek(Span<byte> to)
    {
        using (_lock.EnterInterruptSafe())
        {
            int count = Math.Min((int)unchecked(_produced - _consumed), to.Length);
            for (int i = 0; i < count; i++)
                to[i] = _bytes[(int)(unchecked(_consumed + (uint)i) % Size)];
            return count;
        }
    }

    /// <summary>Takes bytes that <see cref="Peek"/> has shown. Two vCPUs that read at once may see the same bytes.</summary>
    public void Drop(int count)
    {
        using (_lock.EnterInterruptSafe())
        {
            uint waiting = unchecked(_produced - _consumed);
            _consumed = unchecked(_consumed + Math.Min((uint)count, waiting));
        }
    }
}
