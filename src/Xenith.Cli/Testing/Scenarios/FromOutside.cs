using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>
/// What only somebody outside of the machine can see or do: which page tables a CPU walks while dom0's processes run, and an NMI. A second monitor of QEMU gives the answers.
/// </summary>
internal sealed partial class FromOutside : Scenario
{
    /// <summary>Half a minute of a process that computes.</summary>
    private const string Busy = "timeout 30 sh -c 'while :; do :; done'; dmesg | grep -i nmi; true";

    /// <summary>Addresses of the hypervisor: the direct map, the image's first page, its data, device registers. A CPU that leaks supervisor pages must not map them for a guest.</summary>
    private static readonly string[] Hidden = ["0xffff830000000000", "0xffff830000200000", "0xffff82d040200000", "0xffff82c000000000"];

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(600);

    public override string Name => "from-outside";

    public override string Point => "while processes run on a CPU that leaks supervisor pages, the hypervisor is not mapped; an NMI from outside reaches dom0's kernel";

    public override IEnumerable<TestCase> Cases(Scale scale) =>
    [
        new("roots without the hypervisor", bench => IsolationAsync(bench, "max,-smap,vendor=GenuineIntel", "", hidden: true)),
        new("the same address space without isolation", bench => IsolationAsync(bench, "max,-smap,vendor=GenuineIntel", "xpti=no", hidden: false)),
        new("NMI", NmiAsync),
    ];

    private static async Task IsolationAsync(TestBench bench, string cpu, string options, bool hidden)
    {
        var seen = 0;
        var boot = await WithMonitorAsync(bench, cpu, options, async monitor =>
        {
            for (var tries = 0; tries < 200 && seen < 8; tries++)
            {
                await monitor.TellAsync("stop");
                if (UserMode().IsMatch(await monitor.AskAsync("info registers")))
                {
                    seen++;
                    foreach (var address in Hidden)
                    {
                        var unmapped = (await monitor.AskAsync($"gva2gpa {address}")).Contains("Unmapped", StringComparison.Ordinal);
                        // Device registers and the image are mapped on every machine, the rest depends on its size.
                        TestBench.Check(unmapped || !hidden, $"{address} is mapped while a guest runs");
                        TestBench.Check(!unmapped || hidden, $"{address} is not mapped without isolation: the test looks at the wrong place");
                    }
                }
                await monitor.TellAsync("cont");
                await Task.Delay(37, bench.Cancel);
            }
        });
        TestBench.Check(boot.End.Cause == Emulation.EndCause.PoweredOff, $"ended with {boot.End.Cause}\n{boot.Tail()}");
        TestBench.Check(seen >= 5, $"the CPU was seen in ring 3 only {seen} times");
        bench.Note($"looked {seen} times");
    }

    private static async Task NmiAsync(TestBench bench)
    {
        var boot = await WithMonitorAsync(bench, "max,-smap", "", monitor => monitor.TellAsync("inject-nmi"));
        TestBench.Check(boot.End.Cause == Emulation.EndCause.PoweredOff, $"ended with {boot.End.Cause}\n{boot.Tail()}");
        TestBench.Check(boot.End.Log.Any(line => line.Contains("Uhhuh. NMI received for unknown reason", StringComparison.Ordinal)), $"nothing in the log\n{boot.Tail()}");
        TestBench.Check(boot.Text.Contains("NMI", StringComparison.Ordinal), $"dom0's kernel heard nothing: '{boot.Text}'");
    }

    /// <summary>Boots a busy dom0, does something by the monitor once dom0's commands run, and waits for the machine's end.</summary>
    private static async Task<Boot> WithMonitorAsync(TestBench bench, string cpu, string options, Func<Monitor, Task> act)
    {
        var folder = Directory.CreateTempSubdirectory("xenith-monitor-");
        try
        {
            var path = Path.Combine(folder.FullName, "qmp");
            var boot = bench.BootAsync(
                Busy, machine => machine with { CpuModel = cpu, HypervisorOptions = options, ExtraArguments = ["-qmp", $"unix:{path},server=on,wait=off"] }, Limit);
            while (!File.Exists(path) && !boot.IsCompleted)
                await Task.Delay(100, bench.Cancel);
            using var monitor = await Monitor.ConnectAsync(path, bench.Cancel);
            await monitor.AwaitKernelAsync(boot);
            if (!boot.IsCompleted)
                await act(monitor);
            return await boot;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [GeneratedRegex(@"CPL=3")]
    private static partial Regex UserMode();

    /// <summary>A QMP connection for questions.</summary>
    private sealed partial class Monitor(Socket socket, CancellationToken cancel) : IDisposable
    {
        private readonly StringBuilder rest = new();
        private readonly byte[] buffer = new byte[65536];

        public static async Task<Monitor> ConnectAsync(string path, CancellationToken cancel)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            var monitor = new Monitor(socket, cancel);
            await monitor.LineAsync();
            await monitor.TellAsync("qmp_capabilities");
            return monitor;
        }

        public async Task TellAsync(string command) => await SendAsync($$"""{"execute":"{{command}}"}""");

        /// <summary>The answer of the monitor for humans.</summary>
        public async Task<string> AskAsync(string question) =>
            (await SendAsync($$$"""{"execute":"human-monitor-command","arguments":{"command-line":"{{{question}}}"}}""")).GetString() ?? "";

        /// <summary>Waits until something runs in ring 3 with a stack in the lower half of the address space: a process.</summary>
        public async Task AwaitKernelAsync(Task end)
        {
            while (!end.IsCompleted)
            {
                var registers = await AskAsync("info registers");
                var stack = StackPointer().Match(registers);
                if (UserMode().IsMatch(registers) && stack.Success
                    && ulong.Parse(stack.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0x1_0000_0000 and < 1UL << 47)
                    return;
                await Task.Delay(50, cancel);
            }
        }

        public void Dispose() => socket.Dispose();

        private async Task<JsonElement> SendAsync(string json)
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(json + "\n"), cancel);
            while (true)
            {
                var answer = JsonDocument.Parse(await LineAsync()).RootElement;
                if (answer.TryGetProperty("return", out var value))
                    return value;
                if (answer.TryGetProperty("error", out var error))
                    throw new CheckException($"the monitor refused {json}: {error}");
            }
        }

        private async Task<string> LineAsync()
        {
            while (true)
            {
                var text = rest.ToString();
                if (text.IndexOf('\n') is >= 0 and var end)
                {
                    rest.Remove(0, end + 1);
                    return text[..end];
                }
                var count = await socket.ReceiveAsync(buffer, cancel);
                if (count == 0)
                    throw new CheckException("the emulator ended before it answered");
                rest.Append(Encoding.UTF8.GetString(buffer, 0, count));
            }
        }

        [GeneratedRegex(@"RSP=([0-9a-f]{16})")]
        private static partial Regex StackPointer();
    }
}
