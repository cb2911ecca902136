// A stream of bits that begins with the lowest bit of the first byte, as DEFLATE packs them (RFC 1951, 3.1.1). Beyond its end the stream
// reads as zeros, and remembers that it did, so that the inner loop need not ask before each symbol.

using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Xenith.Hypervisor.Boot;

internal ref struct ForwardBits(ReadOnlySpan<byte> source)
{
    /// <summary>Bits that are there after <see cref="Fill"/>.</summary>
    internal const int Filled = 56;

    private readonly ReadOnlySpan<byte> _source = source;
    private int _at;
    private int _missing;
    private ulong _bits;
    private int _count;

    /// <summary>The next bits, lowest first. Valid are those that <see cref="Fill"/> got.</summary>
    internal readonly ulong Bits => _bits;

    /// <summary>Valid bits.</summary>
    internal readonly int Count => _count;

    /// <summary>Whether bits were taken that the source does not have.</summary>
    internal readonly bool IsOverrun => unchecked(_missing * 8) > _count;

    /// <summary>First byte of which no bit has been taken.</summary>
    internal readonly int Position => unchecked(_at + _missing - (_count >> 3));

    /// <summary>Makes at least <see cref="Filled"/> bits valid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Fill()
    {
        unchecked
        {
            if ((uint)_at <= (uint)(_source.Length - 8) && _source.Length >= 8)
            {
                _bits |= BinaryPrimitives.ReadUInt64LittleEndian(_source.Slice(_at)) << _count;
                _at += (63 - _count) >> 3;
                _count |= 56;
                return;
            }

            FillAtEnd();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FillAtEnd()
    {
        unchecked
        {
            while (_count < Filled)
            {
                if (_at < _source.Length)
                {
                    _bits |= (ulong)_source[_at] << _count;
                    _at++;
                }
                else
                {
                    _missing++;
                }

                _count += 8;
            }
        }
    }

    /// <summary>Drops bits, at most as many as are valid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Drop(int bits)
    {
        unchecked
        {
            _bits >>= bits;
            _count -= bits;
        }
    }

    /// <summary>Takes at most 32 bits, filling first.</summary>
    internal uint Take(int bits)
    {
        unchecked
        {
            Fill();
            uint value = (uint)(_bits & ((1UL << bits) - 1));
            Drop(bits);
            return value;
        }
    }

    /// <summary>Drops the rest of a byte and gives the following bytes; the stream goes on behind them. False if they are not there.</summary>
    internal bool TryBytes(int length, out ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            bytes = default;
            int position = Position;
            if (IsOverrun || position > _source.Length || length > _source.Length - position)
            {
                return false;
            }

            bytes = _source.Slice(position, length);
            _at = position + length;
            _missing = 0;
            _bits = 0;
            _count = 0;
            return true;
        }
    }
}
