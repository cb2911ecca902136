using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>Boots of the machine with Debian's root file system, which forgets what is written to it.</summary>
internal static class RootSession
{
    /// <summary>What a full part may take on an idle machine, doubled for one that is not.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(18);

    /// <param name="vcpus">dom0's vCPUs: as many as the machine has CPUs if 0, else they have to share.</param>
    public static async Task<Boot> BootAsync(TestBench bench, string commands, DiskBus bus = DiskBus.Virtio, int cpus = 1, int vcpus = 0)
    {
        var image = await bench.Workshop.RootFileSystemAsync(bench.Cancel);
        return await bench.BootAsync(
            commands, machine => machine with
            {
                Root = new Disk(image, bus) { Discard = true },
                Cpus = cpus,
                KernelOptions = "quiet",
                HypervisorOptions = vcpus == 0 ? machine.HypervisorOptions : $"{machine.HypervisorOptions} dom0_max_vcpus={vcpus}",
            },
            Limit);
    }
}
