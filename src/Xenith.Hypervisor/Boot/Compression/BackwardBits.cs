// A stream of bits that is read from its end, as zstd packs everything that its coders write: the highest set bit of the last byte marks
// where the stream begins (RFC 8878, 4.1). Beyond the end it reads as zeros, and remembers that it did.

using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Xenith.Hypervisor.Boot;

internal ref struct BackwardBits
{
    /// <summary>Bits that are there after <see cref="Fill"/>.</summary>
    internal const int Filled = 56;

    private readonly ReadOnlySpan<byte> _source;

    // Bytes before this one have not been read.
    private int _at;
    private int _missing;

    // The next bits, the first one highest.
    private ulong _bits;
    private int _count;

    private BackwardBits(ReadOnlySpan<byte> source)
    {
        _source = source;
        _at = source.Length;
    }

    /// <summary>Opens a stream. False if it lacks the mark.</summary>
    internal static bool TryOpen(ReadOnlySpan<byte> source, out BackwardBits bits)
    {
        bits = new BackwardBits(source);
        if (source.IsEmpty || source[source.Length - 1] == 0)
        {
            return false;
        }

        bits.Fill();
        bits.Take(BitOperations.LeadingZeroCount((uint)source[source.Length - 1]) - 24 + 1);
        return true;
    }

    /// <summary>Whether bits were taken that the source does not have.</summary>
    internal readonly bool IsOverrun => unchecked(_missing * 8) > _count;

    /// <summary>Whether all bits of the source were taken, and no more.</summary>
    internal readonly bool IsAtEnd => _at == 0 && unchecked(_missing * 8) == _count;

    /// <summary>Makes at least <see cref="Filled"/> bits valid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Fill()
    {
        unchecked
        {
            if (_at >= 8)
            {
                _bits |= BinaryPrimitives.ReadUInt64LittleEndian(_source.Slice(_at - 8)) >> _count;
                int bytes = (63 - _count) >> 3;
                _at -= bytes;
                _count += bytes << 3;
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
                if (_at > 0)
                {
                    _at--;
                    _bits |= (ulong)_source[_at] << (56 - _count);
                }
                else
                {
                    _missing++;
                }

                _count += 8;
            }
        }
    }

    /// <summary>The next bits, without taking them; at least one, at most 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly uint Peek(int bits) => unchecked((uint)(_bits >> (64 - bits)));

    /// <summary>Drops bits, at most as many as are valid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Drop(int bits)
    {
        unchecked
        {
            _bits <<= bits;
            _count -= bits;
        }
    }

    /// <summary>Takes bits, at most 32 and at most as many as are valid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint Take(int bits)
    {
        unchecked
        {
            uint value = (uint)(_bits >> 1 >> (63 - bits));
            Drop(bits);
            return value;
        }
    }
}
