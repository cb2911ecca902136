using Xenith.Abi;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Hosted;

public sealed class CpuInformationTests
{
    private const ulong Argument = TestKernel.VirtualStart + 0x3000;

    [Fact]
    public void Each_CPU_is_described_by_what_it_said_of_itself()
    {
        using var hypervisor = new HostedHypervisor("loglvl=all maxcpus=3", cpus: 4, prepare: machine =>
        {
            CpuidResult version = machine.Cpus[2].Cpuid[(1, 0)];
            machine.Cpus[2].Cpuid[(1, 0)] = version with { Eax = 0x0010_0f52 };
        });
        PlatformPcpuInfo second = Information(hypervisor, 1);
        Assert.Equal((1u, (uint)PcpuFlags.Online, 1u, 1u, 3u), (second.XenCpuid, second.Flags, second.ApicId, second.AcpiId, second.MaxPresent));
        // Not started, but there.
        Assert.Equal(0u, Information(hypervisor, 3).Flags);
        Assert.Equal((uint)PcpuFlags.Invalid, Information(hypervisor, 4).Flags);

        Assert.Equal((6u, 5u + 0x50u, 0u), Version(hypervisor, 1));
        Assert.Equal((16u, 5u, 2u), Version(hypervisor, 2));
        Assert.Equal((0u, 0u, 0u), Version(hypervisor, 3));
    }

    private static PlatformPcpuInfo Information(HostedHypervisor hypervisor, uint cpu)
    {
        hypervisor.Write(Argument, new PlatformOpArgs { Cmd = (uint)PlatformOp.GetCpuInfo, InterfaceVersion = PlatformConstants.InterfaceVersion, PcpuInfo = new PlatformPcpuInfo { XenCpuid = cpu } });
        Assert.Equal(0, hypervisor.Call(HypercallNumber.PlatformOp, Argument));
        return hypervisor.Read<PlatformOpArgs>(Argument).PcpuInfo;
    }

    private static (uint Family, uint Model, uint Stepping) Version(HostedHypervisor hypervisor, uint cpu)
    {
        hypervisor.Write(Argument, new PlatformOpArgs { Cmd = (uint)PlatformOp.GetCpuVersion, InterfaceVersion = PlatformConstants.InterfaceVersion, PcpuVersion = new PlatformPcpuVersion { XenCpuid = cpu } });
        Assert.Equal(0, hypervisor.Call(HypercallNumber.PlatformOp, Argument));
        PlatformPcpuVersion version = hypervisor.Read<PlatformOpArgs>(Argument).PcpuVersion;
        return (version.Family, version.Model, version.Stepping);
    }
}
