using System.CommandLine;
using Xenith.Cli.Commands;
using Xenith.Cli.Emulation;
using Xunit;

namespace Xenith.Cli.Tests;

/// <summary>Every bad option value is one clear line; good ones become the machine that was asked for.</summary>
public class CommandLineTests
{
    [Theory]
    [InlineData("--cpus", "0")]
    [InlineData("--cpus", "many")]
    [InlineData("--cpus", "-1")]
    [InlineData("--memory", "12")]
    [InlineData("--memory", "G")]
    [InlineData("--memory", "0M")]
    [InlineData("--memory", "99999999999G")]
    [InlineData("--disk", "nothing")]
    [InlineData("--disk", "/no/such/file:ahci")]
    [InlineData("--disk", "/etc/passwd:floppy")]
    [InlineData("--disk", "/etc/passwd:1")]
    [InlineData("--nic", "rtl8139")]
    [InlineData("--emulator", "vmware")]
    [InlineData("--accel", "hax")]
    [InlineData("--boot", "grub")]
    [InlineData("--disc", "/no/such/file")]
    [InlineData("--qemu", "-name 'open")]
    [InlineData("--timeout", "0")]
    [InlineData("--timeout", "soon")]
    [InlineData("--kernel", "/no/such/file")]
    [InlineData("--initrd", "/no/such/file")]
    [InlineData("--hypervisor", "/no/such/file")]
    public void A_bad_value_is_one_error_that_names_option_and_value(string option, string value)
    {
        var errors = Parse(option, value).Errors;

        var error = Assert.Single(errors);
        Assert.Contains(option, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Good_values_are_accepted()
    {
        Assert.Empty(Parse(
            "--exec", "-n; echo", "--cpus", "4", "--memory", "2G", "--disk", "/etc/passwd:ahci", "--disk", "/etc/passwd:nvme", "--nic", "virtio",
            "--hypervisor", "debian", "--accel", "tcg", "--icount", "--qemu", "-device 'x y'", "--timeout", "5", "--no-kernel").Errors);
    }

    [Theory]
    [InlineData("--exec", "--exec", "true", "--no-kernel")]
    [InlineData("--exec", "--exec", "true", "--initrd", "none")]
    [InlineData("--no-kernel", "--no-kernel", "--kernel", "/etc/passwd")]
    [InlineData("--icount", "--icount", "--accel", "kvm")]
    [InlineData("--xen", "--xen", "two\nlines")]
    [InlineData("--dom0", "--dom0", "a\tb")]
    [InlineData("--log", "--log", "/no/such/directory/log")]
    [InlineData("--log", "--log", "/tmp")]
    [InlineData("--disc", "--disc", "/etc/passwd", "--exec", "true")]
    [InlineData("--disc", "--disc", "/etc/passwd", "--boot", "direct")]
    [InlineData("bochs", "--emulator", "bochs")]
    [InlineData("--accel", "--emulator", "bochs", "--exec", "true", "--accel", "kvm")]
    [InlineData("--icount", "--emulator", "bochs", "--exec", "true", "--icount")]
    [InlineData("--qemu", "--emulator", "bochs", "--exec", "true", "--qemu", "-s")]
    [InlineData("--gdb", "--emulator", "bochs", "--exec", "true", "--gdb")]
    [InlineData("--disk", "--emulator", "bochs", "--exec", "true", "--disk", "/etc/passwd:ahci")]
    [InlineData("--nic", "--emulator", "bochs", "--exec", "true", "--nic", "e1000e")]
    [InlineData("--boot", "--emulator", "bochs", "--exec", "true", "--boot", "direct")]
    [InlineData("--cpu-model", "--emulator", "bochs", "--exec", "true", "--cpu-model", "pentium")]
    [InlineData("--cpus", "--emulator", "bochs", "--exec", "true", "--cpus", "100")]
    [InlineData("--memory", "--emulator", "bochs", "--exec", "true", "--memory", "64G")]
    public void Options_that_do_not_go_together_are_one_line(string named, params string[] arguments)
    {
        var command = new Command("run");
        var options = new RunOptions();
        options.AddTo(command);
        var parse = command.Parse(arguments);
        Assert.Empty(parse.Errors);

        var message = RunConflicts.Find(options, parse, onTerminal: true);

        Assert.NotNull(message);
        Assert.Contains(named, message);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("--exec", "true", "--icount", "--gdb", "--cpus", "64")]
    [InlineData("--emulator", "bochs", "--exec", "true", "--cpus", "2", "--memory", "512M", "--cpu-model", "ryzen", "--boot", "multiboot2")]
    [InlineData("--disc", "/etc/passwd", "--log", "/tmp/log")]
    public void Options_that_go_together(params string[] arguments)
    {
        var command = new Command("run");
        var options = new RunOptions();
        options.AddTo(command);

        Assert.Null(RunConflicts.Find(options, command.Parse(arguments), onTerminal: true));
    }

    [Fact]
    public void A_boot_by_a_disc_leaves_the_loader_to_the_bios()
    {
        var arguments = QemuCommandLine.Build(Machine with { Boot = BootPath.Multiboot2 }, onTerminal: false);

        Assert.DoesNotContain("-kernel", arguments);
        Assert.Contains("ide-cd,drive=disc,bootindex=0", arguments);
    }

    [Theory]
    [InlineData("512M", 512)]
    [InlineData("2g", 2048)]
    [InlineData("2", null)]
    [InlineData("", null)]
    [InlineData("1.5G", null)]
    public void Sizes(string text, int? mebibytes) => Assert.Equal(mebibytes, RunOptions.ParseSize(text));

    [Theory]
    [InlineData("a  b", new[] { "a", "b" })]
    [InlineData("'a b' \"c d\"e", new[] { "a b", "c de" })]
    [InlineData("a\\ b ''", new[] { "a b", "" })]
    [InlineData("'it''s'", new[] { "its" })]
    public void Words_are_split_as_a_shell_does(string text, string[] words) => Assert.Equal(words, Words.Split(text));

    [Fact]
    public void Commas_of_kernel_options_are_doubled_for_the_loader()
    {
        var arguments = QemuCommandLine.Build(Machine with { KernelOptions = "a=b,c" }, onTerminal: false);

        Assert.Contains("vmlinuz console=hvc0 earlyprintk=xen a=b,,c,initrd.cpio", arguments);
    }

    [Fact]
    public void Counting_instructions_takes_away_what_is_random()
    {
        var arguments = QemuCommandLine.Build(Machine with { CountInstructions = true }, onTerminal: false);

        Assert.Contains("max,-smap,-rdrand,-rdseed", arguments);
        Assert.Contains("shift=0,sleep=off", arguments);
    }

    private static MachineSettings Machine => new()
    {
        Hypervisor = new HypervisorImage("test", "/dev/null", null),
        Modules = new BootModules("/dev/null", null),
    };

    private static ParseResult Parse(params string[] arguments)
    {
        var command = new Command("run");
        new RunOptions().AddTo(command);
        return command.Parse(arguments);
    }
}
