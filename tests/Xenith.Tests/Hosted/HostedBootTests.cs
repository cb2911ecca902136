// The start-of-day contract of a PV dom0, seen by dom0 itself.

using Xenith.Abi;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Hosted;

public sealed class HostedBootTests
{
    [Fact]
    public void Dom0_starts_at_its_entry_point_with_start_info_in_RSI()
    {
        using var hypervisor = new HostedHypervisor();
        GuestFrame frame = hypervisor.Cpu.Frame;
        Assert.Contains("*** Building a PV Dom0 ***", hypervisor.Log);
        Assert.Equal(TestKernel.Entry, frame.Rip);
        Assert.Equal((Selectors.Ring3Code64, Selectors.Ring3Data), ((ushort)frame.Cs, (ushort)frame.Ss));
        Assert.Equal(Rflags.Interrupt, frame.Rflags & Rflags.Interrupt);
        StartInfo info = hypervisor.Info;
        Assert.Equal("xen-3.0-x86_64"u8.ToArray(), info.Magic[..14].ToArray());
        Assert.Equal((uint)(StartInfoFlags.Privileged | StartInfoFlags.Initdomain), info.Flags & 3);
        Assert.Equal("console=hvc0\0"u8.ToArray(), info.CmdLine[..13].ToArray());
        Assert.Equal(7, hypervisor.Read<byte>(TestKernel.VirtualStart + 1));
        hypervisor.Write(frame.Rsp - 8, 1UL);
    }

    [Fact]
    public void Dom0_can_read_but_not_write_its_page_tables()
    {
        using var hypervisor = new HostedHypervisor();
        for (ulong page = 0; page < hypervisor.Info.NrPtFrames; page++)
        {
            ulong address = hypervisor.Info.PtBase + page * AddressSpace.PageSize;
            hypervisor.Read<ulong>(address);
            Assert.False(hypervisor.Cpu.TryWriteAsUser(address, 0UL));
        }
    }

    [Fact]
    public void Dom0_sees_nothing_of_the_hypervisor_but_the_machine_to_physical_table()
    {
        using var hypervisor = new HostedHypervisor();
        foreach (ulong address in (ulong[])[AddressSpace.DirectMap, AddressSpace.Image + ImageModel.TextStart, AddressSpace.PerDomain, AddressSpace.DeviceMappings])
        {
            Assert.False(hypervisor.Cpu.TryReadAsUser(address, out ulong _));
            Assert.False(hypervisor.Cpu.TryTranslate(address, AccessKind.Execute, AccessMode.User, out _, out _));
        }

        ulong pfn = 3;
        ulong entry = AddressSpace.GuestM2P + hypervisor.FrameOf(pfn).Value * 8;
        Assert.Equal(pfn, hypervisor.Read<ulong>(entry));
        Assert.False(hypervisor.Cpu.TryWriteAsUser(entry, 0UL));
    }

    [Fact]
    public void A_machine_without_a_kernel_module_says_so_and_stops()
    {
        using var machine = new SimulatedMachine();
        Firmware.Write(machine, TestKernel.Create(), "", "");
        machine.Memory.Write(Firmware.InformationAddress, 1u << 2 | 1u << 6);
        using (machine.Cpus[0].Enter())
            Assert.Throws<CpuStopped>(() => HostedHypervisor.Start(machine));
        Assert.Contains("dom0 kernel not specified", machine.Com1.Text);
    }

    [Theory]
    [InlineData("iommu=required", true)]
    [InlineData("iommu=force", true)]
    [InlineData("iommu=no-required,verbose", false)]
    [InlineData("iommu", false)]
    public void Who_demands_an_IOMMU_does_not_get_a_host_without_one(string option, bool stops)
    {
        using var machine = new SimulatedMachine();
        Firmware.Write(machine, TestKernel.Create(), $"noreboot {option}", "");
        using (machine.Cpus[0].Enter())
        {
            if (stops)
                Assert.Throws<CpuStopped>(() => HostedHypervisor.Start(machine));
            else
                HostedHypervisor.Start(machine);
        }
        Assert.Equal(stops, machine.Com1.Text.Contains("Couldn't enable IOMMU and iommu=required/force", StringComparison.Ordinal));
        Assert.Equal(!stops, machine.Com1.Text.Contains("*** Building a PV Dom0 ***", StringComparison.Ordinal));
    }
}
