// What a vCPU finds of another one's vector registers: nothing, whichever instruction the CPU has and whatever it leaves out.

using System.Runtime.InteropServices;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using Xenith.Tests.Paravirtual;
using Xunit;

namespace Xenith.Tests.Domains;

public sealed class VectorFormatTests
{
    private const int StatusWordAt = 2, OpcodeAt = 6, InstructionAt = 8, OperandAt = 16;
    private const uint ExtendedSizes = 0x8000_0008, RestoresPointers = 1 << 2;

    /// <summary>AMD's older CPUs keep the pointers of the last x87 instruction over FXRSTOR and XRSTOR.</summary>
    [Theory]
    [InlineData(false, false, false)]
    [InlineData(false, false, true)]
    [InlineData(false, true, false)]
    [InlineData(false, true, true)]
    [InlineData(true, false, false)]
    [InlineData(true, false, true)]
    public void Pointers_to_the_last_x87_instruction_stay_with_their_vCPU(bool isIntel, bool restoresPointers, bool hasXsave)
    {
        using PvScene scene = new();
        scene.SetVendor(isIntel);
        CpuidResult sizes = scene.Cpu.Cpuid.GetValueOrDefault((ExtendedSizes, 0u));
        sizes.Ebx = restoresPointers ? RestoresPointers : 0;
        scene.Cpu.Cpuid[(ExtendedSizes, 0)] = sizes;
        scene.Cpu.Cpuid[(0x8000_0000, 0)] = new CpuidResult { Eax = ExtendedSizes };
        if (!hasXsave)
            Cpu.WriteCr4(Cpu.ReadCr4() & ~Cr4.OsXsave);
        VectorFormat format = new();
        if (hasXsave)
            Assert.True(Cpu.TrySetExtendedControl(0, format.Components));
        PageAllocator allocator = scene.Host.Memory.Allocator;
        Assert.True(format.TryCreate(allocator, out Mfn first));
        Assert.True(format.TryCreate(allocator, out Mfn second));

        // The second vCPU has had an exception, which is pending still; the first never used the x87.
        GuestFrame frame = default;
        Span<byte> registers = scene.Cpu.VectorRegisters;
        registers[StatusWordAt] = 0x80;
        MemoryMarshal.Write(registers[OpcodeAt..], (ushort)0x123);
        MemoryMarshal.Write(registers[InstructionAt..], 0x1234_5678_9abcUL);
        MemoryMarshal.Write(registers[OperandAt..], 0xdef0_1234_5678UL);
        format.Save(second, ref frame);
        format.Restore(first, ref frame);
        Assert.Equal(((ushort)0, 0UL, 0UL), Pointers(scene));
        format.Save(first, ref frame);
        format.Restore(second, ref frame);
        Assert.Equal(((ushort)0x123, 0x1234_5678_9abcUL, 0xdef0_1234_5678UL), Pointers(scene));
    }

    private static (ushort Opcode, ulong Instruction, ulong Operand) Pointers(PvScene scene)
    {
        ReadOnlySpan<byte> registers = scene.Cpu.VectorRegisters;
        return (MemoryMarshal.Read<ushort>(registers[OpcodeAt..]), MemoryMarshal.Read<ulong>(registers[InstructionAt..]), MemoryMarshal.Read<ulong>(registers[OperandAt..]));
    }
}
