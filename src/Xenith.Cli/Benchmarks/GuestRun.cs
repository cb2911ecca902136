using Xenith.Cli.Building;
using Xenith.Cli.Emulation;

namespace Xenith.Cli.Benchmarks;

/// <summary>
/// One run of the PV guest's benchmarks in dom0's place. The machine's virtual time counts instructions, so neither the host's
/// load nor its speed has a part in the figures.
/// </summary>
internal static class GuestRun
{
    public const int MemoryMiB = 512;

    /// <summary>Xen's simplest scheduler for one CPU, which the figures of guests/pv/bench-debian-4.17.txt were taken with; and a second vCPU to switch to.</summary>
    public const string HypervisorOptions = "sched=credit dom0_max_vcpus=2";

    /// <summary>Builds the guest, and gives its file: the same one for all hypervisors.</summary>
    public static async Task<string> BuildAsync(Repository repository, CancellationToken cancel)
    {
        await Dotnet.BuildAsync(repository, repository.PathTo("guests", "pv", "Xenith.Guest.Pv.csproj"), cancel);
        return Path.Combine(repository.Output, "bin", "Xenith.Guest.Pv", "release", "xenith-guest-pv.elf");
    }

    /// <summary>
    /// Makes real Xen do as Xenith does: nothing against speculation (on this CPU model it would execute retpolines and hardened branches), and no page goes to its next user as
    /// the last one left it.
    /// </summary>
    public const string LikeXenith = "spec-ctrl=no scrub-domheap=yes";

    public static MachineSettings Settings(HypervisorImage hypervisor, string guest, string moreOptions = "", IReadOnlyList<string>? emulatorArguments = null) => new()
    {
        Hypervisor = hypervisor,
        Modules = new BootModules(guest, BootModules.None),
        MemoryMiB = MemoryMiB,
        HypervisorOptions = $"{HypervisorOptions} {moreOptions}".TrimEnd(),
        KernelOptions = "bench",
        CountInstructions = true,
        ExtraArguments = emulatorArguments ?? [],
    };

    /// <returns>How the machine ended: <see cref="EndCause.Reached"/> if the guest came to its end.</returns>
    public static async Task<MachineEnd> RunAsync(Workshop workshop, MachineSettings settings, TimeSpan limit, CancellationToken cancel) =>
        await new Machine(settings, await workshop.UserlandAsync(cancel))
            .RunAsync(new Session.Watch(Stream.Null, Measurement.IsEnd), limit, cancel);
}
