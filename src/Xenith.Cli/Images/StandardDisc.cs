using Xenith.Cli.Debian;
using Xenith.Cli.Emulation;
using Xenith.Cli.Userland;

namespace Xenith.Cli.Images;

/// <summary>The disc that 'xenith image iso' makes: a menu that waits a little, and a shell in dom0.</summary>
internal static class StandardDisc
{
    /// <summary>How long the menu waits for a person.</summary>
    private const int MenuSeconds = 3;

    /// <summary>The menu with these options behind the standard ones.</summary>
    public static GrubMenu Menu(BootProtocol protocol, string hypervisorOptions, string kernelOptions) => new(
        protocol,
        $"{MachineSettings.StandardHypervisorOptions} {hypervisorOptions}".TrimEnd(),
        $"{MachineSettings.StandardKernelOptions} {kernelOptions}".TrimEnd()) { Seconds = MenuSeconds };

    public static async Task WriteAsync(string file, GrubMenu menu, Workshop workshop, HypervisorImage hypervisor, CancellationToken cancel)
    {
        await workshop.EnsureAsync([Purpose.BootDisc], cancel);
        using var directory = new RunDirectory();
        var initrd = directory[RunDirectory.Initrd];
        (await workshop.UserlandAsync(cancel)).Write(initrd, SessionPlan.Shell);
        await BootDisc.WriteAsync(Path.GetFullPath(file), menu, hypervisor, (await workshop.KernelAsync(cancel)).Image, initrd, cancel);
    }
}
