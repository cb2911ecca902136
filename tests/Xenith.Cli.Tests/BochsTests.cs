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
    [InlineData("07424108006i[CPU0  ] | CR3=0x000000003e130000 CR4=0x003506e8", true)]
    [InlineData("00602390810i[CPU0  ] WRMSR: wrote 00000000:fee00d00 to MSR_APICBASE", true)]
    [InlineData("00365893495i[SER   ] com1: FIFO enabled", false)]
    [InlineData("Bochs is exiting", false)]
    public void What_matters(string line, bool expected) => Assert.Equal(expected, BochsLog.Matters(line));

    [Fact]
    public void The_modes_of_the_cpu()
    {
        const string messages = """
            00602390798i[CPU0  ] RDMSR: Read 00000000:fee00900 from MSR_APICBASE
            00602390810i[CPU0  ] WRMSR: wrote 00000000:fee00d00 to MSR_APICBASE
            00602390852i[CPU0  ] RDMSR: Read 00000000:fee00900 from MSR_APICBASE
            07424108006i[CPU0  ] | CR3=0x000000003e130000 CR4=0x003506e8
            """;

        Assert.Equal(0xfee00d00u, BochsLog.ApicMode(messages));
        Assert.Equal(0x3506e8u, BochsLog.Cr4(messages));
        Assert.Null(BochsLog.ApicMode(""));
        Assert.Null(BochsLog.Cr4("CR4"));
    }

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
