// The measures as a CPU sees them: the hypervisor boots on simulated CPUs that say what they need, and the registers and the log show what it did.

using System.Buffers.Binary;
using Xenith.Machine;
using Xenith.Machine.Simulation;
using Xenith.Tests.Hosted;
using Xunit;

namespace Xenith.Tests.Speculation;

public sealed class SpeculationSetupTests
{
    private const uint SpecCtrl = 0x48, PredictorCommand = 0x49, ArchCapabilities = 0x10a;
    private const uint FsGsBase = 1 << 0, Smep = 1 << 7, Smap = 1 << 20;
    private const uint MdClear = 1 << 10, IbrsIbpb = 1 << 26, HasArchCapabilities = 1 << 29;

    [Fact]
    public void An_old_Intel_CPU_gets_all_of_them()
    {
        using SimulatedMachine machine = Booted("loglvl=all", cpu =>
        {
            Intel(cpu, MdClear | IbrsIbpb);
            cpu.Msrs.Define(SpecCtrl, 0);
            cpu.Msrs.Define(PredictorCommand, 0);
        });
        SimulatedCpu cpu = machine.Cpus[0];
        Assert.Equal(GuardKinds.SpecCtrl | GuardKinds.Buffers, cpu.Guards);
        Assert.Equal((1u, 1UL), (cpu.SpecCtrl, cpu.Msrs.Read(SpecCtrl)));
        // dom0's vCPU has been loaded.
        Assert.Equal(1UL, cpu.Msrs.Read(PredictorCommand));
        Assert.True(cpu.IsGuestIsolated);
        foreach (string line in (string[])
        [
            "  Hardware hints:\n", "  Hardware features: IBPB IBRS MD_CLEAR\n", "  Xen settings: SPEC_CTRL: IBRS+, Other: IBPB-ctxt VERW\n", "  Support for PV VMs: MSR_SPEC_CTRL VERW\n",
            "  XPTI (64-bit PV only): Dom0 enabled, DomU enabled (without PCID)\n",
        ])
            Assert.Contains(line, machine.Com1.Text.Replace("\r", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_Intel_CPU_restricts_itself_for_good()
    {
        using SimulatedMachine machine = Booted("loglvl=all", cpu =>
        {
            Intel(cpu, MdClear | IbrsIbpb | HasArchCapabilities);
            cpu.Msrs.Define(ArchCapabilities, 1 << 0 | 1 << 1 | 1 << 5 | 1 << 8);
            cpu.Msrs.Define(SpecCtrl, 0);
            cpu.Msrs.Define(PredictorCommand, 0);
        });
        Assert.False(machine.GuardsEnabled);
        Assert.Equal(1UL, machine.Cpus[0].Msrs.Read(SpecCtrl));
        Assert.Contains("  Hardware hints: RDCL_NO EIBRS MDS_NO TAA_NO", machine.Com1.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("loglvl=all", 0UL, "TSX+")]
    [InlineData("loglvl=all tsx=no", 3UL, "TSX-")]
    public void Transactional_memory_is_set_as_the_command_line_says(string commandLine, ulong control, string word)
    {
        const uint tsxControl = 0x122;
        using SimulatedMachine machine = Booted(commandLine, cpu =>
        {
            Intel(cpu, MdClear | HasArchCapabilities);
            cpu.Msrs.Define(ArchCapabilities, 1 << 0 | 1 << 5 | 1 << 7 | 1 << 8);
            cpu.Msrs.Define(tsxControl, 2);
        });
        Assert.Equal(control, machine.Cpus[0].Msrs.Read(tsxControl));
        Assert.Contains($"SPEC_CTRL: No {word}, Other:", machine.Com1.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_switched_off_is_not_touched()
    {
        // The registers do not exist here: a write would be a fault of the hypervisor's own.
        using SimulatedMachine machine = Booted("loglvl=all spec-ctrl=no", cpu => Intel(cpu, MdClear | IbrsIbpb));
        Assert.False(machine.GuardsEnabled);
        Assert.Null(machine.Cpus[0].ContainedTrap);
        Assert.Contains("Xen settings: SPEC_CTRL: IBRS-, Other:", machine.Com1.Text, StringComparison.Ordinal);
    }

    private static void Intel(SimulatedCpu cpu, uint leaf7)
    {
        cpu.Cpuid[(0, 0)] = new CpuidResult { Eax = 0xd, Ebx = Word("Genu"u8), Edx = Word("ineI"u8), Ecx = Word("ntel"u8) };
        cpu.Cpuid[(7, 0)] = new CpuidResult { Ebx = FsGsBase | Smep | Smap, Edx = leaf7 };
    }

    private static uint Word(ReadOnlySpan<byte> text) => BinaryPrimitives.ReadUInt32LittleEndian(text);

    private static SimulatedMachine Booted(string commandLine, Action<SimulatedCpu> prepare)
    {
        var machine = new SimulatedMachine(256UL << 20);
        Firmware.Write(machine, TestKernel.Create(), commandLine, "console=hvc0");
        prepare(machine.Cpus[0]);
        using SimulatedCpu.Scope scope = machine.Cpus[0].Enter();
        HostedHypervisor.Start(machine);
        return machine;
    }
}
