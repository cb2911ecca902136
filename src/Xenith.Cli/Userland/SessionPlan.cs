using System.Security.Cryptography;
using System.Text;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Userland;

/// <summary>
/// What one run asks of dom0's init script: a small archive after the cached one, with the settings and the commands.
/// </summary>
/// <param name="Token">Frames the commands' output on the second serial port.</param>
/// <param name="Programs">Programs for this run only.</param>
internal sealed record SessionPlan(string Token, string Settings, string? Commands, IReadOnlyList<ExtraProgram> Programs)
{
    public static SessionPlan For(Session session, MachineSettings machine)
    {
        var commands = (session as Session.Commands)?.Text;
        // A counted run must not hold anything that differs from run to run.
        var token = machine.CountInstructions
            ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(commands ?? "")).AsSpan(0, 16))
            : RandomNumberGenerator.GetHexString(32, lowercase: true);
        var onTerminal = session is Session.Interactive && Console.WindowWidth > 0;
        var settings = new Dictionary<string, string>
        {
            ["session"] = commands is null ? "shell" : "commands",
            ["token"] = token,
            ["modules"] = string.Join(' ', Drivers(machine)),
            ["network"] = machine.Nic is null ? "" : "yes",
            ["columns"] = onTerminal ? Console.WindowWidth.ToString() : "",
            ["rows"] = onTerminal ? Console.WindowHeight.ToString() : "",
            ["term"] = onTerminal ? Environment.GetEnvironmentVariable("TERM") ?? "" : "",
        };
        return new SessionPlan(token, string.Concat(settings.Select(pair => $"{pair.Key}={Quote(pair.Value)}\n")), commands, machine.Programs);
    }

    /// <summary>A shell on dom0's console, for a disc that anybody may boot.</summary>
    public static SessionPlan Shell { get; } = new("", "session='shell'\n", Commands: null, Programs: []);

    public void WriteTo(Stream output)
    {
        using var archive = new CpioWriter(output);
        archive.File("xenith/settings", Encoding.UTF8.GetBytes(Settings));
        if (Commands is not null)
            archive.File("xenith/commands", Encoding.UTF8.GetBytes(Commands.EndsWith('\n') ? Commands : Commands + "\n"));
        foreach (var program in Programs)
            archive.Executable(program.Path, File.ReadAllBytes(program.File));
    }

    /// <summary>The drivers of the machine's own devices; others are loaded by hand, with modprobe.</summary>
    private static IEnumerable<string> Drivers(MachineSettings machine) =>
        machine.AllDisks.SelectMany(disk => disk.Bus switch
        {
            DiskBus.Ahci => (string[])["ahci", "sd_mod"],
            DiskBus.Nvme => ["nvme"],
            _ => ["virtio_pci", "virtio_blk"],
        })
        .Concat(machine.Nic switch
        {
            NicModel.E1000e => (string[])["e1000e"],
            NicModel.Virtio => ["virtio_pci", "virtio_net"],
            _ => [],
        })
        .Distinct();

    private static string Quote(string value) => $"'{value.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
