namespace Xenith.Hypervisor.Console;

/// <summary>The last bytes that were printed; readers keep their own position. The positions count all bytes ever written and wrap.</summary>
public sealed class ConsoleRing
{
    private const uint Size = 16384;
    private readonly byte[] _bytes = new byte[Size];

    /// <summary>Position after the newest byte.</summary>
    public uint Produced { get; private set; }

    /// <summary>Position of the oldest byte that is still there.</summary>
    public uint Oldest => Produced > Size ? Produced - Size : 0;

    /// <summary>Adds a byte.</summary>
    public void Put(byte value)
    {
        _bytes[(int)(Produced % Size)] = value;
        Produced = unchecked(Produced + 1);
    }

    /// <summary>The byte at a position.</summary>
    public byte At(uint position) => _bytes[(int)(position % Size)];
}
