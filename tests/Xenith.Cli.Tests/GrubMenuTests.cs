using Xenith.Cli.Images;
using Xunit;

namespace Xenith.Cli.Tests;

/// <summary>Every option reaches GRUB's parser as one quoted word, whatever it holds.</summary>
public class GrubMenuTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("a=b  c", " 'a=b' 'c'")]
    [InlineData("a='two words'", " 'a=two words'")]
    [InlineData("a=\"it's\"", " 'a=it'\\''s'")]
    [InlineData("$x;y|{}", " '$x;y|{}'")]
    public void Options_are_quoted(string options, string expected)
    {
        var text = new GrubMenu(BootProtocol.Multiboot2, options, "console=hvc0").Text();

        Assert.Contains($"    multiboot2 /boot/xenith.gz{expected}\n", text);
        Assert.Contains("    module2 /boot/vmlinuz 'console=hvc0'\n    module2 --nounzip /boot/initrd.img\n", text);
    }

    [Fact]
    public void The_older_protocol_has_other_commands()
    {
        var text = new GrubMenu(BootProtocol.Multiboot1, "", "").Text();

        Assert.Contains("    multiboot /boot/xenith.gz\n    module /boot/vmlinuz\n    module --nounzip /boot/initrd.img\n", text);
        Assert.DoesNotContain("multiboot2", text);
    }

    [Fact]
    public void What_is_not_on_the_disc_is_not_in_the_menu()
    {
        var text = (new GrubMenu(BootProtocol.Multiboot2, "", "") with { HasKernel = false, HasInitrd = false, Seconds = 3 }).Text();

        Assert.DoesNotContain("vmlinuz", text);
        Assert.DoesNotContain("initrd", text);
        Assert.Contains("set timeout=3\n", text);
    }

    [Fact]
    public void An_open_quote_is_an_error_of_the_user()
    {
        var error = Assert.Throws<ToolException>(() => new GrubMenu(BootProtocol.Multiboot2, "a='b", "").Text());

        Assert.Equal(ExitStatus.Usage, error.Status);
    }
}
