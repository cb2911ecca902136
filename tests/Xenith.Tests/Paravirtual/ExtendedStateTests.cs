// State of a vCPU beyond its general registers: extended components as CPUID and XSETBV show them, and breakpoints on ports.

using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class ExtendedStateTests
{
    private const uint Components = 0xd;

    [Fact]
    public void AVX_512_is_offered_with_the_sizes_of_its_components()
    {
        using PvScene scene = WithAvx512();
        Assert.Equal(0xe7UL, PvControlRegisters.HostXcr0);
        CpuidResult all = PvCpuid.Query(scene.Vcpu, Components, 0, false);
        Assert.Equal((0xe7u, 2688u, 2688u, 0u), (all.Eax, all.Ebx, all.Ecx, all.Edx));
        Assert.Equal((64u, 1088u), Part(scene, 5));
        Assert.Equal((1024u, 1664u), Part(scene, 7));
        Assert.Equal((0u, 0u), Part(scene, 9));
        // Compacted: 576, AVX to 832, opmask to 896, then 512 and 1024 more.
        Assert.Equal(2432u, PvCpuid.Query(scene.Vcpu, Components, 1, false).Ebx);
        Assert.NotEqual(0u, PvCpuid.Query(scene.Vcpu, 7, 0, false).Ebx & 1u << 16);
    }

    [Fact]
    public void A_CPU_that_lacks_a_part_of_AVX_512_has_none_of_it()
    {
        using PvScene scene = WithAvx512();
        scene.Cpu.Cpuid[(Components, 0)] = new CpuidResult { Eax = 0x67, Ebx = 832, Ecx = 2688 };
        Assert.Equal(7UL, PvControlRegisters.HostXcr0);
        Assert.Equal(832u, PvCpuid.Query(scene.Vcpu, Components, 0, false).Ecx);
        Assert.Equal(0u, PvCpuid.Query(scene.Vcpu, 7, 0, false).Ebx & 1u << 16);
    }

    [Theory]
    [InlineData(0xe7UL, true)]
    [InlineData(0x7UL, true)]
    [InlineData(0x3UL, true)]
    [InlineData(0x1UL, true)]
    [InlineData(0x27UL, false)]
    [InlineData(0xe3UL, false)]
    [InlineData(0x5UL, false)]
    [InlineData(0x6UL, false)]
    [InlineData(0x2e7UL, false)]
    public void XSETBV_takes_whole_sets_only(ulong value, bool taken)
    {
        using PvScene scene = WithAvx512();
        scene.Vcpu.Pv.Cr4 = Cr4.OsXsave;
        Assert.Equal(taken, PvControlRegisters.TryWriteXcr0(scene.Vcpu, 0, value));
        if (taken)
            Assert.Equal(value, PvControlRegisters.ReadXcr0(scene.Vcpu.Pv));
    }

    [Fact]
    public void The_area_is_as_large_as_what_the_guest_has_switched_on()
    {
        using PvScene scene = WithAvx512();
        scene.Vcpu.Pv.Cr4 = Cr4.OsXsave;
        Assert.True(PvControlRegisters.TryWriteXcr0(scene.Vcpu, 0, 3));
        CpuidResult now = PvCpuid.Query(scene.Vcpu, Components, 0, false);
        Assert.Equal((576u, 2688u), (now.Ebx, now.Ecx));
    }

    private static (uint Size, uint Offset) Part(PvScene scene, uint component)
    {
        CpuidResult part = PvCpuid.Query(scene.Vcpu, Components, component, false);
        return (part.Eax, part.Ebx);
    }

    private static PvScene WithAvx512()
    {
        PvScene scene = new();
        scene.Cpu.Cpuid[(7, 0)] = new CpuidResult { Ebx = 1u << 0 | 1u << 5 | 1u << 7 | 1u << 16 | 1u << 20 };
        scene.Cpu.Cpuid[(Components, 0)] = new CpuidResult { Eax = 0x2e7, Ebx = 2696, Ecx = 2696 };
        scene.Cpu.Cpuid[(Components, 1)] = new CpuidResult { Eax = 0xf };
        scene.Cpu.Cpuid[(Components, 5)] = new CpuidResult { Eax = 64, Ebx = 1088 };
        scene.Cpu.Cpuid[(Components, 6)] = new CpuidResult { Eax = 512, Ebx = 1152 };
        scene.Cpu.Cpuid[(Components, 7)] = new CpuidResult { Eax = 1024, Ebx = 1664 };
        scene.Cpu.Cpuid[(Components, 9)] = new CpuidResult { Eax = 8, Ebx = 2688 };
        Cpu.WriteCr4(Cpu.ReadCr4() | Cr4.OsXsave);
        return scene;
    }
}
