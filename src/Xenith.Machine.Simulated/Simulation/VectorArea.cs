// XSAVE and XRSTOR in the standard format (SDM vol. 1, 13.4 to 13.8), for the components that the simulated CPU has: x87, SSE, AVX.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Xenith.Machine.Simulation;

internal static unsafe class VectorArea
{
    private const int HeaderOffset = 512, AvxOffset = 576, AvxSize = 256;

    private const int ControlWordAt = 0, StatusWordAt = 2, OpcodeAt = 6, PointersAt = 8, PointersEnd = 24, MxcsrAt = 24, Xmm0At = 160, Xmm8At = 288;

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

    /// <summary>
    /// FXRSTOR. AMD's CPUs restore the last instruction's pointers and opcode only with an exception pending in the image (FSW.ES), unless RstrFpErrPtrs says otherwise (APM vol. 2, 11.4.4; CPUID Fn8000_0008 EBX bit 2).
    /// </summary>
    internal static void RestoreLegacy(SimulatedCpu cpu, ReadOnlySpan<byte> image)
    {
        Span<byte> registers = cpu.VectorRegisters.AsSpan(0, HeaderOffset);
        ushort opcode = MemoryMarshal.Read<ushort>(registers[OpcodeAt..]);
        Span<byte> pointers = stackalloc byte[PointersEnd - PointersAt];
        registers[PointersAt..PointersEnd].CopyTo(pointers);
        image.CopyTo(registers);
        bool isAmd = Leaf(cpu, 0).Ebx == 0x6874_7541;
        if (!isAmd || (image[StatusWordAt] & 0x80) != 0 || (Leaf(cpu, 0x8000_0008).Ebx & 4) != 0)
            return;
        MemoryMarshal.Write(registers[OpcodeAt..], opcode);
        pointers.CopyTo(registers[PointersAt..]);
    }

    private static CpuidResult Leaf(SimulatedCpu cpu, uint leaf) => cpu.Cpuid.TryGetValue((leaf, 0), out CpuidResult result) ? result : default;

    /// <summary>An x87 instruction of the hypervisor's: the pointers are its own.</summary>
    internal static void ForgetPointers(SimulatedCpu cpu) => cpu.VectorRegisters.AsSpan(OpcodeAt, PointersEnd - OpcodeAt).Clear();

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
        if ((components & 3) != 0 && (present & 3) != 0)
            RestoreLegacy(cpu, new ReadOnlySpan<byte>(area, HeaderOffset));
        else
            Component(cpu, area, 0, HeaderOffset, (components & 3) != 0, false);
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
