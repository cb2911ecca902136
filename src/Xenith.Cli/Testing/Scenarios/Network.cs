using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// Debian's drivers move real data over real network cards under dom0. The other end is a server of this test on the host's loopback, which QEMU's user network shows
/// to the machine as 10.0.2.2.
/// </summary>
internal sealed class Network : Scenario
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    public override string Name => "network";

    public override string Point => "dom0 answers and asks over e1000e and virtio cards: ping, and TCP both ways with the same hash at both ends";

    public override IEnumerable<TestCase> Cases(Scale scale)
    {
        var mebibytes = scale == Scale.Full ? 64 : 8;
        return [Case(NicModel.E1000e, "eth0", mebibytes), Case(NicModel.Virtio, "virtio0", mebibytes)];
    }

    private static TestCase Case(NicModel nic, string handler, int mebibytes) => new($"{nic}, {mebibytes} MB each way", async bench =>
    {
        var data = RandomNumberGenerator.GetBytes(mebibytes << 20);
        using var receiver = Listen();
        using var sender = Listen();
        var received = ReceiveAsync(receiver, bench.Cancel);
        var sent = SendAsync(sender, data, bench.Cancel);
        var boot = await bench.BootAsync(
            $"""
            set -e
            # The card needs two seconds or more to bring its link up, on real Xen as well; what is sent before is lost.
            for try in $(seq 100); do [ "$(cat /sys/class/net/eth0/carrier)" = 1 ] && break; usleep 100000; done
            ping -c 3 -W 10 10.0.2.2 | grep -E 'packet loss'
            dd if=/dev/urandom of=/tmp/up bs=1M count={mebibytes} 2>/dev/null
            sha1sum < /tmp/up
            nc 10.0.2.2 {Port(receiver)} < /tmp/up
            nc 10.0.2.2 {Port(sender)} < /dev/null > /tmp/down
            sha1sum < /tmp/down
            grep -E -- '{handler}' /proc/interrupts
            """,
            machine => machine with { Nic = nic },
            Limit);
        receiver.Stop();
        sender.Stop();
        TestBench.CheckOrderly(boot);
        var lines = boot.Lines;
        TestBench.Check(lines.Count >= 4, $"dom0 printed only:\n{boot.Text}");
        TestBench.Check(lines[0].Contains(" 0% packet loss", StringComparison.Ordinal), $"ping: {lines[0]}");
        var up = await received;
        await sent;
        TestBench.Check(lines[1].StartsWith(up, StringComparison.Ordinal), $"dom0 sent {lines[1]}, {up} arrived");
        var down = Convert.ToHexStringLower(SHA1.HashData(data));
        TestBench.Check(lines[2].StartsWith(down, StringComparison.Ordinal), $"{down} was sent, {lines[2]} arrived in dom0");
        var interrupts = lines.Skip(3).ToList();
        TestBench.Check(interrupts.All(line => line.Contains("xen-pirq", StringComparison.Ordinal) && line.Contains("-msi-x", StringComparison.Ordinal)),
            $"not all interrupts are xen-pirq -msi-x:\n{string.Join('\n', interrupts)}");
        var taken = interrupts.Sum(InterruptLine.Count);
        TestBench.Check(taken > 20, $"only {taken} interrupts");
        bench.Note($"{taken} interrupts, {boot.End.CpuSeconds:f1} CPU s");
    });

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static int Port(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Takes one connection to its end; gives the hash of what came.</summary>
    private static async Task<string> ReceiveAsync(TcpListener listener, CancellationToken cancel)
    {
        try
        {
            using var client = await listener.AcceptTcpClientAsync(cancel);
            await using var stream = client.GetStream();
            return Convert.ToHexStringLower(await SHA1.HashDataAsync(stream, cancel));
        }
        catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException)
        {
            return $"nothing ({error.Message})";
        }
    }

    /// <summary>Sends all of this to the first that connects. What does not get there shows in dom0's hash.</summary>
    private static async Task SendAsync(TcpListener listener, byte[] data, CancellationToken cancel)
    {
        try
        {
            using var client = await listener.AcceptTcpClientAsync(cancel);
            await using var stream = client.GetStream();
            await stream.WriteAsync(data, cancel);
            client.Client.Shutdown(SocketShutdown.Send);
            while (await stream.ReadAsync(new byte[4096], cancel) > 0)
            {
            }
        }
        catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException)
        {
        }
    }
}
