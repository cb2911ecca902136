// Whether CR4.PGE stays on: by the command line, or by itself but on virtual CPUs of two vendors, as in Xen.

using Xenith.Hypervisor.Boot;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xunit;

namespace Xenith.Tests.Boot;

public sealed class GlobalPagesTests
{
    private const uint HypervisorBit = 1u << 31;

    [Theory]
    [InlineData("AuthenticAMD", false, SwitchOption.NotGiven, true)]
    [InlineData("AuthenticAMD", true, SwitchOption.NotGiven, false)]
    [InlineData("HygonGenuine", true, SwitchOption.NotGiven, false)]
    [InlineData("GenuineIntel", true, SwitchOption.NotGiven, true)]
    [InlineData("AuthenticAMD", true, SwitchOption.On, true)]
    [InlineData("GenuineIntel", false, SwitchOption.Off, false)]
    internal void The_CPU_decides_unless_the_command_line_does(string vendor, bool isVirtual, SwitchOption choice, bool on)
    {
        using SimulatedMachine machine = new();
        using SimulatedCpu.Scope scope = machine.Cpus[0].Enter();
        Dictionary<(uint Leaf, uint Subleaf), CpuidResult> leaves = machine.Cpus[0].Cpuid;
        byte[] name = System.Text.Encoding.ASCII.GetBytes(vendor);
        (uint first, uint middle, uint last) = (BitConverter.ToUInt32(name, 0), BitConverter.ToUInt32(name, 4), BitConverter.ToUInt32(name, 8));
        leaves[(0, 0)] = leaves[(0, 0)] with { Ebx = first, Edx = middle, Ecx = last };
        leaves[(1, 0)] = leaves[(1, 0)] with { Ecx = isVirtual ? leaves[(1, 0)].Ecx | HypervisorBit : leaves[(1, 0)].Ecx & ~HypervisorBit };
        Cpu.WriteCr4(Cpu.ReadCr4() | Cr4.GlobalPages);
        CpuSetup.ChooseGlobalPages(choice);
        Assert.Equal(on, (Cpu.ReadCr4() & Cr4.GlobalPages) != 0);
    }
}
