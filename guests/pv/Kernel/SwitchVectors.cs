// Random x87, SSE, AVX and AVX-512 registers in the standard format of XSAVE (SDM vol. 1, 10.5.1 and 13.4), and their comparison.

namespace Xenith.Guest.Pv.Kernel;

static unsafe class SwitchVectors
{
    /// <summary>Components that are switched as one with others: x87 and SSE, AVX, and the three of AVX-512.</summary>
    public const ulong Legacy = 3, Avx = 4, Avx512 = 0xe0;

    const int ControlAt = 0, StatusAt = 2, TagsAt = 4, MxcsrAt = 24, StackAt = 32, XmmAt = 160, HeaderAt = 512;

    /// <summary>Where each component lies, by CPUID leaf 0xd.</summary>
    struct Places
    {
        public fixed int Offset[8];
        public fixed int Size[8];
    }

    static Places places;

    /// <summary>The components that the guest can have, 0 if there is no XSAVE.</summary>
    public static ulong Offered;

    /// <summary>Asks the CPU.</summary>
    public static void Find()
    {
        Offered = 0;
        Cpuid(1, 0);
        const ulong xsave = 1 << 26;
        if ((Probe.Registers.Rcx & xsave) == 0)
        {
            return;
        }

        Cpuid(0xd, 0);
        Offered = Probe.Registers.Rax & (Legacy | Avx | Avx512);
        for (int component = 2; component < 8; component++)
        {
            if ((Offered >> component & 1) != 0)
            {
                Cpuid(0xd, (ulong)component);
                places.Size[component] = (int)Probe.Registers.Rax;
                places.Offset[component] = (int)Probe.Registers.Rbx;
            }
        }
    }

    /// <summary>Fills an image with what the registers can hold, of these components.</summary>
    public static void Make(byte* image, ulong components, ref ulong seed)
    {
        for (int i = 0; i < SwitchBlock.VectorSize / 8; i++)
        {
            ((ulong*)image)[i] = 0;
        }

        ulong random = SwitchWorker.Next(ref seed);
        // All exceptions masked, any rounding, any precision but the reserved one.
        uint precision = (uint)(random & 3);
        *(ushort*)(image + ControlAt) = (ushort)(0x7f | (precision == 1 ? 3 : precision) << 8 | (uint)(random >> 2 & 3) << 10);
        // Exception flags, condition codes, top of the stack.
        *(ushort*)(image + StatusAt) = (ushort)(random >> 16 & 0x7f3f);
        image[TagsAt] = (byte)(random >> 32);
        *(uint*)(image + MxcsrAt) = (uint)(0x1f80 | (random >> 40 & 0xe07f));
        for (int i = 0; i < 8; i++)
        {
            *(ulong*)(image + StackAt + i * 16) = SwitchWorker.Next(ref seed);
            *(ushort*)(image + StackAt + i * 16 + 8) = (ushort)SwitchWorker.Next(ref seed);
        }

        Fill(image + XmmAt, 256, ref seed);
        if (components == 0)
        {
            return;
        }

        *(ulong*)(image + HeaderAt) = components;
        for (int component = 2; component < 8; component++)
        {
            if ((components >> component & 1) != 0)
            {
                Fill(image + places.Offset[component], places.Size[component], ref seed);
            }
        }
    }

    /// <summary>How many fields of the image differ: control words, registers of x87, and pieces of 8 bytes of all others.</summary>
    public static uint Differences(byte* wanted, byte* found, ulong components)
    {
        uint differ = LegacyDifferences(wanted, found);
        for (int component = 2; component < 8; component++)
        {
            if ((components >> component & 1) != 0)
            {
                differ += Compare(wanted + places.Offset[component], found + places.Offset[component], places.Size[component]);
            }
        }

        return differ;
    }

    public static uint LegacyDifferences(byte* wanted, byte* found)
    {
        uint differ = 0;
        differ += *(ushort*)(wanted + ControlAt) != *(ushort*)(found + ControlAt) ? 1u : 0;
        differ += *(ushort*)(wanted + StatusAt) != *(ushort*)(found + StatusAt) ? 1u : 0;
        differ += wanted[TagsAt] != found[TagsAt] ? 1u : 0;
        differ += *(uint*)(wanted + MxcsrAt) != *(uint*)(found + MxcsrAt) ? 1u : 0;
        for (int i = 0; i < 8; i++)
        {
            int at = StackAt + i * 16;
            differ += *(ulong*)(wanted + at) != *(ulong*)(found + at) || *(ushort*)(wanted + at + 8) != *(ushort*)(found + at + 8) ? 1u : 0;
        }

        return differ + Compare(wanted + XmmAt, found + XmmAt, 256);
    }

    static uint Compare(byte* wanted, byte* found, int size)
    {
        uint differ = 0;
        for (int i = 0; i < size; i += 8)
        {
            differ += *(ulong*)(wanted + i) != *(ulong*)(found + i) ? 1u : 0;
        }

        return differ;
    }

    static void Fill(byte* to, int size, ref ulong seed)
    {
        for (int i = 0; i < size; i += 8)
        {
            *(ulong*)(to + i) = SwitchWorker.Next(ref seed);
        }
    }

    static void Cpuid(ulong leaf, ulong subleaf)
    {
        Probe.Registers = default;
        Probe.Registers.Rax = leaf;
        Probe.Registers.Rcx = subleaf;
        // ud2; 'xen'; cpuid : what the hypervisor offers, not what the CPU has
        Probe.Run([0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2]);
        Probe.Registers.Rax &= 0xffffffff;
        Probe.Registers.Rbx &= 0xffffffff;
        Probe.Registers.Rcx &= 0xffffffff;
    }
}
