using Xenith.Cli.Emulation;
using Xunit;

namespace Xenith.Cli.Tests;

/// <summary>Bochs is told of the machine that was asked for, and its log of the machine's end is understood.</summary>
public class BochsTests
{
    [Theory]
    [InlineData("00000000000i[SYS   ] bx_pc_system_c::Reset(HARDWARE) called", null)]
    [InlineData("07424108006p[ACPI  ] >>PANIC<< ACPI control: soft power off", "PoweredOff")]
    [InlineData("00365893495i[SYS   ] bx_pc_system_c::Reset(HARDWARE) called", "Reset")]
    [InlineData("10000000000i[SYS   ] bx_pc_system_c::Reset(SOFTWARE) called", "Reset")]
    [InlineData("00365893495p[CPU0  ] >>PANIC<< exception(): 3rd (13) exception with no resolution", "TripleFault")]
    [InlineData("00365893495e[CPU0  ] RDMSR: Unknown register 0x1a0", null)]
    [InlineData("", null)]
    public void The_end_in_the_log(string line, string? expected) => Assert.Equal(expected, BochsLog.Cause(line)?.ToString());

    [Theory]
    [InlineData("00365893495e[CPU0  ] RDMSR: Unknown register 0x1a0", true)]
    [InlineData("00365893495p[CPU0  ] >>PANIC<< prefetch", true)]
    [InlineData("00365893495i[SER   ] com1: FIFO enabled", false)]
    [InlineData("Bochs is exiting", false)]
    public void Trouble(string line, bool expected) => Assert.Equal(expected, BochsLog.IsTrouble(line));

    [Fact]
    public void A_panic_names_its_reason() =>
        Assert.Equal("ACPI control: soft power off", BochsLog.Panic("07424108006p[ACPI  ] >>PANIC<< ACPI control: soft power off"));

    [Fact]
    public void The_configuration_is_that_of_the_machine()
    {
        var text = BochsConfiguration.Text(new MachineSettings
        {
            Hypervisor = HypervisorImage.None, Modules = null, Cpus = 3, MemoryMiB = 768, CpuModel = "ryzen",
        });

        Assert.Contains("memory: guest=768, host=768\n", text);
        Assert.Contains("cpu: model=ryzen, count=3,", text);
    }
}
