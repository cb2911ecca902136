using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>Boots of the machine with Debian's root file system, which forgets what is written to it.</summary>
internal static class RootSession
{
    /// <summary>What a full part may take on an idle machine, doubled for one that is not.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(18);

    public static async Task<Boot> BootAsync(TestBench bench, string commands, DiskBus bus = DiskBus.Virtio, int cpus = 1)
    {
        var image = await bench.Workshop.RootFileSystemAsync(bench.Cancel);
        return await bench.BootAsync(
            commands, machine => machine with { Root = new Disk(image, bus) { Discard = true }, Cpus = cpus, KernelOptions = "quiet" }, Limit);
    }
}
