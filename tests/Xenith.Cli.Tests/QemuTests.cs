using System.Net.Sockets;
using Xenith.Cli.Emulation;
using Xunit;

namespace Xenith.Cli.Tests;

/// <summary>A QEMU that dies early is a machine that did not start, at whatever moment it dies.</summary>
public class QemuTests
{
    [Theory]
    [InlineData("")]
    [InlineData("{\"QMP\": {}}\n")]
    public async Task It_connects_and_dies(string greeting)
    {
        using var directory = new RunDirectory();
        using var qemu = new Qemu(new MachineSettings { Hypervisor = HypervisorImage.None, Modules = null }, directory, onTerminal: false);
        using (var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            client.Connect(new UnixDomainSocketEndPoint(directory[RunDirectory.MonitorSocket]));
            client.Send(System.Text.Encoding.ASCII.GetBytes(greeting));
        }

        Assert.False(await qemu.BeginAsync(Task.CompletedTask.ContinueWith(_ => Thread.Sleep(100), TestContext.Current.CancellationToken), null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task It_dies_before_it_connects()
    {
        using var directory = new RunDirectory();
        using var qemu = new Qemu(new MachineSettings { Hypervisor = HypervisorImage.None, Modules = null }, directory, onTerminal: false);

        Assert.False(await qemu.BeginAsync(Task.CompletedTask, null, TestContext.Current.CancellationToken));
    }
}
