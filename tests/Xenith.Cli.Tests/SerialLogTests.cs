using Xenith.Cli.Emulation;
using Xunit;

namespace Xenith.Cli.Tests;

/// <summary>A hypervisor's last words are recognised, and nothing else is taken for them.</summary>
public class SerialLogTests
{
    [Theory]
    [InlineData("(XEN) Panic on CPU 3:\r\n(XEN) Out of memory\r\n", "Panic on CPU 3: Out of memory")]
    [InlineData("Panic on CPU 0: no kernel\n", "Panic on CPU 0: no kernel")]
    [InlineData("(XEN) Hardware Dom0 crashed: rebooting machine in 5 seconds.\n", "Hardware Dom0 crashed: rebooting machine in 5 seconds.")]
    [InlineData("[    1.0] a program said Panic on CPU 0: really\n", null)]
    [InlineData("(XEN) Panic on CPU 3:\r\n", null)]
    [InlineData("(XEN) all is well\n", null)]
    public void Crash(string text, string? expected)
    {
        var file = Path.GetTempFileName();
        try
        {
            var log = new SerialLog(file);
            foreach (var letter in text)
            {
                File.AppendAllText(file, $"{letter}");
                log.Update();
            }
            Assert.Equal(expected, log.Crash);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
