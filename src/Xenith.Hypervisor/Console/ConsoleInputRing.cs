namespace Xenith.Hypervisor.Console;

/// <summary>Bytes that have arrived on a serial line and wait for dom0's CONSOLEIO_read. When it is full, new bytes are lost.</summary>
public sealed class ConsoleInputRing
{
    private const uint Size = 4096;
    private readonly byte[] _bytes = new byte[Size];
    private readonly SpinLock _lock = new(LockRank.Console);
    private uint _produced;
    private uint _consumed;

    /// <summary>Adds a byte.</summary>
    public void Put(byte value)
    {
        using (_lock.Enter())
        {
            if (unchecked(_produced - _consumed) == Size)
                return;
            _bytes[(int)(_produced % Size)] = value;
            _produced = unchecked(_produced + 1);
        }
    }

    /// <summary>Takes the oldest byte.</summary>
    public bool TryTake(out byte value)
    {
        value = 0;
        using (_lock.Enter())
        {
            if (_produced == _consumed)
                return false;
            value = _bytes[(int)(_consumed % Size)];
            _consumed = unchecked(_consumed + 1);
            return true;
        }
    }
}
