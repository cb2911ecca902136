// XXH64 with seed 0, whose lower half is the checksum of zstd frames ("xxHash fast digest algorithm", version 0.1.1, XXH64).

using System;
using System.Buffers.Binary;
using System.Numerics;

namespace Xenith.Hypervisor.Boot;

internal static class XxHash64
{
    private const ulong Prime1 = 0x9e37_79b1_85eb_ca87;
    private const ulong Prime2 = 0xc2b2_ae3d_27d4_eb4f;
    private const ulong Prime3 = 0x1656_67b1_9e37_79f9;
    private const ulong Prime4 = 0x85eb_ca77_c2b2_ae63;
    private const ulong Prime5 = 0x27d4_eb2f_1656_67c5;
    private const int Stripe = 32;

    internal static ulong Compute(ReadOnlySpan<byte> data)
    {
        unchecked
        {
            ulong hash = Prime5;
            ulong length = (ulong)data.Length;
            if (data.Length >= Stripe)
            {
                ulong a = Prime1 + Prime2, b = Prime2, c = 0, d = 0 - Prime1;
                while (data.Length >= Stripe)
                {
                    ReadOnlySpan<byte> stripe = data.Slice(0, Stripe);
                    a = Round(a, BinaryPrimitives.ReadUInt64LittleEndian(stripe));
                    b = Round(b, BinaryPrimitives.ReadUInt64LittleEndian(stripe.Slice(8)));
                    c = Round(c, BinaryPrimitives.ReadUInt64LittleEndian(stripe.Slice(16)));
                    d = Round(d, BinaryPrimitives.ReadUInt64LittleEndian(stripe.Slice(24)));
                    data = data.Slice(Stripe);
                }

                hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7) + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
                hash = Merge(Merge(Merge(Merge(hash, a), b), c), d);
            }

            hash += length;
            while (data.Length >= 8)
            {
                hash = (BitOperations.RotateLeft(hash ^ Round(0, BinaryPrimitives.ReadUInt64LittleEndian(data)), 27) * Prime1) + Prime4;
                data = data.Slice(8);
            }

            if (data.Length >= 4)
            {
                hash = (BitOperations.RotateLeft(hash ^ (BinaryPrimitives.ReadUInt32LittleEndian(data) * Prime1), 23) * Prime2) + Prime3;
                data = data.Slice(4);
            }

            foreach (byte value in data)
            {
                hash = BitOperations.RotateLeft(hash ^ (value * Prime5), 11) * Prime1;
            }

            hash = (hash ^ (hash >> 33)) * Prime2;
            hash = (hash ^ (hash >> 29)) * Prime3;
            return hash ^ (hash >> 32);
        }
    }

    private static ulong Round(ulong lane, ulong input) => unchecked(BitOperations.RotateLeft(lane + (input * Prime2), 31) * Prime1);

    private static ulong Merge(ulong hash, ulong lane) => unchecked(((hash ^ Round(0, lane)) * Prime1) + Prime4);
}
