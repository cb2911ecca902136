// A stream of bits that begins with the highest bit of the first byte, as bzip2 packs them. Beyond its end the stream reads as zeros, and
// remembers that it did.

using System;

namespace Xenith.Hypervisor.Boot;

internal ref struct BigEndianBits(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;
    private int _at;

    // The bits taken from the source and not yet from here are the lowest ones.
    private ulong _bits;
    private int _count;

    /// <summary>Whether bits were taken that the source does not have.</summary>
    internal bool IsOverrun { get; private set; }

    /// <summary>First byte of which no bit has been taken.</summary>
    internal readonly int Position => _at - (_count >> 3);

    /// <summary>Takes at most 24 bits.</summary>
    internal uint Take(int bits)
    {
        unchecked
        {
            while (_count < bits)
            {
                byte next = 0;
                if (_at < _source.Length)
                {
                    next = _source[_at];
                    _at++;
                }
                else
                {
                    IsOverrun = true;
                }

                _bits = (_bits << 8) | next;
                _count += 8;
            }

            _count -= bits;
            return (uint)(_bits >> _count) & ((1u << bits) - 1);
        }
    }
}
