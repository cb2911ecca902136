// CRC64 as .xz uses it: the ECMA-182 polynomial reflected, 0xc96c5795d7870f42. Kernels are packed with CRC32, so this one takes the small
// way: sixteen constants in the image, two steps a byte, no memory of its own.

using System;

namespace Xenith.Hypervisor.Boot;

internal static class Crc64
{
    // Entry i is the remainder of the four bits i.
    private static ReadOnlySpan<ulong> Nibbles =>
    [
        0x0000000000000000, 0x7d9ba13851336649, 0xfb374270a266cc92, 0x86ace348f355aadb,
        0x64b62bcaebc387a1, 0x192d8af2baf0e1e8, 0x9f8169ba49a54b33, 0xe21ac88218962d7a,
        0xc96c5795d7870f42, 0xb4f7f6ad86b4690b, 0x325b15e575e1c3d0, 0x4fc0b4dd24d2a599,
        0xadda7c5f3c4488e3, 0xd041dd676d77eeaa, 0x56ed3e2f9e224471, 0x2b769f17cf112238,
    ];

    /// <summary>The CRC64 of <paramref name="data"/>.</summary>
    internal static ulong Compute(ReadOnlySpan<byte> data)
    {
        ulong crc = ulong.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            crc = (crc >> 4) ^ Nibbles[(int)(crc & 15)];
            crc = (crc >> 4) ^ Nibbles[(int)(crc & 15)];
        }

        return ~crc;
    }
}
