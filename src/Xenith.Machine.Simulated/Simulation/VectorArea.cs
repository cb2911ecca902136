// XSAVE and XRSTOR in the standard format (SDM vol. 1, 13.4 to 13.8), for the components that the simulated CPU has: x87, SSE, AVX.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Xenith.Machine.Simulation;

internal static unsafe class VectorArea
{
    private const int HeaderOffset = 512, AvxOffset = 576, AvxSize = 256;

    private const int ControlWordAt = 0, MxcsrAt = 24, Xmm0At = 160, Xmm8At = 288;

    /// <summary>XMM0 and XMM8 as a guest's frame has them.</summary>
    internal static void Load(SimulatedCpu cpu, in GuestFrame frame)
    {
        Span<byte> registers = cpu.VectorRegisters;
        MemoryMarshal.Write(registers[Xmm0At..], frame.Xmm0Low);
        MemoryMarshal.Write(registers[(Xmm0At + 8)..], frame.Xmm0High);
        MemoryMarshal.Write(registers[Xmm8At..], frame.Xmm8Low);
        MemoryMarshal.Write(registers[(Xmm8At + 8)..], frame.Xmm8High);
    }

    /// <summary>Puts XMM0 and XMM8 into a guest's frame.</summary>
    internal static void Store(SimulatedCpu cpu, ref GuestFrame frame)
    {
        ReadOnlySpan<byte> registers = cpu.VectorRegisters;
        frame.Xmm0Low = MemoryMarshal.Read<ulong>(registers[Xmm0At..]);
        frame.Xmm0High = MemoryMarshal.Read<ulong>(registers[(Xmm0At + 8)..]);
        frame.Xmm8Low = MemoryMarshal.Read<ulong>(registers[Xmm8At..]);
        frame.Xmm8High = MemoryMarshal.Read<ulong>(registers[(Xmm8At + 8)..]);
    }

    internal static void Save(SimulatedCpu cpu, byte* area, ulong mask)
    {
        ulong components = mask & cpu.Xcr0;
        ulong present = Unsafe.ReadUnaligned<ulong>(area + HeaderOffset);
        Unsafe.WriteUnaligned(area + HeaderOffset, present & ~mask | components);
        Span<byte> registers = cpu.VectorRegisters;
        if ((components & 3) != 0)
            registers[..HeaderOffset].CopyTo(new Span<byte>(area, HeaderOffset));
        if ((components & 4) != 0)
            registers.Slice(AvxOffset, AvxSize).CopyTo(new Span<byte>(area + AvxOffset, AvxSize));
    }

    internal static void Restore(SimulatedCpu cpu, byte* area, ulong mask)
    {
        ulong present = Unsafe.ReadUnaligned<ulong>(area + HeaderOffset);
        if ((present & ~cpu.Xcr0) != 0 || Unsafe.ReadUnaligned<ulong>(area + HeaderOffset + 8) != 0)
            throw SimulatedFault.Protection("XRSTOR of an illegal header");
        ulong components = mask & cpu.Xcr0;
        Component(cpu, area, 0, HeaderOffset, (components & 3) != 0, (present & 3) != 0);
        // What they are at first is not all zero, and MXCSR comes from memory in any case (SDM vol. 1, 13.6 and 13.8.1).
        if ((components & 1) != 0 && (present & 1) == 0)
            Unsafe.WriteUnaligned(ref cpu.VectorRegisters[ControlWordAt], (ushort)0x37f);
        if ((components & 6) != 0)
            new ReadOnlySpan<byte>(area + MxcsrAt, sizeof(uint)).CopyTo(cpu.VectorRegisters.AsSpan(MxcsrAt));
        Component(cpu, area, AvxOffset, AvxSize, (components & 4) != 0, (present & 4) != 0);
    }

    private static void Component(SimulatedCpu cpu, byte* area, int offset, int size, bool wanted, bool present)
    {
        Span<byte> registers = cpu.VectorRegisters.AsSpan(offset, size);
        if (wanted && present)
            new ReadOnlySpan<byte>(area + offset, size).CopyTo(registers);
        else if (wanted)
            registers.Clear();
    }
}
