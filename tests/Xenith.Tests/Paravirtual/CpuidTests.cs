// CPUID as a PV guest sees it: the hypervisor's own leaves, what is cut from the CPU's, and what depends on the CPU's state.

using Xenith.Hypervisor.Paravirtual;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Paravirtual;

public sealed class CpuidTests
{
    [Fact]
    public void The_hypervisors_leaves()
    {
        using PvScene scene = new();
        Assert.Equal((0x4000_0005u, 0x566e_6558u, 0x6558_4d4du, 0x4d4d_566eu), All(scene, 0x4000_0000));
        Assert.Equal((0x0004_0011u, 0u, 0u, 0u), All(scene, 0x4000_0001));
        Assert.Equal((1u, 0x4000_0000u), (All(scene, 0x4000_0002).Eax, All(scene, 0x4000_0002).Ebx));
        Assert.Equal((0u, 0u, 0u, 0u), All(scene, 0x4000_0004));
        Assert.Equal((0u, 0u, 0u, 0u), All(scene, 0x4000_00ff));
        Assert.Equal((0u, 0u, 0u, 0u), All(scene, 0x4000_0100));
        // 64 MiB and the holes below: the highest frame number and the 12 bits of an offset.
        uint bits = All(scene, 0x4000_0005).Ebx;
        Assert.InRange(scene.Host.Memory.Frames.Count, 1UL << (int)(bits - 13), 1UL << (int)(bits - 12));
    }

    [Fact]
    public void The_leaf_about_time()
    {
        using PvScene scene = new();
        const uint time = 0x4000_0003;
        Assert.Equal((6u, 0u, 0u, 0u), All(scene, time));
        CpuidResult scale = PvCpuid.Query(scene.Vcpu, time, 1, false);
        Assert.Equal((scene.Host.Time.PvclockMultiplier, unchecked((uint)scene.Host.Time.PvclockShift)), (scale.Ecx, scale.Edx));
        Assert.Equal(1_000_000u, PvCpuid.Query(scene.Vcpu, time, 2, false).Eax);
        Assert.Equal(0u, PvCpuid.Query(scene.Vcpu, time, 3, false).Eax);
        scene.Cpu.Cpuid[(0x8000_0007, 0)] = default;
        Assert.Equal(4u, All(scene, time).Eax);
        scene.Cpu.Cpuid[(0x8000_0001, 0)] = default;
        Assert.Equal(0u, All(scene, time).Eax);
        scene.Cpu.Cpuid[(0x8000_0007, 0)] = new CpuidResult { Edx = 1 << 8 };
        scene.Cpu.Cpuid[(0x8000_0000, 0)] = new CpuidResult { Eax = 0x8000_0004 };
        Assert.Equal(0u, All(scene, time).Eax);
    }

    [Fact]
    public void Leaves_end_where_the_CPUs_or_ours_do()
    {
        using PvScene scene = new();
        Set(scene, 0, 0x20, 1, 2, 3);
        Assert.Equal((0xdu, 1u, 2u, 3u), All(scene, 0));
        Set(scene, 0x8000_0000, 0x8000_0028, 1, 2, 3);
        Assert.Equal(0x8000_0021u, All(scene, 0x8000_0000).Eax);
        foreach (uint hidden in (uint[])[5, 6, 9, 0xa, 0xb, 0xe, 0x14, 0x8000_000a, 0x8000_0026, 0x9000_0000])
        {
            Set(scene, hidden, 1, 2, 3, 4);
            Assert.Equal((0u, 0u, 0u, 0u), All(scene, hidden));
        }
        foreach (uint shown in (uint[])[2, 4, 0x8000_0002, 0x8000_0003, 0x8000_0004, 0x8000_0005, 0x8000_0006])
        {
            Set(scene, shown, 1, 2, 3, 4);
            Assert.Equal((1u, 2u, 3u, 4u), All(scene, shown));
        }
        Set(scene, 0, 1, 0, 0, 0);
        Set(scene, 0x8000_0000, 0x8000_0001, 0, 0, 0);
        Assert.Equal(1u, All(scene, 0).Eax);
        Assert.Equal((0u, 0u, 0u, 0u), All(scene, 4));
        Assert.Equal((0u, 0u, 0u, 0u), All(scene, 0x8000_0006));
    }

    [Fact]
    public void Extended_leaves_lose_what_is_not_the_guests()
    {
        using PvScene scene = new();
        Set(scene, 0x8000_0000, 0x8000_0021, 0, 0, 0);
        foreach (uint leaf in (uint[])[0x8000_0001, 0x8000_0007, 0x8000_0008, 0x8000_0021])
            Set(scene, leaf, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue);
        Assert.Equal(CpuidMasks.ExtendedEcx, All(scene, 0x8000_0001).Ecx);
        Assert.Equal(CpuidMasks.ExtendedEdx, All(scene, 0x8000_0001).Edx);
        Assert.Equal((0u, 0u, 0u, CpuidMasks.InvariantTsc), All(scene, 0x8000_0007));
        Assert.Equal((48u << 8 | 0xff, CpuidMasks.Extended8Ebx, uint.MaxValue, 0u), All(scene, 0x8000_0008));
        Assert.Equal((CpuidMasks.Extended21Eax, 0u, 0u, 0u), All(scene, 0x8000_0021));
    }

    [Fact]
    public void Without_XSAVE_nothing_that_needs_it_is_offered()
    {
        using PvScene scene = new();
        foreach (uint leaf in (uint[])[1, 7, 0xd, 0x8000_0001])
            Set(scene, leaf, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue);
        scene.Cpu.Cpuid[(7, 1)] = new CpuidResult { Eax = uint.MaxValue };
        Assert.NotEqual(0u, All(scene, 1).Ecx & CpuidMasks.Leaf1EcxExtended);
        Assert.NotEqual(0u, All(scene, 7).Ebx & CpuidMasks.Leaf7EbxAvx512);
        Assert.Equal(CpuidMasks.Leaf71Eax, PvCpuid.Query(scene.Vcpu, 7, 1, false).Eax);
        Assert.Equal(0u, PvCpuid.Query(scene.Vcpu, 7, 2, false).Eax);

        scene.Cpu.WriteCr4(scene.Cpu.Cr4 & ~Cr4.OsXsave);
        Assert.Equal(CpuidMasks.Hypervisor, All(scene, 1).Ecx & (CpuidMasks.Leaf1EcxExtended | CpuidMasks.OsXsave | CpuidMasks.Hypervisor));
        Assert.Equal(0u, All(scene, 7).Ebx & (CpuidMasks.Leaf7EbxExtended | CpuidMasks.Leaf7EbxAvx512));
        Assert.Equal(0u, All(scene, 7).Ecx & (CpuidMasks.Leaf7EcxExtended | CpuidMasks.Leaf7EcxAvx512));
        Assert.Equal(0u, PvCpuid.Query(scene.Vcpu, 7, 1, false).Eax & CpuidMasks.Leaf71EaxExtended);
        Assert.Equal((0u, 0u, 0u, 0u), All(scene, 0xd));
        Assert.Equal(0u, All(scene, 0x8000_0001).Ecx & CpuidMasks.ExtendedEcxExtended);
    }

    [Fact]
    public void The_guests_APIC_number_is_twice_that_of_its_vCPU()
    {
        using PvScene scene = new();
        Set(scene, 1, 0, 0x7700_1234, 0, 0);
        Assert.Equal(0x0000_1234u, All(scene, 1).Ebx);
        Assert.Equal(0x0600_1234u, PvCpuid.Query(new Hypervisor.Domains.Vcpu(scene.Domain, 3), 1, 0, false).Ebx);
    }

    private static void Set(PvScene scene, uint leaf, uint eax, uint ebx, uint ecx, uint edx) =>
        scene.Cpu.Cpuid[(leaf, 0)] = new CpuidResult { Eax = eax, Ebx = ebx, Ecx = ecx, Edx = edx };

    private static (uint Eax, uint Ebx, uint Ecx, uint Edx) All(PvScene scene, uint leaf)
    {
        CpuidResult result = PvCpuid.Query(scene.Vcpu, leaf, 0, false);
        return (result.Eax, result.Ebx, result.Ecx, result.Edx);
    }
}
