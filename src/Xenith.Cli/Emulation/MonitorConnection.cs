using System.Net.Sockets;
using System.Text.Json;

namespace Xenith.Cli.Emulation;

/// <summary>
/// QEMU's machine protocol (QMP): JSON lines over a socket. Only two things are needed of it: to let the machine go once we
/// listen, and to be told how it ended, since QEMU exits with status 0 after a power-off and after a crash alike.
/// </summary>
internal sealed class MonitorConnection(Socket socket) : IDisposable
{
    private readonly StreamReader reader = new(new NetworkStream(socket, ownsSocket: true));

    /// <summary>The reason of the SHUTDOWN event ("guest-shutdown", "guest-reset", ...), once it came.</summary>
    public string? ShutdownReason { get; private set; }

    public async Task GreetAsync(CancellationToken cancel)
    {
        await reader.ReadLineAsync(cancel);
        await SendAsync("qmp_capabilities", cancel);
    }

    public Task ContinueAsync(CancellationToken cancel) => SendAsync("cont", cancel);

    /// <summary>Sends a command as it is; its answer is not waited for.</summary>
    public void Send(string command) => socket.Send(System.Text.Encoding.ASCII.GetBytes(command + "\n"));

    /// <summary>Follows the events until QEMU closes the connection.</summary>
    public async Task FollowAsync(CancellationToken cancel)
    {
        try
        {
            while (await reader.ReadLineAsync(cancel) is { } line)
            {
                using var message = JsonDocument.Parse(line);
                if (message.RootElement.TryGetProperty("event", out var name) && name.ValueEquals("SHUTDOWN"))
                    ShutdownReason = message.RootElement.GetProperty("data").GetProperty("reason").GetString();
            }
        }
        catch (IOException)
        {
            // QEMU is gone; its exit is seen elsewhere.
        }
    }

    public void Dispose() => reader.Dispose();

    private async Task SendAsync(string command, CancellationToken cancel)
    {
        await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes($"{{\"execute\":\"{command}\"}}\n"), cancel);
    }
}
