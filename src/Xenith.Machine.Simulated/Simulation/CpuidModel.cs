// What the simulated CPU says about itself: a plain 64-bit CPU with what Xenith needs, much as QEMU's own CPU is (SDM vol. 2, CPUID). Tests change single leaves.

using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace Xenith.Machine.Simulation;

/// <summary>CPUID leaves of a new CPU.</summary>
public static class CpuidModel
{
    /// <summary>A fresh set of answers.</summary>
    public static Dictionary<(uint Leaf, uint Subleaf), CpuidResult> Default()
    {
        var leaves = new Dictionary<(uint, uint), CpuidResult>
        {
            // Family 6; SSE3, CX16, SSE4, XSAVE, AVX; neither x2APIC nor TSC-deadline.
            [(1, 0)] = new() { Eax = 0x0005_0650, Ebx = 0x0001_0800, Ecx = 1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23 | 1u << 26 | 1u << 28, Edx = 0x078b_fbff },
            [(7, 0)] = new() { Ebx = 1u << 0 | 1u << 7 | 1u << 20 },            // FSGSBASE, SMEP, SMAP
            [(0xd, 0)] = new() { Eax = 7, Ebx = 832, Ecx = 832 },                // x87, SSE, AVX
            [(0xd, 1)] = default,
            [(0xd, 2)] = new() { Eax = 256, Ebx = 576 },
            [(0x8000_0000, 0)] = new() { Eax = 0x8000_0008 },
            [(0x8000_0001, 0)] = new() { Ecx = 1, Edx = 1u << 11 | 1u << 20 | 1u << 26 | 1u << 27 | 1u << 29 },  // SYSCALL, NX, 1 GiB pages, RDTSCP, LM
            [(0x8000_0007, 0)] = new() { Edx = 1u << 8 },                       // invariant TSC
            [(0x8000_0008, 0)] = new() { Eax = 48u << 8 | 46 },
        };
        leaves[(0, 0)] = new() { Eax = 0xd, Ebx = Word("Auth"), Edx = Word("enti"), Ecx = Word("cAMD") };
        Name(leaves, "Simulated CPU");
        return leaves;
    }

    private static void Name(Dictionary<(uint, uint), CpuidResult> leaves, string name)
    {
        string padded = name.PadRight(48, '\0');
        for (uint leaf = 0; leaf < 3; leaf++)
        {
            int at = (int)leaf * 16;
            leaves[(0x8000_0002 + leaf, 0)] = new()
            {
                Eax = Word(padded.Substring(at, 4)),
                Ebx = Word(padded.Substring(at + 4, 4)),
                Ecx = Word(padded.Substring(at + 8, 4)),
                Edx = Word(padded.Substring(at + 12, 4)),
            };
        }
    }

    private static uint Word(string text) => BinaryPrimitives.ReadUInt32LittleEndian(Encoding.ASCII.GetBytes(text));
}
